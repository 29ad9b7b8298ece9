"""The one place that changes a shared order's status and the seats of its order."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.held_rows import ChangingOrder, ChangingSharedOrder
from db.new_events import NewEvent, shared_order_changed
from db.order_tables import OrderRow
from db.sharing_tables import SharedOrderRow
from domain.claiming import OPEN_STATUSES, status_at
from domain.vocabulary import SharedOrderStatus, SharePermission
from resolvers.access import lock_shared_orders


def permission_claimed(user_id: UUID, shares: Iterable[SharedOrderRow]) -> SharePermission | None:
    """Return the permission of a user's own claimed share among shared orders of one order; None without one."""
    claimed = (each for each in shares if each.status is SharedOrderStatus.CLAIMED and each.recipient_id == user_id)
    return next((share.permission for share in claimed), None)


def move(
    shared: ChangingSharedOrder, order: ChangingOrder, status: SharedOrderStatus, actor_id: UUID | None, at: datetime
) -> NewEvent:
    """Bring a shared order to another status, take or free its seat, and return the entry for the log.

    Args:
        shared: The shared order, under its lock.
        order: Its order, under its lock.
        status: What the shared order becomes.
        actor_id: Who did it; None for time.
        at: When.
    """
    previous = shared.status
    shared.status = status
    if status is SharedOrderStatus.CLAIMED:
        shared.claimed_at = at
        order.shares_claimed += 1
    elif previous is SharedOrderStatus.CLAIMED:
        order.shares_claimed -= 1
    return shared_order_changed(shared, order, previous, actor_id, at)


def expire_if_due(shared: ChangingSharedOrder, order: ChangingOrder, at: datetime) -> list[NewEvent]:
    """Store that an offer has expired where its window has closed, so that the log tells it before what follows."""
    if shared.status is not SharedOrderStatus.OFFERED:
        return []
    if status_at(shared.status, shared.closes_at, at) is SharedOrderStatus.OFFERED:
        return []
    return [move(shared, order, SharedOrderStatus.EXPIRED, None, at)]


def revoke_or_expire(
    shared: ChangingSharedOrder, order: ChangingOrder, actor_id: UUID | None, at: datetime
) -> list[NewEvent]:
    """End an open shared order: revoked, or expired where its window had closed already."""
    return expire_if_due(shared, order, at) or [move(shared, order, SharedOrderStatus.REVOKED, actor_id, at)]


async def end_offers(session: AsyncSession, order: OrderRow, actor_id: UUID | None, at: datetime) -> list[NewEvent]:
    """End the open offers of an order that lapsed or was cancelled; claimed shares stay as they are.

    Args:
        session: The transaction, which holds the order's lock.
        order: The order.
        actor_id: Who cancelled it; None for time.
        at: When.
    """
    offered = await lock_shared_orders(
        session,
        col(SharedOrderRow.organisation_id) == order.organisation_id,
        col(SharedOrderRow.order_id) == order.id,
        col(SharedOrderRow.status) == SharedOrderStatus.OFFERED,
    )
    return [event for shared in offered for event in revoke_or_expire(shared, order, actor_id, at)]


async def end_shares_of(
    session: AsyncSession, order: OrderRow, recipient_id: UUID, actor_id: UUID | None, at: datetime
) -> list[NewEvent]:
    """End what a recipient was offered or holds of an order, and free their seat.

    Args:
        session: The transaction, which holds the order's lock.
        order: The order.
        recipient_id: Who was removed from the organisation, or became the order's owner.
        actor_id: Who caused it.
        at: When.
    """
    open_shares = await lock_shared_orders(
        session,
        col(SharedOrderRow.organisation_id) == order.organisation_id,
        col(SharedOrderRow.order_id) == order.id,
        col(SharedOrderRow.recipient_id) == recipient_id,
        col(SharedOrderRow.status).in_(OPEN_STATUSES),
    )
    return [event for shared in open_shares for event in revoke_or_expire(shared, order, actor_id, at)]
