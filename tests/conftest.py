"""Fixtures that give every test a migrated database of its own, on each supported server."""

import asyncio
import gc
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from db.database import Database
from db.signals import InProcessSignals
from db.tails import Tails
from tests.issuer import OLD, Gate, Issuer, issuing
from tests.rooms import Rooms
from tests.served_world import Server, serving
from tests.servers import EmbeddedPostgreSQL, fold_log_into_file, migrate, sqlite_url
from tests.world import World, populate

EXTERNAL_SERVER = "ORDERSHARE_TEST_POSTGRESQL_URL"
# Set by the process that owns the run, inherited by its xdist workers: all share one server this way.
SERVER_HOME = "ORDERSHARE_TEST_POSTGRESQL_HOME"


def _owns_the_run() -> bool:
    return "PYTEST_XDIST_WORKER" not in os.environ


def pytest_configure() -> None:
    """Name the place of the PostgreSQL server that the first test to need it starts."""
    if _owns_the_run():
        # A run that is told to end (a time limit, say) must wind up as on Ctrl-C, or the server outlives it.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        os.environ[SERVER_HOME] = tempfile.mkdtemp(prefix="ordershare-tests-")


def pytest_collection_finish() -> None:
    """Spare the collector what lives to the end: every import and every collected test."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_sessionfinish() -> None:
    """Look once for what was left open: pytest looks five times, and walks whatever the tests have made each time."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    """Stop the PostgreSQL server, once all workers are done."""
    if _owns_the_run():
        EmbeddedPostgreSQL(Path(os.environ.pop(SERVER_HOME))).stop()


@pytest.fixture(scope="session")
def postgresql_server_url() -> str:
    """URL of a PostgreSQL server's maintenance database: one named by the environment, or our own."""
    external = os.environ.get(EXTERNAL_SERVER)
    return external or EmbeddedPostgreSQL(Path(os.environ[SERVER_HOME])).url()


@pytest.fixture(scope="session")
def postgresql_rooms(postgresql_server_url: str) -> Iterator[Rooms]:
    """The PostgreSQL database in which this process's tests run one after the other."""
    with Rooms(postgresql_server_url, fill=populate) as rooms:
        yield rooms


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """File of a migrated SQLite database, only ever to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    migrate(sqlite_url(path))
    fold_log_into_file(path)
    return path


@pytest.fixture(scope="session")
def sqlite_world(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """File of a SQLite database with the small world in it, only ever to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "world.db"
    shutil.copyfile(sqlite_template, path)
    asyncio.run(populate(sqlite_url(path)))
    fold_log_into_file(path)
    return path


@pytest.fixture
def postgresql_url(request: pytest.FixtureRequest, postgresql_rooms: Rooms) -> str:
    """URL of a PostgreSQL database as new: migrated, and with the small world in it where the test asks for `world`."""
    return postgresql_rooms.as_new(filled="world" in request.fixturenames)


@pytest.fixture(name="sqlite_url")
def fresh_sqlite_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a fresh SQLite database: migrated, and with the small world in it where the test asks for `world`."""
    template = "sqlite_world" if "world" in request.fixturenames else "sqlite_template"
    path = tmp_path / "ordershare.db"
    shutil.copyfile(request.getfixturevalue(template), path)
    return sqlite_url(path)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """URL of a fresh database, once for each supported server."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(scope="session")
async def connected() -> AsyncIterator[dict[str, Database]]:
    """The PostgreSQL databases that tests have used, by URL, with their connections."""
    databases: dict[str, Database] = {}
    yield databases
    for database in databases.values():
        await database.close()


@pytest.fixture
async def database(database_url: str, connected: dict[str, Database]) -> AsyncIterator[Database]:
    """A fresh database, once for each supported server."""
    if database_url.startswith("postgresql"):
        shared = connected.setdefault(database_url, Database(database_url))
        shared.signals = InProcessSignals()
        shared.tails = Tails(shared.read, lambda: shared.signals)
        yield shared
        return
    opened = Database(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    """A small world of people and orders with the application over it, once for each supported server."""
    made = World(database)
    yield made
    await made.http.aclose()


@pytest.fixture
async def server(world: World) -> AsyncIterator[Server]:
    """The world's application on a port of its own."""
    async with serving(world) as started:
        yield started


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    """An issuer that publishes the key `OLD`."""
    async with issuing() as running:
        running.publish(OLD)
        yield running


@pytest.fixture
async def gate(world: World, issuer: Issuer) -> AsyncIterator[Gate]:
    """The world's application behind the issuer; it has no keys yet."""
    made = Gate(world, issuer.url)
    yield made
    await made.keys.stop()
    await made.http.aclose()
