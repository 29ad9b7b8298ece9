"""The servers whose deliveries are measured: how each is started, listened to and told to publish."""

import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from benchmarks.contestants import NODE, ORDINARY, OURS, PEERS, Program, ours, token
from benchmarks.cores import on_core
from benchmarks.database import BenchmarkDatabase
from benchmarks.documents import DELIVERIES
from benchmarks.frames import client_frame
from benchmarks.interpreter import server_python
from benchmarks.listeners import Opening
from benchmarks.organisations import MEMBERS, Organisation
from benchmarks.processes import ServerProcess
from benchmarks.publishers import Publisher
from schema.global_id import encode_id

GRAPHQL_WS, PICOWS, ONE_MEMBER = "graphql-ws on Node", "Raw picows", "ordershare, one member"

ORGANISATION = Organisation(0x7FFD, 0)
"""The one that all listen to."""


@dataclass(frozen=True)
class Broadcaster(Program):
    """A server of the subscription.

    Attributes:
        method: How it is asked to publish; empty for ours, which is to find it in its log.
        authenticates: Whether listeners show a token.
        members: How many different members they are.
        any_id: Whether its messages bear another id than that of the listener's operation.
    """

    method: str = field(default="POST", kw_only=True)
    authenticates: bool = field(default=False, kw_only=True)
    members: int = field(default=MEMBERS, kw_only=True)
    any_id: bool = field(default=False, kw_only=True)

    def opening(self, number: int, after: str | None = None) -> Opening:
        """Return how a listener begins, with an operation id of its own as clients have it.

        Args:
            number: Which listener.
            after: The cursor that it resumes after.
        """
        identifier = str(uuid4())
        offered = {"authorization": f"Bearer {token(f'member-{number % self.members}')}"} if self.authenticates else {}
        variables = {"organisation": encode_id("Organisation", ORGANISATION.id), "after": after}
        payload = {"query": DELIVERIES, "variables": variables}
        subscribe = {"id": identifier, "type": "subscribe", "payload": payload}
        init = {"type": "connection_init", "payload": offered}
        return Opening(identifier, *(client_frame(json.dumps(message).encode()) for message in (init, subscribe)))

    def openings(self, afters: Iterable[str | None]) -> list[Opening]:
        """Return how listeners begin, each after a cursor or from now."""
        return [self.opening(number, after) for number, after in enumerate(afters)]

    @contextmanager
    def on_air(self, database: BenchmarkDatabase, logs: Path, core: int) -> Iterator["OnAir"]:
        """Serve on one core, with a publisher elsewhere."""
        with ExitStack() as running:
            with on_core(core):
                server = running.enter_context(self.serve(database, logs, "-live"))
            target = str(server.port if self.method else ORGANISATION.id)
            publisher = running.enter_context(Publisher(database.url, self.method, target))
            yield OnAir(self, server, publisher)


@dataclass(frozen=True)
class OnAir:
    """A broadcaster that runs."""

    broadcaster: Broadcaster
    server: ServerProcess
    publisher: Publisher

    @property
    def name(self) -> str:
        """What the tables call it."""
        return self.broadcaster.name


def our_broadcaster(name: str = OURS, members: int = MEMBERS) -> Broadcaster:
    """Return our server as in production."""
    contestant = ours()
    return Broadcaster(
        name,
        contestant.command,
        environment=contestant.environment,
        plain_database_url=contestant.plain_database_url,
        method="",
        authenticates=True,
        members=members,
    )


def every_broadcaster() -> list[Broadcaster]:
    """Return all servers, in the order in which they take turns."""
    python = str(server_python().program)
    return [
        our_broadcaster(),
        our_broadcaster(ONE_MEMBER, 1),
        Broadcaster(GRAPHQL_WS, (str(NODE), str(PEERS / "live_graphql_ws.js")), environment={"NODE_ENV": "production"}),
        Broadcaster(ORDINARY, (python, "-m", "benchmarks.peers.live_strawberry")),
        Broadcaster(PICOWS, (python, "-m", "benchmarks.peers.live_picows"), method="GET", any_id=True),
    ]
