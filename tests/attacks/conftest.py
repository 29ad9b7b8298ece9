"""Servers to attack."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attacks.served import Served, served
from tests.rooms import Rooms
from tests.servers import sqlite_url
from tests.world import World


@pytest.fixture(scope="session")
def attacked(sqlite_world: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server over the small world on SQLite, for attacks that change nothing; it must log no fault.

    It has no budgets: what can be done at all is measured here, and all tests share its users.
    """
    home = tmp_path_factory.mktemp("attacked")
    shutil.copyfile(sqlite_world, home / "ordershare.db")
    with served(sqlite_url(home / "ordershare.db"), home / "log", user_budget="", organisation_budget="") as server:
        yield server
    log = server.log()
    assert "Traceback" not in log, log


@pytest.fixture
def filled_sqlite_url(sqlite_world: Path, tmp_path: Path) -> str:
    """URL of a SQLite database with the small world in it."""
    shutil.copyfile(sqlite_world, tmp_path / "ordershare.db")
    return sqlite_url(tmp_path / "ordershare.db")


@pytest.fixture
def filled_postgresql_url(postgresql_rooms: Rooms) -> str:
    """URL of a PostgreSQL database with the small world in it."""
    return postgresql_rooms.as_new(filled=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def filled_url(request: pytest.FixtureRequest) -> str:
    """URL of a database with the small world in it, for tests with loops of their own; once for each server."""
    url: str = request.getfixturevalue(f"filled_{request.param}_url")
    return url


@pytest.fixture
def serves_world(world: World, database_url: str, tmp_path: Path) -> Iterator[Served]:
    """A server over the world of the test, once for each supported database."""
    with served(database_url, tmp_path / "log") as server:
        yield server
