"""The orders of an organisation, sorted and filtered, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, func, inspect, or_, select
from sqlmodel import col
from sqlmodel.sql.sqltypes import UTCDateTime

from db.keyset import UP_TO, Keyset, Page, PageRequest, cut
from db.order_tables import OrderRow
from db.plain_rows import PlainOrder
from db.row_query import RowQuery, any_of, columns_of, only_value
from db.search import SEARCH, found_by, search_values
from db.snapshot import Snapshot
from domain.sharing import SHAREABLE_STATUSES
from domain.vocabulary import OrderStatus


class OrderSort(StrEnum):
    """What a list of orders is sorted by; ties fall to the id."""

    TYPE_PRIORITY = "TYPE_PRIORITY"
    EXPIRES_AT = "EXPIRES_AT"
    EFFECTIVE_AT_DESC = "EFFECTIVE_AT_DESC"
    PREMIUM_DESC = "PREMIUM_DESC"


ORDERINGS: dict[OrderSort, Keyset] = {
    OrderSort.TYPE_PRIORITY: Keyset((col(OrderRow.type_priority), col(OrderRow.newest_first), col(OrderRow.id))),
    OrderSort.EXPIRES_AT: Keyset((col(OrderRow.expires_last), col(OrderRow.id))),
    OrderSort.EFFECTIVE_AT_DESC: Keyset((col(OrderRow.newest_first), col(OrderRow.id))),
    OrderSort.PREMIUM_DESC: Keyset((col(OrderRow.premium_minor), col(OrderRow.id)), descending=True),
}


@dataclass(frozen=True)
class OrderFilter:
    """Which orders a list keeps; every condition that is given must hold.

    Attributes:
        shareable: Whether the status lets the order be shared.
        statuses: Any of these.
        type_codes: Any of these.
        owner_ids: Any of these owners.
        expires_before: The cover ends before this instant; one without end does not.
        expires_after: The cover ends after this instant; one without end does.
        search: The title contains it, or the reference starts with it, in any case of letters.
    """

    shareable: bool | None = None
    statuses: Sequence[OrderStatus] | None = None
    type_codes: Sequence[str] | None = None
    owner_ids: Sequence[UUID] | None = None
    expires_before: datetime | None = None
    expires_after: datetime | None = None
    search: str | None = None


KEY_NAMES = {sort: tuple(inspect(key).key for key in keyset.keys) for sort, keyset in ORDERINGS.items()}
"""The names of the columns by which a row has its place in a list."""


def sort_keys(sort: OrderSort, row: PlainOrder) -> tuple[int | UUID, ...]:
    """Return the keys by which a row has its place in the list."""
    return tuple(getattr(row, name) for name in KEY_NAMES[sort])


async def list_orders(
    snapshot: Snapshot, organisation_id: UUID, kept: OrderFilter, sort: OrderSort, request: PageRequest
) -> Page[PlainOrder]:
    """Return a page of the organisation's orders; the caller has seen that the viewer is its member."""
    given = values_given(kept)
    query = _listing(frozenset(given), sort, request.form)
    rows = await snapshot.rows(query, organisation_id=organisation_id, **given, **request.parameters())
    return cut(rows, request)


async def count_orders(snapshot: Snapshot, organisation_id: UUID, kept: OrderFilter) -> int:
    """Return how many orders of the organisation the filter keeps."""
    given = values_given(kept)
    return await snapshot.one(_counting(frozenset(given)), organisation_id=organisation_id, **given)


@lru_cache(256)
def _listing(given: frozenset[str], sort: OrderSort, form: PageRequest) -> RowQuery[PlainOrder]:
    keyset = ORDERINGS[sort]
    statement = (
        select(*columns_of(OrderRow, PlainOrder))
        .where(_OF_ORGANISATION, *conditions_of(given), *keyset.bounds(form))
        .order_by(*keyset.ordering(form))
        .limit(UP_TO)
    )
    return RowQuery(statement, PlainOrder._make)


@lru_cache(64)
def _counting(given: frozenset[str]) -> RowQuery[int]:
    statement = select(func.count()).select_from(OrderRow).where(_OF_ORGANISATION, *conditions_of(given))
    return RowQuery(statement, only_value)


_OF_ORGANISATION = col(OrderRow.organisation_id) == bindparam("organisation_id")


def _instant(parameter: str) -> BindParameter[datetime]:
    return bindparam(parameter, type_=UTCDateTime())


_expires_at = col(OrderRow.expires_at)
_CONDITIONS: dict[str, ColumnElement[bool]] = {
    "statuses": any_of(col(OrderRow.status), "statuses"),
    "type_codes": any_of(col(OrderRow.type_code), "type_codes"),
    "owner_ids": any_of(col(OrderRow.owner_id), "owner_ids"),
    "expires_before": and_(_expires_at.is_not(None), _expires_at < _instant("expires_before")),
    "expires_after": or_(_expires_at.is_(None), _expires_at > _instant("expires_after")),
    SEARCH: found_by(col(OrderRow.search_title), col(OrderRow.search_reference)),
}
"""What each condition of a filter means; its value is the parameter of its name."""


def conditions_of(given: frozenset[str]) -> list[ColumnElement[bool]]:
    """Return the conditions that a filter gives, in one order, so that the same filter is the same statement.

    Args:
        given: The names of what `values_given` returns for the filter.
    """
    return [condition for name, condition in _CONDITIONS.items() if name in given]


def values_given(kept: OrderFilter) -> dict[str, Any]:
    """Return the values of the conditions that a filter gives."""
    values = {
        "statuses": _statuses(kept),
        "type_codes": kept.type_codes,
        "owner_ids": kept.owner_ids,
        "expires_before": kept.expires_before,
        "expires_after": kept.expires_after,
    }
    given = {name: value for name, value in values.items() if value is not None}
    return given if kept.search is None else {**given, **search_values(kept.search)}


def _statuses(kept: OrderFilter) -> list[OrderStatus] | None:
    """Return the statuses that meet both conditions about them, or None where there is none."""
    if kept.statuses is None and kept.shareable is None:
        return None
    wanted = OrderStatus if kept.statuses is None else kept.statuses
    return [status for status in wanted if kept.shareable in (None, status in SHAREABLE_STATUSES)]
