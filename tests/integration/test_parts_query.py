"""Rows of different kinds read by one statement: each value in its place, the same on both databases."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import BigInteger, Boolean, Uuid, bindparam, column, func, literal, null
from sqlmodel import JSON, cast, col
from sqlmodel.sql.sqltypes import UTCDateTime

from db.database import Database
from db.instant_text import shown_instant
from db.log_tables import EventRow
from db.order_tables import OrderRow
from db.parts_query import Part, PartsQuery, Slots
from db.people_tables import UserRow
from tests.world import BEGAN, World


def _read(**columns: Any) -> dict[str, Any]:
    return {name: col(column) for name, column in columns.items()}


def _whole(statement: Any) -> Any:
    return statement


_CONSTANTS: dict[str, Any] = {
    "id": literal(UUID(int=7), Uuid()),
    "word": literal("word"),
    "number": literal(2**40, BigInteger()),
    "at": literal(datetime(2026, 11, 24, 9, 30, 0, 120, tzinfo=UTC), UTCDateTime()),
}


async def test_columns_of_a_kind_share_slots_and_the_others_are_null(world: World) -> None:
    people = Part(
        _read(name=UserRow.name, id=UserRow.id, reference=UserRow.reference),
        lambda statement: statement.where(col(UserRow.reference) == bindparam("who")),
    )
    orders = Part(
        _read(
            premium=OrderRow.premium_minor,
            title=OrderRow.title,
            begins=OrderRow.effective_at,
            status=OrderRow.status,
            currency=OrderRow.currency,
            ends=OrderRow.expires_at,
            key=OrderRow.id,
        ),
        lambda statement: statement.where(col(OrderRow.reference) == "O-owner"),
    )
    query = PartsQuery(lambda _: [people, orders])

    [person, order] = await world.database.glance(query, who="member")

    assert query.slots.kinds == ["text", "uuid", "text", "number", "instant", "text", "instant"]
    assert query.slots.places == [
        {"name": 1, "id": 2, "reference": 3},
        {"premium": 4, "title": 1, "begins": 5, "status": 3, "currency": 6, "ends": 7, "key": 2},
    ]
    stored = await world.order_row()
    assert list(person) == [0, "Member", person[2], "member", None, None, None, None]
    assert isinstance(person[2], UUID)
    assert list(order) == [1, "Cover O-owner", stored.id, "IN_FORCE", 1250, BEGAN, "EUR", None]
    assert type(order[3]) is str


async def test_a_value_is_of_the_class_that_its_kind_says_on_both_databases(database: Database) -> None:
    constants = Part(_CONSTANTS, _whole)
    nothing = Part({name: literal(None, value.type) for name, value in _CONSTANTS.items()}, _whole)
    rows = await database.glance(PartsQuery(lambda _: [constants, nothing, constants]))

    told = [UUID(int=7), "word", 2**40, datetime(2026, 11, 24, 9, 30, 0, 120, tzinfo=UTC)]
    assert [list(row) for row in rows] == [[0, *told], [1, None, None, None, None], [2, *told]]
    assert [str(value.tzinfo) for value in (rows[0][4], rows[2][4])] == ["UTC", "UTC"]


async def test_no_part_need_have_rows(world: World) -> None:
    nobody = Part(_read(name=UserRow.name), lambda statement: statement.where(col(UserRow.name) == bindparam("who")))
    query = PartsQuery(lambda _: [nobody, nobody])

    assert list(await world.database.glance(query, who="nobody")) == []
    assert [list(row) for row in await world.database.glance(query, who="Owner")] == [[0, "Owner"], [1, "Owner"]]


def test_the_statement_is_compiled_once_for_a_database(database: Database) -> None:
    built: list[str] = []

    def build(dialect: str) -> list[Part]:
        built.append(dialect)
        return [Part(_read(name=UserRow.name), _whole)] * 2

    query = PartsQuery(build)
    compiled = query.compiled(database.engine.dialect)

    assert query.compiled(database.engine.dialect) is compiled
    assert sorted(built) == sorted(["postgresql", database.engine.dialect.name])


@pytest.mark.parametrize(
    "refused",
    [
        pytest.param(col(EventRow.payload), id="json"),
        pytest.param(column("flag", Boolean()), id="boolean"),
        pytest.param(func.now(), id="an-instant-without-zone"),
        pytest.param(cast(null(), JSON()), id="json-that-is-null"),
        pytest.param(literal(1.5), id="fraction"),
    ],
)
def test_a_column_of_another_kind_is_refused(refused: Any) -> None:
    with pytest.raises(ValueError, match="is of no kind that a slot can hold"):
        Slots([Part({"refused": refused}, _whole)])


def test_an_instant_to_be_shown_is_in_no_slot_of_instants() -> None:
    part = Part({**_read(at=OrderRow.effective_at), "shown": shown_instant(col(OrderRow.effective_at))}, _whole)

    assert Slots([part]).kinds == ["instant", "shown instant"]
