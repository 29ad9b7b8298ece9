"""Keyset pages: the rows after, or before, a row that the client has seen.

All keys of an order run the same way, so that one row comparison finds the page through one index, at the same cost
at any depth and unmoved by rows that come or go elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import BigInteger, ColumnElement, Tuple, bindparam, inspect, tuple_
from sqlalchemy.orm import Mapped

from db.unplanned import unplanned

Row = TypeVar("Row")

UP_TO = bindparam("up_to", type_=BigInteger())
"""The parameter of how many rows to read."""


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

    @property
    def form(self) -> "PageRequest":
        """What the text of a statement depends on: the request without its values."""
        if self.after is None and self.before is None:
            return _LAST if self.backward else _FIRST
        after = None if self.after is None else (None,) * len(self.after)
        before = None if self.before is None else (None,) * len(self.before)
        return PageRequest(1, after, before, self.backward)

    def parameters(self) -> dict[str, Any]:
        """Return what `Keyset.bounds` of its form needs, by name, and `up_to`: how many rows `cut` needs."""
        values: dict[str, Any] = {"up_to": self.size + 1}
        for side, keys in (("after", self.after), ("before", self.before)):
            if keys is not None:
                values.update(zip(_parameters(side, keys), keys, strict=True))
        return values


_FIRST = PageRequest(1)
_LAST = PageRequest(1, backward=True)


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
        """Return the conditions that leave the rows between `after` and `before`, which are parameters in them."""
        place = tuple_(*self.keys)
        conditions: list[ColumnElement[bool]] = []
        if request.after is not None:
            after = self._bound("after", request.after)
            conditions.append(place < after if self.descending else place > after)
        if request.before is not None:
            before = self._bound("before", request.before)
            conditions.append(place > before if self.descending else place < before)
        return conditions

    def _bound(self, side: str, values: tuple[Any, ...]) -> Tuple:
        named = zip(_parameters(side, values), self.keys, values, strict=True)
        return tuple_(*(unplanned(bindparam(name, value, type_=inspect(key).type)) for name, key, value in named))

    def ordering(self, request: PageRequest) -> list[ColumnElement[Any]]:
        """Return the columns to sort by; a backward page is read from its end."""
        down = self.descending != request.backward
        return [key.desc() if down else key.asc() for key in self.keys]


def _parameters(side: str, values: tuple[Any, ...]) -> list[str]:
    return [f"{side}_{place}" for place in range(len(values))]


def cut(rows: Sequence[Row], request: PageRequest) -> Page[Row]:
    """Return the page from at most `size + 1` rows, read in `Keyset.ordering`.

    As the Relay specification allows, the side that was not asked for is answered by whether a cursor bounds it.
    """
    more = len(rows) > request.size
    kept = rows[: request.size]
    if request.backward:
        return Page(kept[::-1], has_next=request.before is not None, has_previous=more)
    return Page(kept, has_next=more, has_previous=request.after is not None)
