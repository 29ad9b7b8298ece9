"""The first rows of many lists in one statement: what a list of orders needs of each of them."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from functools import cached_property, lru_cache
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlmodel import SQLModel

from db.keyset import UP_TO, Keyset, Page, PageRequest, cut
from db.row_query import RowQuery, any_of, columns_of
from db.snapshot import Snapshot

Row = TypeVar("Row", bound=NamedTuple)

_SHAPES = 8


class NestedList(Generic[Row]):
    """A list that each parent has, read for many parents at once. Its queries are built once for each shape."""

    def __init__(
        self,
        table: type[SQLModel],
        shape: type[Row],
        parent: str,
        keyset: Keyset,
        *conditions: ColumnElement[bool],
    ) -> None:
        """Describe a list.

        Args:
            table: What the lists hold.
            shape: The plain row of it.
            parent: The name of the column that tells which list a row belongs to.
            keyset: The order of each list.
            conditions: What a row must meet to be in its list; their parameters come with each request.
        """
        self._table, self._shape, self._keyset, self._conditions = table, shape, keyset, conditions
        self._parent_name = parent
        self._parent: ColumnElement[Any] = table.__table__.c[parent]  # type: ignore[attr-defined]  # SQLModel has it
        self._query = lru_cache(_SHAPES)(self._build)

    async def pages(
        self, snapshot: Snapshot, parent_ids: Collection[UUID], request: PageRequest, **values: Any
    ) -> Mapping[UUID, Page[Row]]:
        """Return the same page of the list of each parent, in one statement however many parents there are."""
        query = self._query(request.form)
        rows = await snapshot.rows(query, parent_ids=parent_ids, **request.parameters(), **values)
        lists: defaultdict[UUID, list[Row]] = defaultdict(list)
        place = self._shape._fields.index(self._parent_name)
        for row in rows:
            lists[row[place]].append(row)
        return {parent_id: cut(lists[parent_id], request) for parent_id in parent_ids}

    async def counts(self, snapshot: Snapshot, parent_ids: Collection[UUID], **values: Any) -> Mapping[UUID, int]:
        """Return how many rows the list of each parent holds, in one statement."""
        counted = dict(await snapshot.rows(self._counting, parent_ids=parent_ids, **values))
        return {parent_id: counted.get(parent_id, 0) for parent_id in parent_ids}

    def _build(self, form: PageRequest) -> RowQuery[Row]:
        place = func.row_number().over(partition_by=self._parent, order_by=self._keyset.ordering(form))
        numbered = (
            select(*columns_of(self._table, self._shape), place.label("place"))
            .where(any_of(self._parent, "parent_ids"), *self._conditions, *self._keyset.bounds(form))
            .subquery()
        )
        first = (
            select(*columns_of(numbered, self._shape))
            .where(numbered.c.place <= UP_TO)
            .order_by(numbered.c[self._parent_name], numbered.c.place)
        )
        return RowQuery(first, self._shape._make)

    @cached_property
    def _counting(self) -> RowQuery[tuple[UUID, int]]:
        counting = select(self._parent, func.count()).where(any_of(self._parent, "parent_ids"), *self._conditions)
        return RowQuery(counting.group_by(self._parent), tuple)
