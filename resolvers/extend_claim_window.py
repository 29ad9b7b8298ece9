"""Extending: the sender gives the recipient more time to claim, also after the window has closed."""

from datetime import datetime
from uuid import UUID

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.database import present
from db.event_log import append
from db.new_events import NewEvent
from db.sharing_tables import SharedOrderRow
from domain.claiming import OPEN_STATUSES, extended_window, require_may_extend
from domain.people import Viewer, not_a_member
from domain.sharing import ClaimWindow, already_shared, require_shareable
from domain.vocabulary import SharedOrderStatus
from resolvers.access import LockedSharedOrder, lock_shared_order, lock_shared_orders
from resolvers.offers import expire_if_due, move
from resolvers.order_changes import let_time_pass


async def extend_claim_window(
    session: AsyncSession, viewer: Viewer, shared_order_id: UUID, closes_at: datetime
) -> SharedOrderRow:
    """Move the end of a claim window; an offer that has expired is open again. Its sender and admins may.

    Args:
        session: The transaction.
        viewer: Who asks.
        shared_order_id: Which offer.
        closes_at: The new end, with zone.

    Raises:
        DomainError: NOT_FOUND, FORBIDDEN, NOT_OFFERED or INVALID_INPUT; for an offer that has expired also
            NOT_A_MEMBER, ORDER_NOT_SHAREABLE or ALREADY_SHARED, as for a new one.
    """
    locked = await lock_shared_order(session, viewer, shared_order_id)
    shared, order = locked.shared, locked.order
    require_may_extend(locked.member, sender_id=shared.sender_id)
    at = await present(session)
    events = await let_time_pass(session, order, at)
    window = ClaimWindow(shared.opens_at, shared.closes_at)
    window = extended_window(shared.status, window, closes_at, at)
    events += expire_if_due(shared, order, at)
    if shared.status is SharedOrderStatus.EXPIRED:
        events += await _make_room(session, locked, at)
    shared.closes_at = window.closes_at
    events.append(move(shared, order, SharedOrderStatus.OFFERED, viewer.user_id, at))
    await append(session, shared.organisation_id, events)
    return shared


async def _make_room(session: AsyncSession, locked: LockedSharedOrder, at: datetime) -> list[NewEvent]:
    """Show that an expired offer can be open again, and return the entries of others that have expired unnoticed."""
    shared, order = locked.shared, locked.order
    if not locked.recipient_is_member:
        raise not_a_member()
    require_shareable(order.status)
    others = await lock_shared_orders(
        session,
        col(SharedOrderRow.order_id) == shared.order_id,
        col(SharedOrderRow.recipient_id) == shared.recipient_id,
        col(SharedOrderRow.status).in_(OPEN_STATUSES),
        col(SharedOrderRow.id) != shared.id,
    )
    events = [event for other in others for event in expire_if_due(other, order, at)]
    if len(events) < len(others):
        raise already_shared()
    # Stored before this one is open again: only one may be at a time.
    await session.flush()
    return events
