"""Importing order types, and how lists follow their priorities."""

import pytest
from sqlmodel import col, select

from db.order_tables import OrderTypeRow
from domain.vocabulary import ErrorCode
from resolvers.import_order_types import OrderTypeToImport, TypesAnswer, import_order_types
from tests.world import World

HOSPITAL = OrderTypeToImport("HOSPITAL", "Hospital cover", 10)
DENTAL = OrderTypeToImport("DENTAL", "Dental cover", 20)


async def import_types(world: World, *types: OrderTypeToImport) -> TypesAnswer:
    return await world.database.write(lambda session: import_order_types(session, types))


async def types_of(world: World) -> set[OrderTypeToImport]:
    async with world.database.read() as session:
        rows = (await session.exec(select(OrderTypeRow).order_by(col(OrderTypeRow.code)))).all()
        return {OrderTypeToImport(row.code, row.name, row.priority) for row in rows}


async def test_types_are_inserted_changed_or_left_by_their_codes(world: World) -> None:
    dental, optical = OrderTypeToImport("DENTAL", "Teeth", 20), OrderTypeToImport("OPTICAL", "Eyes", -5)

    assert await import_types(world, HOSPITAL, dental, optical) == TypesAnswer(imported=1, updated=1, unchanged=1)

    assert await types_of(world) == {HOSPITAL, dental, optical}


async def test_the_same_types_again_change_nothing(world: World) -> None:
    before = await world.dump()

    assert await import_types(world, HOSPITAL, DENTAL) == TypesAnswer(unchanged=2)

    assert await world.dump() == before


async def test_the_orders_of_a_type_follow_its_priority_without_a_new_version(world: World) -> None:
    await import_types(world, OrderTypeToImport("HOSPITAL", "Hospital cover", 99))

    row = await world.order_row()
    assert (row.type_priority, row.version) == (99, 1)


async def test_of_two_types_with_one_code_the_later_counts(world: World) -> None:
    later = OrderTypeToImport("OPTICAL", "Eyes", 2)

    assert await import_types(world, OrderTypeToImport("OPTICAL", "Optical", 1), later) == TypesAnswer(imported=1)

    assert await types_of(world) == {HOSPITAL, DENTAL, later}


@pytest.mark.parametrize(
    ("refused", "field"),
    [
        (OrderTypeToImport("", "Eyes", 1), "code"),
        (OrderTypeToImport("OPTICAL", "", 1), "name"),
        (OrderTypeToImport("OPTICAL", "Eyes", 2**31), "priority"),
        (OrderTypeToImport("OPTICAL", "Eyes", -(2**31) - 1), "priority"),
    ],
)
async def test_a_type_that_cannot_be_is_refused_and_the_others_kept(
    world: World, refused: OrderTypeToImport, field: str
) -> None:
    optical = OrderTypeToImport("LIFE", "Life cover", 2**31 - 1)

    answer = await import_types(world, refused, optical)

    assert answer.imported == 1
    assert [(each.code, each.path) for each in answer.refusals] == [(ErrorCode.INVALID_INPUT, ("types", "0", field))]
    assert await types_of(world) == {HOSPITAL, DENTAL, optical}
