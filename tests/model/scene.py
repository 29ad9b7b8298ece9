"""One story's organisation on the stage: what its people send, what they see, and what they hear all the time."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.sweeper import sweep
from db.order_tables import OrderRow
from db.sharing_tables import SharedOrderRow
from domain.vocabulary import MemberRole, OrderStatus
from resolvers.import_platform_rows import PlatformRow
from schema.global_id import decode_node_id
from tests.listening import first_cursor
from tests.model.asks import Ask
from tests.model.cast import FOUNDER, STRANGER
from tests.model.documents import DETAILS, EVENTS, MUTATIONS, PAGE, PAST, SEQUENCES, input_of
from tests.model.names import HOUR, Names
from tests.model.stage import Stage
from tests.model.state import Order, State
from tests.served_world import Terminal, terminal
from tests.world import row

_IDS = """{ viewer { memberships { organisation {
  id members { nodes { user { id reference } } } orders { nodes { id reference } }
} } } }"""


Raw = dict[str, Any]


@dataclass(frozen=True)
class Seen:
    """What the application tells.

    Attributes:
        events: What the founder has heard since the last time, to the log's end.
        pages: What each member sees.
        curious: Who has looked at the details.
        details: What they see of them.
    """

    events: Sequence[Raw]
    pages: dict[str, Raw]
    curious: str
    details: Raw


class Scene:
    """An organisation of its own for one story. The founder hears all that happens as it happens."""

    def __init__(self, stage: Stage) -> None:
        """Prepare for a story."""
        stage.stories += 1
        self.names = Names(stage.stories)
        self._world = stage.world
        self._server = stage.server
        self._headers: dict[str, dict[str, str]] = {}
        self._terminals: dict[str, Terminal] = {}
        self._closing = AsyncExitStack()
        self._operations: Counter[str] = Counter()
        self._heard: str | None = None

    async def open(self, state: State) -> None:
        """Make the organisation, and have everybody listen to its log from its beginning."""
        reference = self.names.reference
        await self._world.import_rows(*(self._row(order, state) for order in state.orders.values()))
        for user in state.roles:
            token = self._world.token(reference(user), timedelta(hours=1))
            self._headers[user] = {"Authorization": f"Bearer {token}"}
            opened = await self._closing.enter_async_context(terminal(self._server, token))
            self._terminals[user] = opened
        stranger = self._world.token(STRANGER, timedelta(hours=1))
        self._headers[STRANGER] = {"Authorization": f"Bearer {stranger}"}
        await self._learn_ids()
        self._begun = await first_cursor(self._world, reference("family"))
        for user in state.roles:
            await self.listen_again(user, EVENTS if user == FOUNDER else SEQUENCES)

    def _row(self, order: Order, state: State) -> PlatformRow:
        reference = self.names.reference
        return row(
            reference(order.reference),
            reference(order.owner),
            organisation=reference("family"),
            role=MemberRole(state.roles[order.owner]),
            status=OrderStatus(order.status),
            expires_at=None if order.expires_at is None else self.names.began + order.expires_at * HOUR,
            max_shares=order.max_shares,
        )

    async def _learn_ids(self) -> None:
        [membership] = (await self._ask(FOUNDER, _IDS))["viewer"]["memberships"]
        organisation = membership["organisation"]
        things = [member["user"] for member in organisation["members"]["nodes"]] + organisation["orders"]["nodes"]
        ids: dict[str | int, str] = {self.names.told(thing)["reference"]: thing["id"] for thing in things}
        stranger = (await self._ask(STRANGER, "{ viewer { user { id } } }"))["viewer"]["user"]["id"]
        self.names = self.names.learning({**ids, STRANGER: stranger, "organisation": organisation["id"]})

    async def close(self) -> None:
        """Hang up."""
        await self._closing.aclose()

    async def _ask(self, viewer: str, document: str, **variables: Any) -> Raw:
        body = {"query": document, "variables": variables}
        response = await self._world.http.post("/graphql", json=body, headers=self._headers[viewer])
        answer: Raw = response.json()
        assert "errors" not in answer, (viewer, document, variables, answer)
        data: Raw = answer["data"]
        return data

    async def send(self, asks: Sequence[Ask]) -> list[Raw]:
        """Return what mutations that are sent at the same time answer."""
        sent = [self._ask(ask.viewer, MUTATIONS[type(ask)], input=input_of(ask, self.names)) for ask in asks]
        return [answer["answer"] for answer in await asyncio.gather(*sent)]

    async def look_around(self, curious: str) -> Seen:
        """Return what there is to see and hear.

        Args:
            curious: Who looks at the details, too.
        """
        organisation = self.names.ids["organisation"]
        looks = [self._ask(user, PAGE, organisation=organisation) for user in self._terminals]
        *pages, details = await asyncio.gather(*looks, self._ask(curious, DETAILS, organisation=organisation))
        ends = [page["organisation"].pop("logCursor") for page in pages if page["organisation"]]
        events: list[Raw] = []
        while self._heard != ends[0]:
            events.append(await self._next(FOUNDER))
            self._heard = events[-1]["cursor"]
        assert set(ends) == {self._heard}
        return Seen(events, dict(zip(self._terminals, pages, strict=True)), curious, details)

    async def listen_again(self, user: str, document: str = SEQUENCES) -> None:
        """Have somebody begin anew to listen, at the log's beginning."""
        organisation = self.names.ids["organisation"]
        self._operations[user] += 1
        operation = str(self._operations[user])
        await self._terminals[user].subscribe(document, operation, organisation=organisation, after=self._begun)

    async def hear(self, user: str, count: int) -> list[int]:
        """Return the sequences of the next events that somebody hears who listens."""
        return [(await self._next(user))["sequence"] for _ in range(count)]

    async def _next(self, user: str) -> Raw:
        message = await self._terminals[user].receive()
        assert (message["id"], message["type"]) == (str(self._operations[user]), "next"), message
        assert "errors" not in message["payload"], message
        event: Raw = message["payload"]["data"]["organisationEvents"]
        return event

    async def is_refused(self, user: str) -> str:
        """Return with which code it ends that somebody listens, which is the next thing that they are told."""
        message = await self._terminals[user].receive()
        operation = str(self._operations[user])
        assert message["id"] == operation, message
        if message["type"] == "next":
            assert await self._terminals[user].receive() == {"type": "complete", "id": operation}
        [error] = message["payload"]["errors"] if message["type"] == "next" else message["payload"]
        code: str = error["extensions"]["code"]
        return code

    async def hears_no_more(self, user: str) -> None:
        """Show that there is nothing more to hear for somebody."""
        await self._terminals[user].send(type="ping")
        assert await self._terminals[user].receive() == {"type": "pong"}

    async def past(self, viewer: str) -> Raw:
        """Return what somebody is told of what has been."""
        return await self._ask(viewer, PAST, organisation=self.names.ids["organisation"])

    async def sweep(self) -> None:
        """Have the server log what time has done, as it does all the while."""
        await sweep(self._world.database)

    async def pass_time(self, hours: int) -> None:
        """Move all dates of the organisation back, which is the same as to wait."""
        await self._world.database.write(partial(self._move_dates, hours * HOUR))
        self.names = self.names.later(hours)

    async def _move_dates(self, time: timedelta, session: AsyncSession) -> None:
        _, organisation_id = decode_node_id(self.names.ids["organisation"])
        orders = select(OrderRow).where(col(OrderRow.organisation_id) == organisation_id)
        for order in (await session.exec(orders)).all():
            ends_at = None if order.expires_at is None else order.expires_at - time
            order.set_cover(order.effective_at - time, ends_at)
        shares = select(SharedOrderRow).where(col(SharedOrderRow.organisation_id) == organisation_id)
        for share in (await session.exec(shares)).all():
            share.opens_at -= time
            share.closes_at -= time
