"""Instants that go straight to text become what any other instant becomes."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlmodel import col, update

from db.database import Database
from db.instant_text import shown_instant
from db.order_tables import OrderRow
from db.parts_query import Part, PartsQuery
from schema.scalars import format_instant
from tests.world import World

_INSTANTS = {
    "midnight": datetime(2026, 11, 24, tzinfo=UTC),
    "a second": datetime(2026, 11, 24, 9, 30, 1, tzinfo=UTC),
    "a microsecond": datetime(2026, 11, 24, 9, 30, 0, 1, tzinfo=UTC),
    "all digits": datetime(2026, 11, 24, 9, 30, 0, 123456, tzinfo=UTC),
    "zeros at the end": datetime(2026, 11, 24, 9, 30, 0, 120000, tzinfo=UTC),
    "zeros at the beginning": datetime(2026, 11, 24, 9, 30, 0, 120, tzinfo=UTC),
    "the last microsecond of a day": datetime(2026, 11, 24, 23, 59, 59, 999999, tzinfo=UTC),
    "the epoch": datetime(2000, 1, 1, tzinfo=UTC),
    "before the epoch": datetime(2000, 1, 1, tzinfo=UTC) - timedelta(microseconds=1),
    "before 1970": datetime(1969, 7, 20, 20, 17, 40, 500000, tzinfo=UTC),
    "a leap day": datetime(2028, 2, 29, 12, tzinfo=UTC),
    "no leap day": datetime(1900, 3, 1, tzinfo=UTC),
    "the year 1": datetime(1, 1, 1, 0, 0, 1, tzinfo=UTC),
    "the year 1 and a little": datetime(1, 1, 1, 0, 0, 0, 10, tzinfo=UTC),
    "the year 9999": datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
    "the year 9999 nearly to its end": datetime(9999, 12, 31, 23, 59, 59, 999990, tzinfo=UTC),
    "another zone": datetime.fromisoformat("2026-11-24T01:30:00.250000+05:30"),
}


async def _shown(database: Database) -> list[Any]:
    shown = shown_instant(col(OrderRow.effective_at))
    one = Part({"shown": shown}, lambda statement: statement.where(col(OrderRow.reference) == "O-owner"))
    query = PartsQuery(lambda _: [one, _nothing()])
    return [row[1] for row in await database.glance(query)]


def _nothing() -> Part:
    return Part({"shown": shown_instant(col(OrderRow.expires_at))}, lambda s: s.where(col(OrderRow.id).is_(None)))


async def _set(instant: datetime, session: Any) -> None:
    changed = update(OrderRow).where(col(OrderRow.reference) == "O-owner")
    await session.exec(changed.values(effective_at=instant))


async def test_an_instant_that_is_only_shown_is_the_text_of_that_instant(world: World) -> None:
    for name, instant in _INSTANTS.items():
        await world.database.write(partial(_set, instant))
        [kept] = await _shown(world.database)
        stored = (await world.order_row()).effective_at
        assert stored == instant
        # Twice: the second time it is remembered.
        for _ in range(2):
            assert world.database.instant_text(kept) == format_instant(stored) == format_instant(instant), name


async def test_an_instant_that_is_not_there_is_read_as_null(world: World) -> None:
    query = PartsQuery(lambda _: [Part({"shown": shown_instant(col(OrderRow.expires_at))}, lambda s: s), _nothing()])

    assert {row[1] for row in await world.database.glance(query)} == {None}


@pytest.mark.parametrize("instant", [datetime.min, datetime.max])
async def test_the_first_and_the_last_instant_of_all_are_left_to_the_driver(world: World, instant: datetime) -> None:
    """asyncpg keeps these two as the infinite ones of PostgreSQL, which have no place among the others."""
    await world.database.write(partial(_set, instant.replace(tzinfo=UTC)))
    [kept] = await _shown(world.database)
    if world.database.engine.dialect.name == "postgresql":
        with pytest.raises(OverflowError):
            world.database.instant_text(kept)
    else:
        assert world.database.instant_text(kept) == format_instant(instant.replace(tzinfo=UTC))
