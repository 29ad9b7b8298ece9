"""The migrations: up, down and up again, by several processes at once, to the very schema that the models have."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from db.engine import create_engine
from db.migrations.runner import downgrade, is_current, upgrade
from db.tables import metadata
from tests.servers import postgresql_database, sqlite_url

_SEARCH_INDEXES = ("ix_orders_search_reference", "ix_orders_search_title")


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """URL of a database without a schema, once for each supported server."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path / "empty.db")
    else:
        with postgresql_database(request.getfixturevalue("postgresql_server_url")) as url:
            yield url


def _inspected(url: str, look: Any) -> Any:
    """Return what `look` finds out from a connection to the database."""

    async def run() -> Any:
        engine = create_engine(url)
        try:
            async with engine.connect() as connection:
                return await connection.run_sync(look)
        finally:
            await engine.dispose()

    return asyncio.run(run())


def _tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


def _differences(connection: Connection) -> list[Any]:
    """Return in what the database differs from the models."""

    def is_meant_for(_thing: object, name: str | None, kind: str, *_: object) -> bool:
        # SQLite has neither of the operators that the two indexes behind a search need.
        return connection.dialect.name == "postgresql" or kind != "index" or name not in _SEARCH_INDEXES

    options = {"compare_type": True, "compare_server_default": True, "include_object": is_meant_for}
    found: list[Any] = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
    return found


def _index(index: Any) -> str:
    options = {name: str(value) for name, value in index.get("dialect_options", {}).items()}
    return f"{index['name']} {index['column_names']} {index['unique']} {options}"


def _schema(connection: Connection) -> dict[str, Any]:
    """Return all that the database says about its tables, including what Alembic does not compare."""
    found = inspect(connection)
    return {
        name: {
            "columns": [
                (column["name"], str(column["type"]), column["nullable"]) for column in found.get_columns(name)
            ],
            "primary key": found.get_pk_constraint(name)["constrained_columns"],
            "indexes": sorted(_index(index) for index in found.get_indexes(name)),
            "checks": sorted((str(check["name"]), check["sqltext"]) for check in found.get_check_constraints(name)),
            "foreign keys": sorted(
                (key["constrained_columns"], key["referred_table"], key["referred_columns"], str(key["options"]))
                for key in found.get_foreign_keys(name)
            ),
            "unique": sorted(unique["column_names"] for unique in found.get_unique_constraints(name)),
        }
        for name in found.get_table_names()
        if name != "alembic_version"
    }


def test_the_schema_goes_up_down_and_up_again(empty_url: str) -> None:
    assert not asyncio.run(is_current(empty_url))
    upgrade(empty_url)
    assert asyncio.run(is_current(empty_url))
    first = _inspected(empty_url, _schema)
    assert set(first) == set(metadata.tables)
    downgrade(empty_url, "base")
    assert not asyncio.run(is_current(empty_url))
    assert _inspected(empty_url, _tables) == {"alembic_version"}
    upgrade(empty_url)
    assert asyncio.run(is_current(empty_url))
    assert _inspected(empty_url, _schema) == first


def test_the_migrated_schema_is_that_of_the_models(empty_url: str) -> None:
    upgrade(empty_url)
    assert _inspected(empty_url, _differences) == []


def test_tables_made_from_the_models_are_those_that_were_migrated(empty_url: str) -> None:
    def make(connection: Connection) -> dict[str, Any]:
        metadata.create_all(connection)
        return _schema(connection)

    upgrade(empty_url)
    migrated = _inspected(empty_url, _schema)
    downgrade(empty_url, "base")
    assert _inspected(empty_url, make) == migrated


def test_to_migrate_again_changes_nothing(empty_url: str) -> None:
    upgrade(empty_url)
    first = _inspected(empty_url, _schema)
    upgrade(empty_url)
    assert _inspected(empty_url, _schema) == first
    assert asyncio.run(is_current(empty_url))


def test_several_processes_may_migrate_at_once(empty_url: str) -> None:
    with ThreadPoolExecutor(4) as processes:
        for upgraded in [processes.submit(upgrade, empty_url) for _ in range(4)]:
            upgraded.result()
    assert asyncio.run(is_current(empty_url))
    assert _inspected(empty_url, _differences) == []


def test_a_migration_that_fails_leaves_nothing_behind(empty_url: str) -> None:
    def make_one_in_the_way(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE processing_result (id INTEGER)"))
        connection.commit()

    _inspected(empty_url, make_one_in_the_way)
    with pytest.raises(Exception, match=r"processing_result.*already exists"):
        upgrade(empty_url)
    assert _inspected(empty_url, _tables) == {"processing_result"}
