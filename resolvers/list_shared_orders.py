"""The shared orders that a viewer sees: of an order, or in their own boxes; the newest first."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, func, or_, select
from sqlmodel import col
from sqlmodel.sql.sqltypes import UTCDateTime

from db.keyset import UP_TO, Keyset, Page, PageRequest, cut
from db.plain_rows import PlainSharedOrder
from db.row_query import RowQuery, any_of, columns_of, only_value
from db.sharing_tables import SharedOrderRow
from db.snapshot import Snapshot
from domain.people import Viewer
from domain.vocabulary import SharedOrderStatus
from resolvers.find_rows import VIEWER, VIEWER_SEES_SHARED_ORDER, viewer_belongs_to
from resolvers.nested_pages import NestedList

_NEWEST_FIRST = Keyset((col(SharedOrderRow.id),), descending=True)

_ByClock = frozenset[SharedOrderStatus] | None
"""Which of the statuses that the clock tells apart a filter keeps; None where there is no filter."""

_TOLD_BY_CLOCK = frozenset({SharedOrderStatus.OFFERED, SharedOrderStatus.EXPIRED})


class SharedOrderBox(StrEnum):
    """Which of the viewer's shared orders: those they received or those they sent."""

    RECEIVED = "RECEIVED"
    SENT = "SENT"


_BOX_COLUMN = {
    SharedOrderBox.RECEIVED: col(SharedOrderRow.recipient_id),
    SharedOrderBox.SENT: col(SharedOrderRow.sender_id),
}


async def list_boxed(
    snapshot: Snapshot,
    viewer: Viewer,
    box: SharedOrderBox,
    statuses: Sequence[SharedOrderStatus] | None,
    now: datetime,
    request: PageRequest,
) -> Page[PlainSharedOrder]:
    """Return a page of what the viewer received or sent, in all organisations of which they are a member now."""
    query = _listing(box, _by_clock(statuses), request.form)
    values = _values(viewer, statuses, now)
    return cut(await snapshot.rows(query, **values, **request.parameters()), request)


async def count_boxed(
    snapshot: Snapshot,
    viewer: Viewer,
    box: SharedOrderBox,
    statuses: Sequence[SharedOrderStatus] | None,
    now: datetime,
) -> int:
    """Return how many shared orders the viewer received or sent."""
    return await snapshot.one(_counting(box, _by_clock(statuses)), **_values(viewer, statuses, now))


async def list_of_orders(
    snapshot: Snapshot,
    viewer: Viewer,
    order_ids: Collection[UUID],
    statuses: Sequence[SharedOrderStatus] | None,
    now: datetime,
    request: PageRequest,
) -> Mapping[UUID, Page[PlainSharedOrder]]:
    """Return the same page of the shared orders of each order, as far as the viewer sees them."""
    nested = _of_orders(_by_clock(statuses))
    return await nested.pages(snapshot, order_ids, request, **_values(viewer, statuses, now))


async def count_of_orders(
    snapshot: Snapshot,
    viewer: Viewer,
    order_ids: Collection[UUID],
    statuses: Sequence[SharedOrderStatus] | None,
    now: datetime,
) -> Mapping[UUID, int]:
    """Return how many shared orders of each order the viewer sees."""
    nested = _of_orders(_by_clock(statuses))
    return await nested.counts(snapshot, order_ids, **_values(viewer, statuses, now))


@lru_cache(8)
def _of_orders(by_clock: _ByClock) -> NestedList[PlainSharedOrder]:
    conditions = (VIEWER_SEES_SHARED_ORDER, *_with_statuses(by_clock))
    return NestedList(SharedOrderRow, PlainSharedOrder, "order_id", _NEWEST_FIRST, *conditions)


@lru_cache(64)
def _listing(box: SharedOrderBox, by_clock: _ByClock, form: PageRequest) -> RowQuery[PlainSharedOrder]:
    statement = (
        select(*columns_of(SharedOrderRow, PlainSharedOrder))
        .where(*_boxed(box, by_clock), *_NEWEST_FIRST.bounds(form))
        .order_by(*_NEWEST_FIRST.ordering(form))
        .limit(UP_TO)
    )
    return RowQuery(statement, PlainSharedOrder._make)


@lru_cache(16)
def _counting(box: SharedOrderBox, by_clock: _ByClock) -> RowQuery[int]:
    counting = select(func.count()).select_from(SharedOrderRow).where(*_boxed(box, by_clock))
    return RowQuery(counting, only_value)


def _boxed(box: SharedOrderBox, by_clock: _ByClock) -> list[ColumnElement[bool]]:
    return [
        _BOX_COLUMN[box] == VIEWER,
        viewer_belongs_to(SharedOrderRow.organisation_id),
        *_with_statuses(by_clock),
    ]


def _by_clock(statuses: Sequence[SharedOrderStatus] | None) -> _ByClock:
    return None if statuses is None else _TOLD_BY_CLOCK.intersection(statuses)


def _with_statuses(by_clock: _ByClock) -> list[ColumnElement[bool]]:
    """Return the condition that a reader sees one of the statuses: `domain.claiming.status_at` as SQL."""
    if by_clock is None:
        return []
    status, closes_at = col(SharedOrderRow.status), col(SharedOrderRow.closes_at)
    now: BindParameter[datetime] = bindparam("now", type_=UTCDateTime())
    seen: list[ColumnElement[bool]] = [any_of(status, "lasting")]
    if SharedOrderStatus.OFFERED in by_clock:
        seen.append(and_(status == SharedOrderStatus.OFFERED, closes_at > now))
    if SharedOrderStatus.EXPIRED in by_clock:
        seen.append(and_(status == SharedOrderStatus.OFFERED, closes_at <= now))
    return [or_(*seen)]


def _values(viewer: Viewer, statuses: Sequence[SharedOrderStatus] | None, now: datetime) -> dict[str, Any]:
    lasting = [word for word in statuses or () if word is not SharedOrderStatus.OFFERED]
    return {"viewer_id": viewer.user_id, "lasting": lasting, "now": now}
