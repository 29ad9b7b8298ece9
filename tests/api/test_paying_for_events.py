"""Events that are executed are paid for by those who listen, and one that cannot pay falls behind alone."""

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any
from uuid import UUID

import pytest
from graphql import GraphQLError

from domain.people import Viewer
from execution.subscriptions import Subscribed
from schema.delivery.broadcast_groups import BroadcastGroups
from schema.delivery.encoded_event import EncodedEvent
from schema.global_id import decode_node_id
from schema.pricing import Spent
from tests.integration.log_writing import write
from tests.listening import EVENTS, first_cursor, head
from tests.world import World

_DOCUMENT = (
    "subscription($organisation: ID!, $after: Cursor) "
    "{ organisationEvents(organisationId: $organisation, after: $after) { sequence FIELDS } }"
)
_COST_OF_ORDER = 2
"""Of an event and its order."""

_WINDOW_SECONDS = 2.5
"""Until a budget is full again: longer than results are cached, which cost nothing."""


class Budget:
    """What each user has paid; some of them cannot."""

    def __init__(self) -> None:
        self.paid: list[tuple[str, int]] = []
        self.names: dict[UUID, str] = {}
        self.empty: set[str] = set()
        self.refused = asyncio.Event()

    def spend(self, viewer: Viewer, cost: int) -> Spent:
        name = self.names[viewer.user_id]
        if name in self.empty:
            self.refused.set()
            return Spent(0, _WINDOW_SECONDS)
        self.paid.append((name, cost))
        return Spent(None)


class Collecting:
    """A sink that always takes more."""

    def __init__(self) -> None:
        self.sequences: list[int] = []
        self.failures: list[Any] = []
        self.news = asyncio.Event()

    def send(self, events: Sequence[EncodedEvent]) -> bool:
        self.sequences += [json.loads(each.payload)["data"][EVENTS]["sequence"] for each in events]
        self.news.set()
        return True

    async def wait_writable(self) -> None:
        return

    def fail(self, payload: bytes) -> None:
        self.failures.append(json.loads(payload))

    def detach(self) -> None:
        self.failures.append("detached")

    async def up_to(self, sequence: int) -> None:
        async with asyncio.timeout(20):
            while not self.sequences or self.sequences[-1] < sequence:
                self.news.clear()
                await self.news.wait()


class House:
    """The world's members and the groups that they join."""

    def __init__(self, world: World, **options: Any) -> None:
        self.world, self.budget = world, Budget()
        self.schema = world.app.sockets.operations.schema
        self.groups = BroadcastGroups(self.schema, world.database, spend=self.budget.spend, **options)
        self._leaving = ExitStack()

    async def subscribe(
        self, name: str, fields: str = "", document: str = _DOCUMENT, **variables: Any
    ) -> tuple[Collecting, Callable[[], None]]:
        """Have a member subscribe; return their sink, and what ends the subscription."""
        _, user_id = decode_node_id(await self.world.user_id(name))
        self.budget.names[user_id] = name
        connection = self.world.app.sockets.connection(Viewer(user_id), "socket")
        given = {"organisation": await self.world.organisation_id(), **variables}
        result = await self.schema.begin(document.replace("FIELDS", fields), given, connection, None)
        subscribed = Subscribed.within(result.data)
        assert subscribed is not None, result.errors
        sink = Collecting()
        leave = self.groups.subscribe(subscribed, sink)
        self._leaving.callback(leave)
        return sink, leave

    async def happens(self, count: int = 1) -> int:
        """Have events happen; return the sequence of the last."""
        await write(self.world.database, decode_node_id(await self.world.organisation_id())[1], count)
        return await head(self.world)

    async def end(self) -> None:
        self._leaving.close()
        await asyncio.sleep(0)
        assert (len(self.groups), self.groups.listeners) == (0, 0)


async def test_listeners_of_a_group_take_turns_at_paying_for_its_events(world: World) -> None:
    house = House(world)
    sinks = [(await house.subscribe(name, "order { id }"))[0] for name in ("owner", "sender", "owner", "member")]
    # The first event finds all of them where the log ends.
    for sink in sinks:
        await sink.up_to(await house.happens())
    house.budget.paid.clear()
    for _ in range(8):
        last = await house.happens()
        await asyncio.gather(*(sink.up_to(last) for sink in sinks))
    paid = [name for name, _ in house.budget.paid]
    assert [cost for _, cost in house.budget.paid] == [_COST_OF_ORDER] * 8
    assert sorted(paid) == ["member"] * 2 + ["owner"] * 4 + ["sender"] * 2
    assert paid[:4] == paid[4:]
    await house.end()


async def test_one_that_catches_up_pays_for_each_event_and_not_for_what_another_has_just_paid(world: World) -> None:
    house = House(world)
    last = await house.happens(100)
    after = await first_cursor(world)
    for name, expected in (("owner", _COST_OF_ORDER * last), ("sender", 0)):
        house.budget.paid.clear()
        sink, _ = await house.subscribe(name, "order { id }", after=after)
        await sink.up_to(last)
        assert sink.sequences == list(range(1, last + 1))
        assert sum(cost for _, cost in house.budget.paid) == expected
        assert max((cost for _, cost in house.budget.paid), default=0) <= 100
    await house.end()


async def test_one_that_cannot_pay_falls_behind_alone_and_misses_nothing(world: World) -> None:
    house = House(world)
    poor, _ = await house.subscribe("owner")
    rich, _ = await house.subscribe("sender")
    begin = await house.happens()
    await asyncio.gather(poor.up_to(begin), rich.up_to(begin))
    house.budget.empty.add("owner")
    for _ in range(3):
        await rich.up_to(await house.happens())
    await house.budget.refused.wait()
    # By now it was the poor one's turn to pay, and it is behind by what came then.
    behind = len(poor.sequences)
    last = await house.happens(30)
    await rich.up_to(last)
    assert len(poor.sequences) == behind < len(rich.sequences)
    house.budget.empty.clear()
    await poor.up_to(last)
    end = await house.happens()
    await asyncio.gather(poor.up_to(end), rich.up_to(end))
    assert poor.sequences == rich.sequences == list(range(begin, end + 1))
    assert (poor.failures, rich.failures) == ([], [])
    await house.end()


async def test_one_that_cannot_pay_is_detached_when_the_server_ends(world: World) -> None:
    house = House(world)
    house.budget.empty.add("owner")
    sink, _ = await house.subscribe("owner", after=await first_cursor(world))
    await house.budget.refused.wait()
    await house.groups.end()
    assert (sink.sequences, sink.failures) == ([], ["detached"])
    await house.end()


async def test_what_depends_on_the_viewer_is_paid_for_by_each(world: World) -> None:
    house, order = House(world), await world.order_id()
    sinks = [(await house.subscribe(name, "order { viewerCanShare }"))[0] for name in ("owner", "sender")]
    for _ in range(2):
        house.budget.paid.clear()
        assert (await world.process("owner", order, "ENDORSE"))["codes"] == []
        last = await head(world)
        await asyncio.gather(*(sink.up_to(last) for sink in sinks))
    # The first was executed for all before it was known to depend on the viewer.
    assert sorted(house.budget.paid) == [("owner", _COST_OF_ORDER), ("sender", _COST_OF_ORDER)]
    await house.end()


async def test_texts_that_ask_the_same_form_one_group_and_comments_keep_nobody_apart(world: World) -> None:
    house = House(world)
    texts = [
        "subscription($organisation: ID!) { organisationEvents(organisationId: $organisation) { ...Two sequence } } "
        "fragment Two on OrderEvent { id }",
        'fragment Two on OrderEvent { id }\n"""Which is described."""\n'
        "subscription Named($organisation: ID!) # and remarked on\n"
        "{ organisationEvents(organisationId: $organisation) { ...Two, sequence } }",
    ]
    sinks = []
    for number in range(30):
        sinks.append((await house.subscribe("owner", document=texts[number % 2]))[0])
        # As many documents as are remembered, in characters: what was asked before is forgotten.
        for flood in range(6):
            query = f"{{ __typename }} # {number} {flood} " + "x" * 50_000
            await house.schema.begin(query, None, world.app.sockets.connection(Viewer(UUID(int=1)), "http"), None)
        assert house.schema.known(texts[number % 2], None) is None
    assert (len(house.groups), house.groups.listeners) == (1, 30)
    last = await house.happens()
    await asyncio.gather(*(sink.up_to(last) for sink in sinks))
    await house.end()


_VARIED = (
    "subscription($organisation: ID!, $deep: Boolean = true, $first: Int = 2) "
    "{ organisationEvents(organisationId: $organisation) { sequence order { id @include(if: $deep) "
    "history(first: $first) { totalCount } } } }"
)


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        (_VARIED.replace("{ sequence", "{ id sequence"), {}),
        (_VARIED.replace("{ sequence order", "{ order: order sequence").replace("order: order sequence", "order"), {}),
        (_VARIED.replace("sequence", "number: sequence"), {}),
        (_VARIED.replace("sequence", "sequence occurredAt"), {}),
        (_VARIED.replace("@include", "@skip"), {}),
        (_VARIED.replace("history(first: $first)", "history(first: 2)").replace(", $first: Int = 2", ""), {}),
        (_VARIED.replace("$first: Int = 2", "$first: Int = 3"), {}),
        (_VARIED.replace("$deep: Boolean = true", "$deep: Boolean = false"), {}),
        (_VARIED, {"deep": False}),
        (_VARIED, {"first": 3}),
        (_VARIED.replace("$organisation", "$place"), {"place": "organisation"}),
    ],
)
async def test_whatever_is_asked_otherwise_is_another_question(
    world: World, text: str, variables: dict[str, Any]
) -> None:
    house = House(world)
    if "place" in variables:
        variables = {"place": await world.organisation_id()}
    await house.subscribe("owner", document=_VARIED)
    await house.subscribe("owner", document=text, **variables)
    assert len(house.groups) == 2
    await house.subscribe("owner", document=_VARIED)
    assert (len(house.groups), house.groups.listeners) == (2, 3)
    await house.end()


async def test_variables_of_a_subscription_have_a_bound_and_those_that_it_does_not_declare_are_dropped(
    world: World,
) -> None:
    house = House(world)
    only = (
        "subscription($organisation: ID!, $orders: [ID!]) "
        "{ orderStatusChanged(organisationId: $organisation, orderIds: $orders) { sequence } }"
    )
    # With the names and the other id, that is 65,536 bytes as JSON.
    fitting = "x" * (
        65_536 - len(json.dumps({"organisation": await world.organisation_id(), "orders": [""]}, separators=(",", ":")))
    )
    await house.subscribe("owner", document=only, orders=[fitting], unknown="x" * 200_000)
    with pytest.raises(GraphQLError) as refused:
        await house.subscribe("owner", document=only, orders=[fitting + "x"])
    assert refused.value.extensions == {"code": "BAD_USER_INPUT"}
    assert (len(house.groups), house.groups.listeners) == (1, 1)
    await house.end()


async def test_subscriptions_of_a_user_take_bounded_memory_and_those_of_another_have_their_own(world: World) -> None:
    # The document, the group and a listener are some 44 KB; each other listener is 4 KB.
    house = House(world, kept_bytes=60_000)
    leave = [(await house.subscribe("owner"))[1] for _ in range(4)]
    with pytest.raises(GraphQLError) as refused:
        await house.subscribe("owner", "id")
    assert refused.value.extensions == {"code": "RATE_LIMITED"}
    assert (len(house.groups), house.groups.listeners) == (1, 4)
    await house.subscribe("sender", "id")
    # One that joins a group takes less, and what one has left is free again.
    for each in leave:
        each()
    await house.subscribe("owner", "occurredAt")
    await house.end()
