"""How the fields of a type are had from a row, told beside each field: for answers that are written without objects.

A field without a mark here is the column of its own name, and `id` is the row's id as a global id. The marks are read
by `schema.row_writer`, which writes code of them; the field's resolver answers the same from an object.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias

from domain.people import Member
from domain.vocabulary import SharePolicy


@dataclass(frozen=True)
class Place:
    """Where and when rows are judged.

    Attributes:
        member: The viewer as a member of the rows' organisation.
        now: The time of the answer.
        share_policy: The organisation's, where something is judged by it.
    """

    member: Member
    now: datetime
    share_policy: SharePolicy | None = None


class Remembered(StrEnum):
    """Rows that the process remembers."""

    USERS = "users"
    ORDER_TYPES = "order_types"


@dataclass(frozen=True)
class Parts:
    """An object that is made of columns of the same row: the column of each of its own."""

    columns: Mapping[str, str]


@dataclass(frozen=True)
class Refers:
    """An object that is made of a remembered row, whose key is in a column."""

    column: str
    to: Remembered


@dataclass(frozen=True)
class Judged:
    """A value that the rules derive of columns, in a place.

    Attributes:
        by: Derives it of the `Place` and the columns' values.
        columns: The columns.
        unless_null: Where this one is null there is nothing to derive: the value is that of the first column.
    """

    by: Callable[..., Any]
    columns: tuple[str, ...]
    unless_null: str | None = None


@dataclass(frozen=True)
class SharedOrders:
    """The connection of an order's shared orders."""


Mark: TypeAlias = Parts | Refers | Judged | SharedOrders

_MARK = "schema.row_fields"


def of_columns(**columns: str) -> dict[str, Any]:
    """Return the `metadata` of a field whose object is made of columns of the same row.

    Args:
        columns: For each column that the object's own fields name, the row's.
    """
    return {_MARK: Parts(columns)}


def refers(column: str, to: Remembered) -> dict[str, Any]:
    """Return the `metadata` of a field whose object is a remembered row.

    Args:
        column: The column with its key; where it is null, so is the field.
        to: Which rows.
    """
    return {_MARK: Refers(column, to)}


def judged(by: Callable[..., Any], *columns: str, unless_null: str | None = None) -> dict[str, Any]:
    """Return the `metadata` of a field that the rules decide.

    Args:
        by: Takes the `Place` and the values of the columns, words as members of their enums; returns the value.
        columns: The columns.
        unless_null: A column that, where it is null, leaves the first one's value as it is.
    """
    return {_MARK: Judged(by, columns, unless_null)}


SHARED_ORDERS: dict[str, Any] = {_MARK: SharedOrders()}
"""The `metadata` of the field for an order's shared orders."""


def mark_of(metadata: Mapping[Any, Any]) -> Mark | None:
    """Return what a field's metadata tells of it."""
    found: Mark | None = metadata.get(_MARK)
    return found
