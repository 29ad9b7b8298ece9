"""What an answer reads is read before it is given: afterwards nothing opens a snapshot, and none stays open."""

import asyncio
from typing import Any

import pytest

from db.database import Database
from db.snapshot import Snapshot
from schema.context import OperationContext
from schema.reading import Reading, ReadingClosed
from tests.world import World

_POOL = 30
"""How many connections the larger of the two pools has."""

_LEAVES_A_FIELD_BEHIND = (
    "query($b: Boolean = true, $id: ID!) {"
    " organisation(id: $id) { orderTypes { code } orders { nodes { sharedOrders { totalCount } } } }"
    " orderStateMachine { toStatus @skip(if: $b) } }"
)


async def _moment(snapshot: Snapshot) -> Any:
    return await snapshot.ask_moment()


async def _all_ended() -> None:
    """Return once nothing goes on in the background."""
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(others)


async def test_a_field_that_is_left_behind_takes_no_connection_with_it(world: World) -> None:
    given = {"b": None, "id": await world.organisation_id()}
    for _ in range(_POOL + 1):
        body = (await world.post("owner", _LEAVES_A_FIELD_BEHIND, given)).json()
        assert body["data"] is None
        assert [error["extensions"]["code"] for error in body["errors"]] == ["BAD_USER_INPUT"]
    await _all_ended()
    assert world.database.lent_connections == 0
    assert await world.ask("owner", "{ viewer { user { reference } } }") == {"viewer": {"user": {"reference": "owner"}}}


async def test_nothing_is_opened_once_it_is_closed(database: Database) -> None:
    reading = Reading(database)
    await reading.close()
    for ask in (reading.ask(_moment), reading.now(), reading.one_of_many(_none, "key"), reading.many(_none, ["key"])):
        with pytest.raises(ReadingClosed):
            await ask
    assert database.lent_connections == 0


async def test_an_operation_that_has_ended_begins_no_reading(database: Database) -> None:
    context = OperationContext(database, None)
    await context.close()
    with pytest.raises(ReadingClosed):
        await context.reading.ask(_moment)
    assert database.lent_connections == 0


async def test_what_is_under_way_ends_and_what_waits_for_its_turn_does_not_begin(database: Database) -> None:
    reading = Reading(database)
    began, go_on = asyncio.Event(), asyncio.Event()

    async def hold(snapshot: Snapshot) -> str:
        began.set()
        await go_on.wait()
        await snapshot.ask_moment()
        return "read"

    first = reading.start(hold, "a test")
    await began.wait()
    second, third = reading.start(_moment, "a test"), asyncio.create_task(reading.one_of_many(_none, "key"))
    # One turn of the loop, and the keys are about to be asked for.
    await asyncio.sleep(0)
    closing = asyncio.create_task(reading.close())
    await asyncio.sleep(0)
    go_on.set()
    await closing
    assert await first == "read"
    for late in (second, third):
        with pytest.raises(ReadingClosed):
            await late
    assert database.lent_connections == 0


async def test_a_snapshot_is_given_up_however_often_whoever_closes_is_cancelled(database: Database) -> None:
    reading = Reading(database)
    began, go_on = asyncio.Event(), asyncio.Event()

    async def hold(_: Snapshot) -> None:
        began.set()
        await go_on.wait()

    holding = reading.start(hold, "a test")
    await began.wait()
    closing = asyncio.create_task(reading.close())
    for _ in range(3):
        await asyncio.sleep(0)
        closing.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert holding.done()
    assert database.lent_connections == 0


async def test_those_who_ask_for_the_same_keys_are_told_that_it_is_closed(database: Database) -> None:
    reading = Reading(database)
    asking = [asyncio.create_task(reading.one_of_many(_none, key)) for key in "abc"]
    # One turn of the loop, and they wait for keys that nothing has been started for.
    await asyncio.sleep(0)
    await reading.close()
    for each in asking:
        with pytest.raises(ReadingClosed):
            await each
    assert database.lent_connections == 0


async def _none(_: Snapshot, __: list[str]) -> dict[str, Any]:
    return {}
