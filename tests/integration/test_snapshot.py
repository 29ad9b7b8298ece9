"""A snapshot reads what a session reads, of one moment, and leaves nothing behind."""

import asyncio
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import bindparam, select, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel, col
from sqlmodel import select as select_rows

from db.database import Database
from db.log_tables import EventRow
from db.order_tables import OrderRow, OrderTypeRow
from db.people_tables import MembershipRow, OrganisationRow, UserRow
from db.plain_rows import (
    PlainEvent,
    PlainMembership,
    PlainOrder,
    PlainOrderType,
    PlainOrganisation,
    PlainResult,
    PlainSharedOrder,
    PlainUser,
)
from db.row_query import RowQuery, any_of, columns_of
from db.sharing_tables import ProcessingResultRow, SharedOrderRow
from resolvers.import_order_types import OrderTypeToImport, import_order_types
from resolvers.list_order_types import list_order_types
from resolvers.load_rows import load_orders
from tests.world import World

_SHAPES: dict[type[SQLModel], Any] = {
    OrganisationRow: PlainOrganisation,
    UserRow: PlainUser,
    MembershipRow: PlainMembership,
    OrderTypeRow: PlainOrderType,
    OrderRow: PlainOrder,
    SharedOrderRow: PlainSharedOrder,
    ProcessingResultRow: PlainResult,
    EventRow: PlainEvent,
}


async def test_a_plain_row_has_what_the_row_of_a_session_has(world: World) -> None:
    [shared] = await world.share("recipient", permission="PROCESS")
    await world.claim("recipient", shared)
    await world.process("recipient", shared, "ENDORSE")
    for table, shape in _SHAPES.items():
        query = RowQuery(select(*columns_of(table, shape)), shape._make)
        async with world.database.snapshot() as snapshot:
            plain = await snapshot.rows(query)
        async with world.database.read() as session:
            rows = (await session.exec(select_rows(table))).all()
        expected = [[getattr(row, name) for name in shape._fields] for row in rows]
        assert sorted(map(list, plain), key=repr) == sorted(expected, key=repr)
        # The words too are what they are there, not the text that equals them.
        assert {repr(value) for row in plain for value in row} == {repr(value) for row in expected for value in row}
        assert plain


async def test_a_snapshot_sees_one_moment_however_long_it_reads(world: World) -> None:
    async with world.database.snapshot() as snapshot:
        moment = await snapshot.ask_moment()
        assert [each.name for each in await list_order_types(snapshot)] == ["Hospital cover", "Dental cover"]
        kinds = [OrderTypeToImport("HOSPITAL", "Ward", 10), OrderTypeToImport("VISION", "Vision cover", 1)]
        await world.database.write(partial(import_order_types, types=kinds))
        assert [each.name for each in await list_order_types(snapshot)] == ["Hospital cover", "Dental cover"]
        assert await snapshot.ask_moment() == moment
    async with world.database.snapshot() as snapshot:
        assert [each.name for each in await list_order_types(snapshot)] == ["Vision cover", "Ward", "Dental cover"]
        assert (await snapshot.ask_moment()).names != moment.names


async def test_a_snapshot_of_postgresql_cannot_write(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    query = RowQuery(select(text("nextval('counted')")), tuple)
    async with database.engine.begin() as connection:
        await connection.execute(text("CREATE SEQUENCE counted"))
    async with database.snapshot() as snapshot:
        with pytest.raises(DBAPIError, match="read-only") as refused:
            await snapshot.rows(query)
    assert isinstance(refused.value.orig, asyncpg.PostgresError)
    async with database.engine.begin() as connection:
        await connection.execute(text("DROP SEQUENCE counted"))
    await database.close()


async def test_a_list_as_a_parameter_may_be_empty_or_long(world: World) -> None:
    order = await world.order_row()
    async with world.database.snapshot() as snapshot:
        assert await load_orders(snapshot, []) == {}
        found = await load_orders(snapshot, [*(uuid4() for _ in range(5_000)), order.id])
        assert list(found) == [order.id]
        assert isinstance(found[order.id].id, UUID)


async def test_a_value_that_is_not_given_is_not_taken_for_nothing(world: World) -> None:
    query = RowQuery(select(col(OrderRow.id)).where(col(OrderRow.title) == bindparam("title")), tuple)
    async with world.database.snapshot() as snapshot:
        with pytest.raises(KeyError, match="title"):
            await snapshot.rows(query)


def test_a_list_that_would_change_the_text_of_a_query_is_refused(database: Database) -> None:
    query = RowQuery(select(col(OrderRow.id)).where(col(OrderRow.title).in_(["a", "b"])), tuple)
    with pytest.raises(ValueError, match="no parameter that changes its text"):
        query.compiled(database.engine.dialect)
    kept = RowQuery(select(col(OrderRow.id)).where(any_of(col(OrderRow.title), "titles")), tuple)
    assert kept.compiled(database.engine.dialect) is kept.compiled(database.engine.dialect)


async def test_a_reader_that_is_cancelled_leaves_no_transaction_in_the_pool(world: World) -> None:
    begun = asyncio.Event()

    async def read() -> None:
        async with world.database.snapshot() as snapshot:
            await snapshot.ask_moment()
            begun.set()
            await asyncio.Event().wait()

    for _ in range(30):
        begun.clear()
        reader = asyncio.create_task(read())
        await begun.wait()
        reader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reader
    # Each reads the present: a transaction that had stayed open would show the past.
    kinds = [OrderTypeToImport("HOSPITAL", "Ward", 10)]
    await world.database.write(partial(import_order_types, types=kinds))
    for _ in range(30):
        async with world.database.snapshot() as snapshot:
            assert (await list_order_types(snapshot))[0].name == "Ward"
