"""The shared orders that a viewer sees: of an order, or in their own boxes; the newest first."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.keyset import Keyset, Page, PageRequest, cut
from db.sharing_tables import SharedOrderRow
from domain.people import Viewer
from domain.vocabulary import SharedOrderStatus, SharePermission
from resolvers.find_rows import viewer_belongs_to, viewer_sees_shared_order
from resolvers.nested_pages import counts_by_parent, pages_by_parent

NEWEST_FIRST = Keyset((col(SharedOrderRow.id),), descending=True)


class SharedOrderBox(StrEnum):
    """Which of the viewer's shared orders: those they received or those they sent."""

    RECEIVED = "RECEIVED"
    SENT = "SENT"


_BOX_COLUMN = {
    SharedOrderBox.RECEIVED: col(SharedOrderRow.recipient_id),
    SharedOrderBox.SENT: col(SharedOrderRow.sender_id),
}


async def list_boxed(
    session: AsyncSession,
    viewer: Viewer,
    box: SharedOrderBox,
    statuses: Sequence[SharedOrderStatus] | None,
    now: datetime,
    request: PageRequest,
) -> Page[SharedOrderRow]:
    """Return a page of what the viewer received or sent, in all organisations of which they are a member now."""
    statement = (
        select(SharedOrderRow)
        .where(*_boxed(viewer, box, statuses, now), *NEWEST_FIRST.bounds(request))
        .order_by(*NEWEST_FIRST.ordering(request))
        .limit(request.size + 1)
    )
    return cut((await session.exec(statement)).all(), request)


async def count_boxed(
    session: AsyncSession,
    viewer: Viewer,
    box: SharedOrderBox,
    statuses: Sequence[SharedOrderStatus] | None,
    now: datetime,
) -> int:
    """Return how many shared orders the viewer received or sent."""
    conditions = _boxed(viewer, box, statuses, now)
    statement = select(func.count()).select_from(SharedOrderRow).where(*conditions)
    return (await session.exec(statement)).one()


async def list_of_orders(
    session: AsyncSession,
    viewer: Viewer,
    order_ids: Collection[UUID],
    statuses: Sequence[SharedOrderStatus] | None,
    now: datetime,
    request: PageRequest,
) -> Mapping[UUID, Page[SharedOrderRow]]:
    """Return the same page of the shared orders of each order, as far as the viewer sees them."""
    conditions = [viewer_sees_shared_order(viewer), *with_statuses(statuses, now)]
    parent = col(SharedOrderRow.order_id)
    return await pages_by_parent(session, SharedOrderRow, parent, order_ids, conditions, NEWEST_FIRST, request)


async def count_of_orders(
    session: AsyncSession,
    viewer: Viewer,
    order_ids: Collection[UUID],
    statuses: Sequence[SharedOrderStatus] | None,
    now: datetime,
) -> Mapping[UUID, int]:
    """Return how many shared orders of each order the viewer sees."""
    conditions = [viewer_sees_shared_order(viewer), *with_statuses(statuses, now)]
    return await counts_by_parent(session, col(SharedOrderRow.order_id), order_ids, conditions)


async def permissions_claimed(
    session: AsyncSession, viewer: Viewer, order_ids: Collection[UUID]
) -> Mapping[UUID, SharePermission]:
    """Return, by order, the permission of the viewer's claimed share, where they hold one."""
    statement = select(SharedOrderRow.order_id, SharedOrderRow.permission).where(
        col(SharedOrderRow.order_id).in_(order_ids),
        col(SharedOrderRow.recipient_id) == viewer.user_id,
        col(SharedOrderRow.status) == SharedOrderStatus.CLAIMED,
    )
    return {order_id: SharePermission(held) for order_id, held in (await session.exec(statement)).all()}


def with_statuses(statuses: Sequence[SharedOrderStatus] | None, now: datetime) -> list[ColumnElement[bool]]:
    """Return the condition that a reader sees one of the statuses: `domain.claiming.status_at` as SQL."""
    if statuses is None:
        return []
    status, closes_at = col(SharedOrderRow.status), col(SharedOrderRow.closes_at)
    lasting = [word for word in statuses if word is not SharedOrderStatus.OFFERED]
    seen: list[ColumnElement[bool]] = [status.in_(lasting)]
    if SharedOrderStatus.OFFERED in statuses:
        seen.append(and_(status == SharedOrderStatus.OFFERED, closes_at > now))
    if SharedOrderStatus.EXPIRED in statuses:
        seen.append(and_(status == SharedOrderStatus.OFFERED, closes_at <= now))
    return [or_(*seen)]


def _boxed(
    viewer: Viewer, box: SharedOrderBox, statuses: Sequence[SharedOrderStatus] | None, now: datetime
) -> list[ColumnElement[bool]]:
    return [
        _BOX_COLUMN[box] == viewer.user_id,
        viewer_belongs_to(viewer, SharedOrderRow.organisation_id),
        *with_statuses(statuses, now),
    ]
