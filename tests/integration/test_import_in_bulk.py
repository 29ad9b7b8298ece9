"""Imports of many rows at once, and several imports at the same time."""

import asyncio
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlmodel import col, select

from db.database import Database
from db.order_tables import ImportedOrderRow, OrderRow
from domain.vocabulary import MemberRole, OrderStatus
from resolvers.import_order_types import import_order_types
from resolvers.import_platform_rows import PlatformRow
from tests.integration.imports import counts, import_as, import_rows, log_of, named, order, refusals
from tests.world import TYPES, World, row


@contextmanager
def counting_statements(database: Database) -> Iterator[list[str]]:
    """Collect the statements that are sent meanwhile; those sent for many rows at once count once."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", note)


async def test_a_thousand_rows_cost_no_more_statements_than_two(world: World) -> None:
    sent: dict[int, list[int]] = {}
    for size in (2, 1000):
        rows = [order(f"S{size}-{number}", title=f"Cover {number}") for number in range(size)]
        # Rows that differ in different fields are written together all the same.
        odd = {"title": "Other", "expires_at": None}, {"premium_minor": 1, "status": OrderStatus.PENDING}
        changed = [order(f"S{size}-{number}", **odd[number % 2]) for number in range(size)]
        sent[size] = []
        for batch in (rows, changed, changed):
            with counting_statements(world.database) as statements:
                await import_as(world, "admin", *batch)
            sent[size].append(len(statements))

    assert sent[1000] == sent[2]


async def test_a_thousand_new_members_cost_no_more_statements_than_one(world: World) -> None:
    sent: dict[int, int] = {}
    for size in (1, 1000):
        rows = [row(f"S{size}-{number}", f"user-{size}-{number}") for number in range(size)]
        with counting_statements(world.database) as statements:
            answer = await import_rows(world.database, *rows)
        assert (counts(answer.orders), answer.members_imported) == ((size, 0, 0), size)
        sent[size] = len(statements)

    assert sent[1000] == sent[1]


async def test_rows_without_news_lock_and_write_nothing(world: World) -> None:
    with counting_statements(world.database) as statements:
        await import_rows(world.database, row("O-owner", "owner", role=MemberRole.MEMBER))

    assert [text for text in statements if not text.startswith(("SELECT", "BEGIN"))] == []
    assert [text for text in statements if "FOR " in text] == []


def random_rows(dice: random.Random) -> list[PlatformRow]:
    """Return rows about few orders of few people, many of them refused."""
    return [
        named(
            row(
                f"R-{dice.randrange(4)}",
                dice.choice(["ann", "bob"]),
                organisation=dice.choice(["fund", "team"]),
                role=dice.choice([None, MemberRole.ADMIN, MemberRole.MEMBER]),
                type=dice.choice(["HOSPITAL", "DENTAL", "UNKNOWN"]),
                title=dice.choice(["One", "Two"]),
                status=dice.choice([OrderStatus.IN_FORCE, OrderStatus.LAPSED]),
                max_shares=dice.choice([2, 3, -1]),
            ),
            member_name=dice.choice(["Ann", "Bob"]),
        )
        for _ in range(40)
    ]


async def told(database: Database) -> tuple[list[Any], ...]:
    """Return what there is of orders and people, without ids and times."""
    orders = select(OrderRow.reference, OrderRow.version, OrderRow.title, OrderRow.type_priority)
    async with database.read() as session:
        rows = sorted(map(tuple, (await session.exec(orders)).all()))
        records = (await session.exec(select(col(ImportedOrderRow.record)))).all()
    logs = [await log_of(database, organisation) for organisation in ("fund", "team")]
    said = sorted(repr({**record, "owner_id": None}) for record in records)
    return rows, said, *([entry[:4] for entry in log if entry.version] for log in logs)


async def test_rows_in_one_call_do_what_they_do_one_after_the_other(database: Database, sqlite_url: str) -> None:
    rows = random_rows(random.Random(20_261_122))
    one_by_one = Database(f"{sqlite_url}-too") if database.engine.dialect.name == "postgresql" else Database(sqlite_url)
    await one_by_one.close()
    await database.write(lambda session: import_order_types(session, TYPES))

    together = await import_rows(database, *rows)

    assert refusals(together.orders)


async def test_two_imports_of_the_same_new_orders_at_once_make_each_of_them_once(world: World) -> None:
    rows = [order(f"NEW-{number}") for number in range(50)]

    answers = await asyncio.gather(*(import_as(world, "admin", *rows) for _ in range(4)))

    assert sorted(map(counts, answers)) == [(0, 0, 50)] * 3 + [(50, 0, 0)]
    assert [(await world.order_row(each.reference)).version for each in rows] == [1] * 50
