"""The first rows of many lists in one statement: what a list of orders needs of each of them."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, inspect
from sqlalchemy.orm import Mapped, aliased
from sqlmodel import SQLModel, col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.keyset import Keyset, Page, PageRequest, cut

Row = TypeVar("Row", bound=SQLModel)


async def pages_by_parent(
    session: AsyncSession,
    table: type[Row],
    parent: Mapped[Any],
    parent_ids: Collection[UUID],
    conditions: Collection[ColumnElement[bool]],
    keyset: Keyset,
    request: PageRequest,
) -> Mapping[UUID, Page[Row]]:
    """Return the same page of the list of each parent, in one statement however many parents there are.

    Args:
        session: An open session.
        table: What the lists hold.
        parent: The column that tells which list a row belongs to.
        parent_ids: Which lists.
        conditions: What a row must meet to be in its list.
        keyset: The order of each list.
        request: Which page of each list.
    """
    name: str = inspect(parent).key
    place = func.row_number().over(partition_by=parent, order_by=keyset.ordering(request)).label("place")
    numbered = select(table, place).where(parent.in_(parent_ids), *conditions, *keyset.bounds(request)).subquery()
    row_of = aliased(table, numbered)
    first = select(row_of).where(numbered.c.place <= request.size + 1).order_by(numbered.c[name], numbered.c.place)
    lists: defaultdict[UUID, list[Row]] = defaultdict(list)
    for row in (await session.exec(first)).all():
        lists[getattr(row, name)].append(row)
    return {parent_id: cut(lists[parent_id], request) for parent_id in parent_ids}


async def counts_by_parent(
    session: AsyncSession,
    parent: Mapped[Any],
    parent_ids: Collection[UUID],
    conditions: Collection[ColumnElement[bool]],
) -> Mapping[UUID, int]:
    """Return how many rows the list of each parent holds, in one statement."""
    statement: Any = select(col(parent), func.count()).where(parent.in_(parent_ids), *conditions).group_by(col(parent))
    counted = dict((await session.exec(statement)).all())
    return {parent_id: counted.get(parent_id, 0) for parent_id in parent_ids}
