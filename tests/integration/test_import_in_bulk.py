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
from db.people_tables import OrganisationRow
from domain.vocabulary import MemberRole, OrderStatus
from resolvers.import_order_types import import_order_types
from resolvers.import_platform_rows import PlatformRow
from tests.integration.imports import counts, import_as, import_rows, log_of, members_of, named, order
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


def random_rows(world: str) -> list[PlatformRow]:
    """Return rows about few orders of few people, many of them refused; alike in every world but for its name."""
    dice = random.Random(20_261_122)
    return [
        named(
            row(
                f"R-{dice.randrange(4)}",
                dice.choice(["ann", "bob"]) + world,
                organisation=dice.choice(["fund", "team"]) + world,
                role=dice.choice([None, MemberRole.ADMIN, MemberRole.MEMBER]),
                type=dice.choice(["HOSPITAL", "DENTAL", "UNKNOWN"]),
                title=dice.choice(["One", "Two"]),
                status=dice.choice([OrderStatus.IN_FORCE, OrderStatus.LAPSED]),
                max_shares=dice.choice([2, 3, -1]),
            ),
            member_name=dice.choice(["Ann", "Bob"]),
        )
        for _ in range(60)
    ]


async def told_of_orders(database: Database, organisation: str) -> list[Any]:
    """Return an organisation's orders, what the next rows are compared with, and its log about orders."""
    statement = (
        select(OrderRow, col(ImportedOrderRow.record))
        .join(ImportedOrderRow, col(ImportedOrderRow.order_id) == col(OrderRow.id))
        .join(OrganisationRow, col(OrganisationRow.id) == col(OrderRow.organisation_id))
        .where(col(OrganisationRow.reference) == organisation)
        .order_by(col(OrderRow.reference))
    )
    async with database.read() as session:
        found = (await session.exec(statement)).all()
    orders = [
        (each.reference, each.version, each.title, each.status, each.type_priority, each.max_shares, record["role"])
        for each, record in found
    ]
    return [orders, [entry[:3] for entry in await log_of(database, organisation) if entry.version]]


async def test_rows_in_one_call_do_what_they_do_one_after_the_other(database: Database) -> None:
    await database.write(lambda session: import_order_types(session, TYPES))

    together = (await import_rows(database, *random_rows("-1"))).orders
    alone = [(await import_rows(database, each)).orders for each in random_rows("-2")]

    assert [bool(each.refusals) for each in alone].count(True) == len(together.refusals) > 0
    for count in ("imported", "updated", "unchanged"):
        assert getattr(together, count) == sum(getattr(each, count) for each in alone) > 0
    for organisation in ("fund", "team"):
        orders = await told_of_orders(database, f"{organisation}-1")
        assert orders == await told_of_orders(database, f"{organisation}-2")
        roles = await members_of(database, f"{organisation}-1")
        assert await members_of(database, f"{organisation}-2") == {
            reference.replace("-1", "-2"): role for reference, role in roles.items()
        }


async def test_two_imports_of_the_same_new_orders_at_once_make_each_of_them_once(world: World) -> None:
    rows = [order(f"NEW-{number}") for number in range(50)]

    answers = await asyncio.gather(*(import_as(world, "admin", *rows) for _ in range(4)))

    assert sorted(map(counts, answers)) == [(0, 0, 50)] * 3 + [(50, 0, 0)]
    assert [(await world.order_row(each.reference)).version for each in rows] == [1] * 50
