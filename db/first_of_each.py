"""The first rows of a list that each of many parents has."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, FromClause, and_, func, literal_column, select, true
from sqlalchemy.orm import Mapped


def first_of_each(
    parents: FromClause,
    parent_key: ColumnElement[Any],
    columns: Sequence[ColumnElement[Any]],
    *,
    key: Mapped[Any],
    conditions: Sequence[ColumnElement[bool]],
    ordering: Sequence[ColumnElement[Any]],
    limit: int,
    dialect: str,
) -> tuple[FromClause, FromClause]:
    """Return the first rows of each parent's list, and what they are selected from together with their parents.

    PostgreSQL walks the list's index for each parent and stops after the last row that is wanted. SQLite cannot look
    at a parent from within a subquery of FROM, and numbers the rows of all lists instead.

    Args:
        parents: The parents, few of them.
        parent_key: The column of a parent that rows refer to.
        columns: What is read of each row.
        key: The column of a row that refers to its parent.
        conditions: What a row must meet to be in its list; they may look at the parent.
        ordering: The order of each list.
        limit: How many rows of each list are wanted.
        dialect: The database's.
    """
    if dialect == "postgresql":
        first = (
            select(*columns).where(key == parent_key, *conditions).order_by(*ordering).limit(literal_column(str(limit)))
        )
        lateral = first.correlate(parents).lateral("first_rows")
        return lateral, parents.join(lateral, true())
    place = func.row_number().over(partition_by=key, order_by=ordering).label("place")
    numbered = (
        select(*columns, key.label("parent_key"), place)
        .select_from(parents)
        .where(key == parent_key, *conditions)
        .subquery("first_rows")
    )
    within = and_(numbered.c.parent_key == parent_key, numbered.c.place <= limit)
    return numbered, parents.join(numbered, within)
