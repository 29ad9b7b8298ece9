"""The commands of docs/operation.md that back up and restore, on a server at work, and what clients see afterwards."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import make_url

from db.database import Database
from tests.listening import EVENTS, document, hear, hears_no_more, log_cursor
from tests.log_reader import findings, head
from tests.served_world import Server, Terminal, serving, terminal
from tests.servers import execute, migrate, postgresql_database, postgresql_program, sqlite_url
from tests.world import SECRET, World, populate

_REPOSITORY = Path(__file__).parents[2]
_OPERATION = _REPOSITORY / "docs" / "operation.md"


@dataclass(frozen=True)
class Place:
    """A database, and a directory in which an operator has a shell.

    Attributes:
        url: Where the database is.
        kind: As docs/operation.md calls it.
        home: The directory.
        settings: What the shell's environment says of the database.
    """

    url: str
    kind: str
    home: Path
    settings: Mapping[str, str]

    async def follow(self, what: str) -> str:
        """Run the commands that are written down for this kind of database, and return what they print."""
        [commands] = re.findall(
            rf"<!-- tried: {what} {self.kind} -->\n```sh\n(.*?)```", _OPERATION.read_text(), re.DOTALL
        )
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("ORDERSHARE_", "PG"))}
        settings = {
            "PATH": f"{postgresql_program('psql').parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(_REPOSITORY),
            "ORDERSHARE_DATABASE_URL": self.url,
            "ORDERSHARE_JWT_SECRET": SECRET,
        }
        ended = await asyncio.to_thread(
            subprocess.run,
            ["bash", "-euc", commands],
            cwd=self.home,
            env={**clean, **settings, **self.settings},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """A database with the small world in it, once for each supported server."""
    (tmp_path / ".venv").symlink_to(sys.prefix)
    with ExitStack() as stack:
        if request.param == "SQLite":
            url = sqlite_url(tmp_path / "ordershare.db")
            settings = {}
        else:
            server_url: str = request.getfixturevalue("postgresql_server_url")
            url = stack.enter_context(postgresql_database(server_url))
            named = make_url(url)
            stack.callback(execute, server_url, f'DROP DATABASE IF EXISTS "{named.database}-aside"')
            settings = {
                "PGHOST": str(named.host),
                "PGPORT": str(named.port),
                "PGUSER": str(named.username),
                "PGPASSWORD": named.password or "",
                "NAME": str(named.database),
            }
        migrate(url)
        asyncio.run(populate(url))
        yield Place(url, request.param, tmp_path, settings)


@asynccontextmanager
async def _served(place: Place) -> AsyncIterator[tuple[World, Server]]:
    """Serve what is in the database, as a server that has just been started."""
    database = Database(place.url)
    world = World(database)
    async with serving(world) as server:
        yield world, server
    await world.http.aclose()
    await database.close()


async def _change(world: World) -> str:
    """Change something, and return the cursor after it."""
    assert (await world.process("owner", await world.order_id(), "ENDORSE"))["codes"] == []
    return await log_cursor(world, "owner")


async def _resume(opened: Terminal, organisation: str, after: str) -> None:
    await opened.subscribe(document(EVENTS), after, organisation=organisation, after=after)


async def _is_invalid(opened: Terminal, organisation: str, cursor: str) -> bool:
    await _resume(opened, organisation, cursor)
    message = await opened.receive()
    return message["type"] == "error" and [error["extensions"] for error in message["payload"]] == [
        {"code": "CURSOR_INVALID"}
    ]


async def test_an_older_backup_comes_back_whole_and_cursors_from_after_it_are_invalid(place: Place) -> None:
    async with _served(place) as (world, _):
        cursors = {await head(world): await log_cursor(world, "owner")}
        first = await head(world)
        backup = asyncio.create_task(place.follow("back up"))
        while not backup.done() or len(cursors) < 3:
            cursors[first + len(cursors)] = await _change(world)
        await backup
        for _ in range(3):
            cursors[first + len(cursors)] = await _change(world)
        last = await head(world)
        assert sorted(cursors) == list(range(first, last + 1))

    assert await place.follow("restore") == "All is well in 2 organisations.\n"

    async with _served(place) as (world, server), terminal(server, world.token("owner")) as opened:
        organisation, kept = await world.organisation_id(), await head(world)
        assert first <= kept <= last - 3
        before = {sequence: cursor for sequence, cursor in cursors.items() if sequence <= kept}
        after = [cursor for sequence, cursor in cursors.items() if sequence > kept]
        assert [await _is_invalid(opened, organisation, cursor) for cursor in after] == [True] * len(after)

        while await head(world) <= last:
            await _change(world)

        assert [await _is_invalid(opened, organisation, cursor) for cursor in after] == [True] * len(after)
        for sequence, cursor in before.items():
            await _resume(opened, organisation, cursor)
            heard = await hear(opened, EVENTS, last + 1)
            assert [event["sequence"] for event in heard] == list(range(sequence + 1, last + 2))
            await opened.send(id=cursor, type="complete")
        await hears_no_more(opened)
        assert await findings(world.database) == []
