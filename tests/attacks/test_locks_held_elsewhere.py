"""A statement that waits for what somebody else holds ends in time, and takes nothing from others."""

import asyncio
import time
from pathlib import Path

import asyncpg
import pytest

from tests.attacks.raw_client import Answer, connected
from tests.attacks.served import Served, served
from tests.servers import plain_url
from tests.world import World

_ENDORSE = """
    mutation($id: ID!) {
      processOrder(input: {orderId: $id, action: ENDORSE}) { userErrors { code } order { version } }
    }
"""
_SMALL = "{ viewer { user { reference } } }"


def _endorse(server: Served, order: str) -> Answer:
    with connected(server.port, server.token("owner")) as client:
        return client.ask(_ENDORSE, {"id": order})


async def _wait_in_vain(server: Served, url: str, order: str, together: int) -> list[Answer]:
    """Return what those are answered who want an order that somebody else holds all the while."""
    holder = await asyncpg.connect(plain_url(url))
    try:
        async with holder.transaction():
            await holder.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
            began = time.perf_counter()
            asking = [asyncio.create_task(asyncio.to_thread(_endorse, server, order)) for _ in range(together)]
            answers = await asyncio.gather(*asking)
            assert time.perf_counter() - began < 15
            # Who needs no order is served meanwhile.
            with connected(server.port, server.token("member")) as client:
                assert (await asyncio.to_thread(client.ask, _SMALL)).status == 200
    finally:
        await holder.close()
    return answers


@pytest.mark.parametrize(
    "setting",
    [
        {"request_seconds": 2},
        {"lock_seconds": 0.5},
        {"statement_seconds": 0.5},
    ],
    ids=lambda each: next(iter(each)),
)
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_who_waits_for_a_lock_is_answered_in_time_and_the_connections_serve_on(
    world: World, database_url: str, tmp_path: Path, setting: dict[str, float]
) -> None:
    order = await world.order_id()
    with served(database_url, tmp_path / "log", **setting) as server:
        before, began = (await world.order_row()).version, time.perf_counter()
        # More than the pool has connections.
        for answer in await _wait_in_vain(server, database_url, order, together=40):
            assert answer.codes == {"TIMEOUT"}, answer.body
            # What has begun to be executed is answered, with its error at its place.
            assert answer.status == (504 if "request_seconds" in setting else 200)
        # Those that were begun are done, or ended, and then each connection of the pool serves on.
        done = 0
        while done < 40:
            answer = await asyncio.to_thread(_endorse, server, order)
            done += answer.status == 200 and answer.json["data"]["processOrder"]["userErrors"] == []
            assert time.perf_counter() - began < 60
        assert (await world.order_row()).version >= before + 40
