"""Keyset pages: the rows after, or before, a row that the client has seen.

All keys of an order run the same way, so that one row comparison finds the page through one index, at the same cost
at any depth and unmoved by rows that come or go elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, tuple_
from sqlalchemy.orm import Mapped

Row = TypeVar("Row")


@dataclass(frozen=True)
class PageRequest:
    """Which page is asked for.

    Attributes:
        size: How many rows, at least 1.
        after: The keys of the row before the page, or None from the start.
        before: The keys of the row behind the page, or None to the end.
        backward: Whether the page is the last one of those rows rather than the first.
    """

    size: int
    after: tuple[Any, ...] | None = None
    before: tuple[Any, ...] | None = None
    backward: bool = False


@dataclass(frozen=True)
class Page(Generic[Row]):
    """The rows of a page, in order, and whether there are more on either side."""

    rows: Sequence[Row]
    has_next: bool
    has_previous: bool


@dataclass(frozen=True)
class Keyset:
    """The columns that give a list its order; the last one makes it total."""

    keys: tuple[Mapped[Any], ...]
    descending: bool = False

    def bounds(self, request: PageRequest) -> list[ColumnElement[bool]]:
        """Return the conditions that leave the rows between `after` and `before`."""
        place = tuple_(*self.keys)
        conditions: list[ColumnElement[bool]] = []
        if request.after is not None:
            conditions.append(place < request.after if self.descending else place > request.after)
        if request.before is not None:
            conditions.append(place > request.before if self.descending else place < request.before)
        return conditions

    def ordering(self, request: PageRequest) -> list[ColumnElement[Any]]:
        """Return the columns to sort by; a backward page is read from its end."""
        down = self.descending != request.backward
        return [key.desc() if down else key.asc() for key in self.keys]


def cut(rows: Sequence[Row], request: PageRequest) -> Page[Row]:
    """Return the page from at most `size + 1` rows, read in `Keyset.ordering`.

    As the Relay specification allows, the side that was not asked for is answered by whether a cursor bounds it.
    """
    more = len(rows) > request.size
    kept = rows[: request.size]
    if request.backward:
        return Page(kept[::-1], has_next=request.before is not None, has_previous=more)
    return Page(kept, has_next=more, has_previous=request.after is not None)
