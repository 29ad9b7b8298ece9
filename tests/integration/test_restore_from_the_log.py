"""A base backup of PostgreSQL and its archived log give everything back, also to who follows a log."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import make_url

from db.database import Database
from tests.listening import EVENTS, document, hear, log_cursor
from tests.log_reader import findings, head
from tests.served_world import serving, terminal
from tests.servers import SERVER_SETTINGS, EmbeddedPostgreSQL, execute, migrate, plain_url
from tests.world import World, populate

_WRITTEN = 5
_SEGMENT_BYTES = 16 * 2**20


@pytest.fixture
def home() -> Iterator[Path]:
    """A directory that the server's user reaches, with an archive in it that this user may write to."""
    path = Path(tempfile.mkdtemp(prefix="ordershare-archive-"))
    archive = path / "archive"
    archive.mkdir()
    archive.chmod(0o777)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def server(home: Path) -> Iterator[EmbeddedPostgreSQL]:
    """A server of PostgreSQL that archives its log."""
    archiving = {
        "archive_mode": "on",
        "archive_command": f"test ! -f {home}/archive/%f && cp %p {home}/archive/%f",
    }
    started = EmbeddedPostgreSQL(home, {**SERVER_SETTINGS, "fsync": "on", "full_page_writes": "on", **archiving})
    started.url()
    yield started
    started.stop()


@pytest.fixture
def url(server: EmbeddedPostgreSQL) -> str:
    """The URL of a database on it with the small world in it."""
    execute(server.url(), "CREATE DATABASE ordershare")
    made = make_url(server.url()).set(database="ordershare").render_as_string(hide_password=False)
    migrate(made)
    asyncio.run(populate(made))
    return made


async def _write(url: str) -> list[str]:
    """Change something again and again, and return the cursors after each change."""
    database = Database(url)
    world = World(database)
    cursors = []
    for _ in range(_WRITTEN):
        assert (await world.process("owner", await world.order_id(), "ENDORSE"))["codes"] == []
        cursors.append(await log_cursor(world, "owner"))
    await world.http.aclose()
    await database.close()
    return cursors


async def _archive(url: str, archive: Path) -> None:
    """Have what was written archived, as time would (`archive_timeout`)."""
    connection = await asyncpg.connect(plain_url(url))
    name = await connection.fetchval("SELECT pg_walfile_name(pg_switch_wal())")
    await connection.close()
    async with asyncio.timeout(60):
        # A file that is still being copied has not its size yet.
        while await asyncio.to_thread(_size, archive / name) < _SEGMENT_BYTES:  # noqa: ASYNC110 - it is nobody's event
            await asyncio.sleep(0.01)


async def _recover(url: str) -> None:
    """Return when the server has replayed all there is, and takes changes."""
    connection = await asyncpg.connect(plain_url(url))
    async with asyncio.timeout(60):
        while await connection.fetchval("SELECT pg_is_in_recovery()"):  # noqa: ASYNC110 - it is nobody's event
            await asyncio.sleep(0.01)
    await connection.close()


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


async def test_what_was_committed_after_the_base_backup_comes_back_from_the_archived_log(
    server: EmbeddedPostgreSQL, home: Path, url: str
) -> None:
    await asyncio.to_thread(server.back_up, "base")
    cursors = await _write(url)
    await _archive(url, home / "archive")
    server.crash()

    await asyncio.to_thread(server.restore, "base", f"cp {home}/archive/%f %p")
    await _recover(url)

    database = Database(url)
    world = World(database)
    organisation, last = await world.organisation_id(), await head(world)
    assert (await world.process("owner", await world.order_id(), "ENDORSE"))["codes"] == []
    async with serving(world) as serves, terminal(serves, world.token("owner")) as opened:
        for missed, cursor in enumerate(reversed(cursors)):
            await opened.subscribe(document(EVENTS), cursor, organisation=organisation, after=cursor)
            heard = await hear(opened, EVENTS, last + 1)
            assert [event["sequence"] for event in heard] == list(range(last + 1 - missed, last + 2))
            await opened.send(id=cursor, type="complete")
    assert await findings(database) == []
    await world.http.aclose()
    await database.close()
