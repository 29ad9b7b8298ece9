"""Brings a database to a revision of the schema, and tells at which one it is."""

import asyncio
from collections.abc import Callable
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from db.engine import WRITES, create_engine

_HERE = Path(__file__).parent
_LOCK = 7_031_877_101
"""The number of PostgreSQL's advisory lock under which one process migrates at a time."""


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database at `url` up to `revision`. Several processes may do so at once."""
    asyncio.run(run_migrations(url, lambda config: command.upgrade(config, revision)))


def downgrade(url: str, revision: str) -> None:
    """Take the database at `url` back to `revision` (`base` for an empty one)."""
    asyncio.run(run_migrations(url, lambda config: command.downgrade(config, revision)))


async def run_migrations(url: str, work: Callable[[Config], None]) -> None:
    """Run an Alembic command on the database at `url`, in one transaction.

    Args:
        url: The database.
        work: The command, given a configuration that carries the connection.
    """
    engine = create_engine(url)
    try:
        async with engine.connect() as plain:
            if engine.dialect.name == "sqlite":
                # A pragma has no effect inside a transaction.
                await plain.run_sync(_turn_foreign_keys_off)
            connection = await plain.execution_options(**{WRITES: True})
            async with connection.begin():
                if engine.dialect.name == "postgresql":
                    await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
                await connection.run_sync(lambda sync: work(_config(sync)))
    finally:
        await engine.dispose()


async def is_current(url: str) -> bool:
    """Return whether the database at `url` has the newest revision."""
    engine = create_engine(url)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(has_newest_revision)
    finally:
        await engine.dispose()


def has_newest_revision(connection: Connection) -> bool:
    """Return whether the connected database has the newest revision."""
    return MigrationContext.configure(connection).get_current_revision() == newest_revision()


@cache
def newest_revision() -> str | None:
    """Return the newest revision, read from the migrations' files once: that takes the loop of a server too long."""
    return ScriptDirectory.from_config(_config(None)).get_current_head()


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _turn_foreign_keys_off(connection: Connection) -> None:
    cursor = connection.connection.cursor()
    cursor.execute("PRAGMA foreign_keys = OFF")
    cursor.close()
