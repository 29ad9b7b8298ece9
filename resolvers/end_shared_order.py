"""How a shared order ends by hand: declined or released by its recipient, revoked by those who rule over it."""

from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from db.database import present
from db.event_log import append
from db.sharing_tables import SharedOrderRow
from domain.claiming import (
    require_claimed,
    require_may_revoke,
    require_offered,
    require_recipient_acts,
    require_revocable,
    status_at,
)
from domain.people import Viewer
from domain.vocabulary import SharedOrderStatus
from resolvers.access import LockedSharedOrder, lock_shared_order
from resolvers.offers import expire_if_due, move


async def decline_shared_order(session: AsyncSession, viewer: Viewer, shared_order_id: UUID) -> SharedOrderRow:
    """Turn an offer down; only its recipient may.

    Raises:
        DomainError: NOT_FOUND, FORBIDDEN or NOT_OFFERED.
    """
    locked = await lock_shared_order(session, viewer, shared_order_id)
    require_recipient_acts(locked.member, locked.shared.recipient_id)
    return await _end(session, locked, SharedOrderStatus.DECLINED)


async def release_shared_order(session: AsyncSession, viewer: Viewer, shared_order_id: UUID) -> SharedOrderRow:
    """Give a claimed share back and free its seat; only its recipient may.

    Raises:
        DomainError: NOT_FOUND, FORBIDDEN or NOT_CLAIMED.
    """
    locked = await lock_shared_order(session, viewer, shared_order_id)
    require_recipient_acts(locked.member, locked.shared.recipient_id)
    return await _end(session, locked, SharedOrderStatus.RELEASED)


async def revoke_shared_order(session: AsyncSession, viewer: Viewer, shared_order_id: UUID) -> SharedOrderRow:
    """Take an offer, also an expired one, or a claimed share back; its sender, the order's owner and admins may.

    Raises:
        DomainError: NOT_FOUND, FORBIDDEN, NOT_OFFERED or NOT_CLAIMED.
    """
    locked = await lock_shared_order(session, viewer, shared_order_id)
    require_may_revoke(locked.member, sender_id=locked.shared.sender_id, owner_id=locked.order.owner_id)
    return await _end(session, locked, SharedOrderStatus.REVOKED)


_REQUIREMENT = {
    SharedOrderStatus.DECLINED: require_offered,
    SharedOrderStatus.RELEASED: require_claimed,
    SharedOrderStatus.REVOKED: require_revocable,
}


async def _end(session: AsyncSession, locked: LockedSharedOrder, end: SharedOrderStatus) -> SharedOrderRow:
    shared = locked.shared
    at = await present(session)
    _REQUIREMENT[end](status_at(shared.status, shared.closes_at, at))
    events = expire_if_due(shared, locked.order, at)
    events.append(move(shared, locked.order, end, locked.member.user_id, at))
    await append(session, shared.organisation_id, events)
    return shared
