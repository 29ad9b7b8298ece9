"""Subscribers with the same question are answered by one execution, and each is told only what is theirs to hear."""

from contextlib import AsyncExitStack
from typing import Any

import pytest

from db.database import Database
from tests.listening import EVENTS, STATUSES, Ear, document, first_cursor, head, hears_no_more, log_cursor
from tests.served_world import Server, Terminal, serving, terminal
from tests.statements import Statement, statements
from tests.world import PEOPLE, World

_NESTED = "sequence order { id version }"


async def _endorse(world: World, name: str = "owner") -> None:
    assert (await world.process(name, await world.order_id(f"O-{name}"), "ENDORSE"))["codes"] == []


async def _terminals(world: World, server: Server, sockets: AsyncExitStack) -> dict[str, Terminal]:
    return {name: await sockets.enter_async_context(terminal(server, world.token(name))) for name in PEOPLE}


def _times_read(table: str, sent: list[Statement]) -> int:
    return sum(f"FROM {table} " in each.text.replace("\n", " ") for each in sent)


async def test_an_event_is_executed_once_for_all_who_ask_the_same(
    world: World, server: Server, database_url: str
) -> None:
    ear, organisation, before = Ear(world), await world.organisation_id(), await head(world)
    writer = World(Database(database_url))
    async with AsyncExitStack() as sockets:
        opened = await _terminals(world, server, sockets)
        for number, each in enumerate(opened.values()):
            await ear.subscribe(each, document(EVENTS, _NESTED), f"operation {number}", organisation=organisation)
        # The first event finds all of them where the log ends, whatever each had to catch up with.
        for step in (1, 2):
            order = {"id": await world.order_id(), "version": 1 + step}
            with statements(world.database) as sent:
                await _endorse(writer)
                messages = [await each.receive() for each in opened.values()]
            assert [message["id"] for message in messages] == [f"operation {number}" for number in range(len(opened))]
            data = {EVENTS: {"sequence": before + step, "order": order}}
            assert [message["payload"] for message in messages] == [{"data": data}] * len(opened)
            assert _times_read("orders", sent) == 1
    await writer.http.aclose()
    await writer.database.close()


async def test_each_is_told_what_depends_on_who_hears_it(world: World, server: Server) -> None:
    ear, organisation = Ear(world), await world.organisation_id()
    own = "order { version viewerCanShare availableActions }"
    async with AsyncExitStack() as sockets:
        opened = await _terminals(world, server, sockets)
        for each in opened.values():
            await ear.subscribe(each, document(STATUSES, own), organisation=organisation)
        for version in (2, 3):
            await _endorse(world)
            told = {name: (await each.next_data())[STATUSES]["order"] for name, each in opened.items()}
            assert {name: order["version"] for name, order in told.items()} == dict.fromkeys(PEOPLE, version)
            may = {name: bool(order["availableActions"]) for name, order in told.items()}
            assert may == {name: name in ("admin", "owner") for name in PEOPLE}


async def test_variables_that_matter_make_another_question_and_the_place_to_begin_does_not(
    world: World, server: Server
) -> None:
    organisation, start = await world.organisation_id(), await first_cursor(world)
    orders = {name: await world.order_id(f"O-{name}") for name in ("owner", "sender")}
    only = (
        "subscription($organisation: ID!, $orders: [ID!], $after: Cursor, $deep: Boolean!) "
        "{ orderStatusChanged(organisationId: $organisation, orderIds: $orders, after: $after) "
        "{ order { reference version @include(if: $deep) } } }"
    )
    ear = Ear(world)
    asked: dict[str, dict[str, Any]] = {
        "owner's": {"orders": [orders["owner"]], "deep": False},
        "owner's, deep": {"orders": [orders["owner"]], "deep": True, "after": start},
        "owner's, deep, from now": {"orders": [orders["owner"]], "deep": True},
        "sender's": {"orders": [orders["sender"]], "deep": False},
    }
    async with AsyncExitStack() as sockets:
        opened = {}
        for name, variables in asked.items():
            opened[name] = await sockets.enter_async_context(terminal(server, world.token("member")))
            await ear.subscribe(opened[name], only, organisation=organisation, **variables)
        assert len(world.app.sockets.broadcast_groups) == 3
        await _endorse(world, "owner")
        await _endorse(world, "sender")
        told = {name: (await each.next_data())[STATUSES]["order"] for name, each in opened.items()}
        deep = {"reference": "O-owner", "version": 2}
        assert told == {
            "owner's": {"reference": "O-owner"},
            "owner's, deep": deep,
            "owner's, deep, from now": deep,
            "sender's": {"reference": "O-sender"},
        }
    await ear.is_left_by_all()
    assert len(world.app.sockets.broadcast_groups) == 0


async def test_who_resumes_hears_of_what_they_missed_and_then_of_the_same_as_the_others(
    world: World, server: Server
) -> None:
    ear, organisation, after, before = (
        Ear(world),
        await world.organisation_id(),
        await log_cursor(world, "member"),
        await head(world),
    )
    async with terminal(server, world.token("owner")) as first, terminal(server, world.token("member")) as second:
        await ear.subscribe(first, document(EVENTS, "sequence"), organisation=organisation)
        for _ in range(3):
            await _endorse(world)
        await ear.subscribe(second, document(EVENTS, "sequence"), organisation=organisation, after=after)
        await _endorse(world)
        for opened in (first, second):
            heard = [(await opened.next_data())[EVENTS]["sequence"] for _ in range(4)]
            assert heard == [before + step for step in (1, 2, 3, 4)]
            await hears_no_more(opened)


@pytest.mark.parametrize("fields", ["sequence", "sequence order { viewerCanShare }"])
async def test_a_server_that_stops_sends_what_is_owed_and_then_closes_with_1012(
    world: World, database_url: str, fields: str
) -> None:
    ear, organisation, before = Ear(world), await world.organisation_id(), await head(world)
    # Of what another replica writes there is no hint here: it would be heard a second later.
    writer = World(Database(database_url))
    async with AsyncExitStack() as sockets:
        async with serving(world) as server:
            opened = await _terminals(world, server, sockets)
            for each in opened.values():
                await ear.subscribe(each, document(EVENTS, fields), organisation=organisation)
            for _ in range(3):
                await _endorse(writer)
        for each in opened.values():
            heard = [(await each.next_data())[EVENTS]["sequence"] for _ in range(3)]
            assert heard == [before + 1, before + 2, before + 3]
            await each.socket.wait_closed()
            assert (each.socket.close_code, each.socket.close_reason) == (1012, "The server restarts")
    await ear.is_left_by_all()
    await writer.http.aclose()
    await writer.database.close()
