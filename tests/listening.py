"""Listening to an organisation over a socket: what the tests of subscriptions share."""

import asyncio
from typing import Any
from uuid import UUID

from db.database import Database
from db.log_cursor import LogCursor
from db.tails import Tail, Tails
from schema.global_id import decode_node_id
from tests.served_world import Terminal
from tests.world import FAMILY, World

EVENTS, STATUSES, SHARES = SUBSCRIPTIONS = ("organisationEvents", "orderStatusChanged", "sharedOrderChanged")


class AnnouncingTails(Tails):
    """The tails of a database, which also tell when a subscriber begins to follow one, and how many do now."""

    def __init__(self, database: Database) -> None:
        """Start with nobody following."""
        super().__init__(database.read, lambda: database.signals)
        self.begun = asyncio.Semaphore(0)
        self.listening = 0

    def begin(self, organisation_id: UUID) -> Tail:
        """Follow the end of the organisation's log."""
        tail = super().begin(organisation_id)
        self.listening += 1
        self.begun.release()
        return tail

    def end(self, tail: Tail) -> None:
        """Follow it no more."""
        super().end(tail)
        self.listening -= 1


class Ear:
    """Subscribes for a test, and knows when what happens next is heard."""

    def __init__(self, world: World) -> None:
        """Follow who listens to the world's logs."""
        self.tails = world.database.tails = AnnouncingTails(world.database)

    async def subscribe(self, opened: Terminal, document: str, operation: str = "1", **variables: Any) -> None:
        """Begin an operation, and return once it listens."""
        await opened.subscribe(document, operation, **variables)
        async with asyncio.timeout(20):
            await self.tails.begun.acquire()

    async def is_left_by_all(self) -> None:
        """Return once nobody listens any more."""
        async with asyncio.timeout(20):
            while self.tails.listening:  # noqa: ASYNC110 - the end of an operation is nobody's event
                await asyncio.sleep(0)


def document(subscription: str, fields: str = "sequence cursor") -> str:
    """Return the document of a subscription to an organisation from a cursor, or from now where there is none."""
    return (
        "subscription($organisation: ID!, $after: Cursor) "
        f"{{ {subscription}(organisationId: $organisation, after: $after) {{ {fields} }} }}"
    )


async def hear(opened: Terminal, subscription: str, until: int) -> list[dict[str, Any]]:
    """Return the events that come up to the sequence `until`."""
    heard: list[dict[str, Any]] = []
    while not heard or heard[-1]["sequence"] < until:
        heard.append((await opened.next_data())[subscription])
    return heard


async def hears_no_more(opened: Terminal) -> None:
    """Show that the socket lives and has nothing more to say."""
    await opened.send(type="ping")
    assert await opened.receive() == {"type": "pong"}


async def log_cursor(world: World, viewer: str, organisation: str = FAMILY) -> str:
    """Return the end of the log as the viewer is told it."""
    query = "query($id: ID!) { organisation(id: $id) { logCursor } }"
    answer = await world.ask(viewer, query, id=await world.organisation_id(organisation))
    cursor: str = answer["organisation"]["logCursor"]
    return cursor


async def first_cursor(world: World, organisation: str = FAMILY) -> str:
    """Return the place before the first event."""
    _, organisation_id = decode_node_id(await world.organisation_id(organisation))
    return str(LogCursor.before_everything(organisation_id))


async def head(world: World, viewer: str = "admin") -> int:
    """Return the sequence of the last event of the family's log."""
    return LogCursor.parse(await log_cursor(world, viewer)).sequence
