"""Extending: the sender gives the recipient more time to claim, also after the window has closed."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.database import present
from db.event_log import append
from db.new_events import NewEvent
from db.sharing_tables import SharedOrderRow
from domain.claiming import OPEN_STATUSES, extended_window, require_may_extend
from domain.errors import DomainError
from domain.people import Viewer, not_a_member
from domain.sharing import ClaimWindow, already_shared, require_may_share, require_recipient
from domain.vocabulary import SharedOrderStatus, SharePolicy
from resolvers.access import LockedSharedOrder, lock_offer, lock_shared_orders
from resolvers.offers import expire_if_due, move, permission_claimed
from resolvers.order_changes import let_time_pass


async def extend_claim_window(
    session: AsyncSession, viewer: Viewer, shared_order_id: UUID, closes_at: datetime
) -> SharedOrderRow:
    """Move the end of a claim window; an offer that has expired is open again. Its sender and admins may.

    To extend is to offer again: who extends must be allowed to share the order with this permission now.

    Args:
        session: The transaction.
        viewer: Who asks.
        shared_order_id: Which offer.
        closes_at: The new end, with zone.

    Raises:
        DomainError: NOT_FOUND, FORBIDDEN, NOT_OFFERED, INVALID_INPUT, ORDER_NOT_SHAREABLE, NOT_A_MEMBER, OWN_ORDER or
            ALREADY_SHARED.
    """
    locked, policy = await lock_offer(session, viewer, shared_order_id)
    shared, order = locked.shared, locked.order
    require_may_extend(locked.member, sender_id=shared.sender_id)
    others = await _lock_other_shares(session, locked)
    at = await present(session)
    events = await let_time_pass(session, order, at)
    window = ClaimWindow(shared.opens_at, shared.closes_at)
    window = extended_window(shared.status, window, closes_at, at)
    _require_offerable(locked, policy, others)
    events += expire_if_due(shared, order, at)
    events += _expire_earlier(locked, others, at)
    # Stored before this one is open again: only one may be at a time.
    await session.flush()
    shared.closes_at = window.closes_at
    events.append(move(shared, order, SharedOrderStatus.OFFERED, viewer.user_id, at))
    await append(session, shared.organisation_id, events)
    return shared


async def _lock_other_shares(session: AsyncSession, locked: LockedSharedOrder) -> Sequence[SharedOrderRow]:
    """Return the other open shares of the order that its recipient, or the extending member, was given."""
    shared = locked.shared
    return await lock_shared_orders(
        session,
        col(SharedOrderRow.order_id) == shared.order_id,
        col(SharedOrderRow.recipient_id).in_({locked.member.user_id, shared.recipient_id}),
        col(SharedOrderRow.status).in_(OPEN_STATUSES),
        col(SharedOrderRow.id) != shared.id,
    )


def _require_offerable(locked: LockedSharedOrder, policy: SharePolicy, others: Sequence[SharedOrderRow]) -> None:
    """Refuse what `shareOrder` would refuse of the same offer made anew by the same member."""
    try:
        require_may_share(
            locked.member,
            policy,
            owner_id=locked.order.owner_id,
            status=locked.order.status,
            granted=locked.shared.permission,
            claimed=permission_claimed(locked.member.user_id, others),
        )
    except DomainError as refusal:
        # The order and the permission are those of the offer: the input names neither.
        raise refusal.at("shared_order_id") from None
    if not locked.recipient_is_member:
        raise not_a_member()
    require_recipient(locked.shared.sender_id, locked.order.owner_id, locked.shared.recipient_id)


def _expire_earlier(locked: LockedSharedOrder, others: Sequence[SharedOrderRow], at: datetime) -> list[NewEvent]:
    """Return the entries of the recipient's other offers that have expired unnoticed.

    Raises:
        DomainError: ALREADY_SHARED where one is open, or claimed.
    """
    earlier = [each for each in others if each.recipient_id == locked.shared.recipient_id]
    events = [event for each in earlier for event in expire_if_due(each, locked.order, at)]
    if len(events) < len(earlier):
        raise already_shared()
    return events
