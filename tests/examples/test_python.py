"""The example for Python handles each event exactly once, though it is killed, and the server too."""

import asyncio
import json
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from tests.clients.programs import Program, command
from tests.examples.house import EXAMPLES, House
from tests.examples.writer import EVENTS_OF_A_ROUND, Writer
from tests.listening import head
from tests.world import World

# Servers that start again and clients that wait for them take their time on a machine that is busy.
pytestmark = pytest.mark.timeout(300)


@asynccontextmanager
async def _listening(house: House, journal: Path) -> AsyncIterator[Program]:
    where = {"TOKEN_FILE": str(house.token_file("admin"))}
    async with command(sys.executable, EXAMPLES / "python" / "listen.py", journal, house.http_url, **where) as running:
        assert "following" in await running.says()
        yield running


async def _handles(running: Program, count: int) -> None:
    while count > 0:
        count -= "handled" in await running.says()


def _handled(journal: Path) -> list[dict[str, Any]]:
    """Return what was handled, in the order in which it was."""
    with closing(sqlite3.connect(journal)) as database:
        events = [json.loads(event) for (event,) in database.execute("SELECT event FROM handled ORDER BY rowid")]
    for event in events:
        event["order"] = event["order"]["reference"]
        event["status"] = event.pop("orderStatus", None) or event.pop("shareStatus")
    return events


async def test_each_event_is_handled_once_though_the_listener_is_killed_again_and_again(
    world: World, house: House, writer: Writer, tmp_path: Path
) -> None:
    before, journal = await head(world), tmp_path / "journal.db"
    writing = None
    for _ in range(4):
        async with _listening(house, journal) as running:
            writing = writing or asyncio.create_task(writer.write_until_told())
            await _handles(running, 17)
            await running.is_killed()
    writer.enough()
    assert writing is not None
    await writing
    log = await house.log(after=before)
    async with _listening(house, journal) as running:
        await _handles(running, len(log) - len(_handled(journal)))
        await running.is_killed()
    assert _handled(journal) == log


async def test_each_event_is_handled_once_though_the_server_is_killed_and_stops(
    world: World, house: House, writer: Writer, tmp_path: Path
) -> None:
    before, journal, breaks = await head(world), tmp_path / "journal.db", []
    async with _listening(house, journal) as running:
        for ends in (house.kill, house.stop):
            await writer.write_round()
            await _handles(running, EVENTS_OF_A_ROUND)
            await ends()
            breaks.append((await running.says())["broke"])
            await house.start()
        await writer.write_round()
        await _handles(running, EVENTS_OF_A_ROUND)
        await running.is_killed()
    assert _handled(journal) == await house.log(after=before)
    assert breaks == [1006, 1012]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_it_ends_where_the_server_refuses_it(house: House, tmp_path: Path) -> None:
    token_file = tmp_path / "garbage"
    token_file.write_text("garbage")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        EXAMPLES / "python" / "listen.py",
        tmp_path / "journal.db",
        house.http_url,
        env={"TOKEN_FILE": str(token_file)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complaint = await process.communicate()
    assert said == b'{"broke": 4403}\n'
    assert b"4403 (private use) Forbidden" in complaint
    assert process.returncode == 1
