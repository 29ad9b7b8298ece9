"""Subscriptions that have the server execute as much as they can: others are served, and every event still arrives."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import httpx
import pytest

from schema.global_id import decode_node_id, encode_id
from tests.attacks.harness import MEMORY_BYTES, OTHERS_SECONDS, withstands
from tests.attacks.raw_client import connected
from tests.attacks.served import Served, served
from tests.integration.log_writing import write
from tests.listening import STATUSES, first_cursor
from tests.served_world import Terminal, terminal
from tests.world import World

_EVENTS = 3_000
_SUBSCRIPTIONS = 200
_SOME = 60
_SOCKETS = 20
_TRIES = 3

Outcome = TypeVar("Outcome")


async def _attack(server: Served, act: Callable[[int], Awaitable[Outcome]]) -> Outcome:
    """Act, again and again if need be, while somebody else asks and another user's events must come in time."""
    loop = asyncio.get_running_loop()

    def attack(number: int) -> Outcome:
        return asyncio.run_coroutine_threadsafe(_awaited(act(number)), loop).result()

    return await asyncio.to_thread(withstands, server, attack, within=None)


async def _awaited(work: Awaitable[Outcome]) -> Outcome:
    return await work


async def _receive_some(opened: Terminal, received: dict[str, list[int]]) -> None:
    """Note what each operation of a socket receives, until all of them have received some events."""
    behind = set(received)
    while behind:
        message = await opened.receive()
        assert message["type"] == "next", message
        name = message["id"]
        received[name].append(message["payload"]["data"]["organisationEvents"][name])
        if len(received[name]) == _SOME:
            behind.remove(name)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_two_hundred_subscriptions_that_catch_up_with_a_long_log_leave_others_their_turns(
    world: World, database_url: str, tmp_path: Path
) -> None:
    organisation, after = await world.organisation_id(), await first_cursor(world)
    await write(world.database, decode_node_id(organisation)[1], _EVENTS)
    names = [f"a{number}" for number in range(_SUBSCRIPTIONS)]
    begin = f'subscription {{ organisationEvents(organisationId: "{organisation}", after: "{after}")'

    with served(database_url, tmp_path / "log") as server:

        async def act(_: int) -> dict[str, list[int]]:
            received: dict[str, list[int]] = {name: [] for name in names}
            async with terminal(server, server.token("sender")) as opened:
                for name in names:
                    await opened.subscribe(f"{begin} {{ {name}: sequence }} }}", name)
                await _receive_some(opened, received)
            return received

        received = await _attack(server, act)
        assert "Traceback" not in server.log()
    counts = [len(each) for each in received.values()]
    assert list(received.values()) == [list(range(1, count + 1)) for count in counts]
    # None of them goes before the others.
    assert max(counts) - min(counts) <= _SOME


async def _ask_many_questions(server: Served, sockets: AsyncExitStack, organisation: str, order: str) -> list[Terminal]:
    """Have one user ask thousands of different questions about one order over a few sockets."""
    document = (
        "subscription($organisation: ID!, $orders: [ID!]) "
        "{ orderStatusChanged(organisationId: $organisation, orderIds: $orders) { sequence order { version status } } }"
    )
    opened = []
    for number in range(_SOCKETS):
        each = await sockets.enter_async_context(terminal(server, server.token("sender")))
        for index in range(_SUBSCRIPTIONS):
            other = encode_id("Order", UUID(int=number * _SUBSCRIPTIONS + index))
            await each.subscribe(document, str(index), organisation=organisation, orders=[order, other])
        opened.append(each)
        # More that wait for their answers at once than one user may have would be refused.
        await _are_listening(server, len(opened) * _SUBSCRIPTIONS)
    return opened


async def _are_listening(server: Served, count: int) -> None:
    """Return once so many subscriptions go on."""
    async with asyncio.timeout(60):
        while await _subscriptions(server) < count:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.01)


async def _subscriptions(server: Served) -> float:
    async with httpx.AsyncClient() as client:
        page = await client.get(f"http://127.0.0.1:{server.port}/metrics")
    [line] = [each for each in page.text.splitlines() if each.startswith("ordershare_subscriptions ")]
    return float(line.split()[1])


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_thousands_of_different_questions_leave_others_their_turns(
    world: World, database_url: str, tmp_path: Path
) -> None:
    organisation, order = await world.organisation_id(), await world.order_id()
    listening = f'subscription {{ orderStatusChanged(organisationId: "{organisation}") {{ sequence }} }}'
    endorse = f'mutation {{ processOrder(input: {{orderId: "{order}", action: ENDORSE}}) {{ userErrors {{ code }} }} }}'
    with served(database_url, tmp_path / "log") as server:
        memory = server.memory()
        async with AsyncExitStack() as sockets:
            many = await _ask_many_questions(server, sockets, organisation, order)
            assert server.memory() - memory < MEMORY_BYTES
            listener = await sockets.enter_async_context(terminal(server, server.token("recipient")))
            await listener.subscribe(listening)

            slowest: list[float] = []

            async def act(_: int) -> None:
                late = [await _live(server, endorse, listener) for _ in range(3)]
                slowest.append(max(late))
                await asyncio.gather(*(_receive_three_of_each(each) for each in many))

            for _ in range(_TRIES):
                await _attack(server, act)
                if min(slowest) < OTHERS_SECONDS:
                    break
            assert min(slowest) < OTHERS_SECONDS
        assert "Traceback" not in server.log()


async def _live(server: Served, endorse: str, listener: Terminal) -> float:
    """Return after how many seconds another user receives what has happened."""
    with connected(server.port, server.token("owner")) as client:
        answer = await asyncio.to_thread(client.ask, endorse)
    assert answer.json == {"data": {"processOrder": {"userErrors": []}}, "extensions": answer.json["extensions"]}
    began, waited = time.monotonic(), server.kept_waiting()
    await listener.next_data()
    return time.monotonic() - began - (server.kept_waiting() - waited)


async def _receive_three_of_each(opened: Terminal) -> None:
    """Return once each operation of a socket has received three events, each once and in order."""
    received: dict[str, list[int]] = {str(index): [] for index in range(_SUBSCRIPTIONS)}
    for _ in range(3 * _SUBSCRIPTIONS):
        message = await opened.receive()
        received[message["id"]].append(message["payload"]["data"][STATUSES]["sequence"])
    [sequences] = {tuple(each) for each in received.values()}
    assert list(sequences) == list(range(sequences[0], sequences[0] + 3))


@pytest.mark.parametrize("declared", [False, True], ids=["undeclared", "declared"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_variables_of_two_hundred_subscriptions_take_bounded_memory(
    world: World, database_url: str, tmp_path: Path, declared: bool
) -> None:
    organisation = await world.organisation_id()
    begin = (
        "subscription($organisation: ID!, $orders: [ID!]) "
        "{ orderStatusChanged(organisationId: $organisation, orderIds: $orders)"
    )
    with served(database_url, tmp_path / "log") as server:

        async def act(_: int) -> None:
            async with terminal(server, server.token("sender")) as opened:
                for number in range(_SUBSCRIPTIONS):
                    # Of all JSON, empty lists take most memory: 240 KB are 4 MB.
                    given: dict[str, object] = {"unknown": [[]] * 60_000}
                    if declared:
                        given = {"orders": [f"{number}-{index}".ljust(60, "x") for index in range(1_000)]}
                    # Each of them is a question of its own.
                    document = f"{begin} {{ a{0 if declared else number}: sequence }} }}"
                    await opened.subscribe(document, str(number), organisation=organisation, **given)
                    if number % 5 == 4:
                        await _are_listening(server, number + 1)

        await _attack(server, act)
        assert "Traceback" not in server.log()
