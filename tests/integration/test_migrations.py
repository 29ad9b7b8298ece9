"""The migrations: up, down and up again, by several processes at once, to the very schema that the models have."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from db.database import Database
from db.engine import create_engine
from db.migrations.runner import downgrade, is_current, upgrade
from db.tables import metadata
from tests.servers import postgresql_database, sqlite_url
from tests.statements import statements
from tests.world import World

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


@pytest.fixture
def own_postgresql_url(postgresql_server_url: str) -> Iterator[str]:
    """URL of a migrated PostgreSQL database that no other test has used: the planner looks at what they left behind."""
    with postgresql_database(postgresql_server_url) as url:
        upgrade(url)
        yield url


async def test_the_search_of_a_large_organisation_uses_both_its_indexes(own_postgresql_url: str) -> None:
    database = Database(own_postgresql_url)
    world = World(database)
    await world.populate()
    async with database.engine.begin() as connection:
        await connection.execute(_MANY_ORDERS)
    async with database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("ANALYZE orders"))
    search = """query($id: ID!) { organisation(id: $id) {
      orders(first: 20, where: {search: "Smile 1999"}) { totalCount nodes { title } }
    } }"""
    with statements(database) as sent:
        answer = await world.ask("owner", search, id=await world.organisation_id())
    titles = sorted(order["title"] for order in answer["organisation"]["orders"]["nodes"])
    assert titles == ["A smile 1999", *(f"A smile 1999{digit}" for digit in range(10))]
    # The page, and the count.
    searching = [each for each in sent if "search_title" in each.text.partition("WHERE")[2]]
    assert len(searching) == 2
    async with database.engine.connect() as connection:
        await connection.execute(text("SET enable_seqscan = off"))
        for statement, parameters in searching:
            plan = "\n".join((await connection.exec_driver_sql(f"EXPLAIN {statement}", tuple(parameters))).scalars())
            assert "ix_orders_search_title" in plan, plan
            assert "ix_orders_search_reference" in plan, plan
    await world.http.aclose()
    await database.close()


_MANY_ORDERS = text(
    """
    INSERT INTO orders (
        id, organisation_id, owner_id, reference, type_code, type_priority, title, premium_minor, currency,
        effective_at, created_at, updated_at, status, max_shares, shares_claimed, version, reason_cause, reason_at,
        newest_first, expires_last, search_title, search_reference
    )
    SELECT
        gen_random_uuid(), organisation_id, owner_id, 'M-' || number, type_code, type_priority,
        'A smile ' || number, premium_minor, currency, effective_at,
        created_at, updated_at, status, max_shares, shares_claimed, version, reason_cause, reason_at,
        newest_first, expires_last, 'a smile ' || number, 'm-' || number
    FROM orders, generate_series(1, 20000) AS number
    WHERE reference = 'O-owner'
    """
)
