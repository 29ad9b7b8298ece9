"""How a shared order ends by hand: declined or released by its recipient, revoked by those who rule over it."""

from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from db.database import present
from db.event_log import append
from db.sharing_tables import SharedOrderRow
from domain.claiming import require_claimed, require_offered, require_revocable, status_at
from domain.errors import DomainError, forbidden
from domain.people import Viewer
from domain.vocabulary import SharedOrderStatus
from resolvers.access import LockedSharedOrder, lock_shared_order
from resolvers.offers import move


async def decline_shared_order(session: AsyncSession, viewer: Viewer, shared_order_id: UUID) -> SharedOrderRow:
    """Turn an offer down; only its recipient may.

    Raises:
        DomainError: NOT_FOUND, FORBIDDEN or NOT_OFFERED.
    """
    locked = await lock_shared_order(session, viewer, shared_order_id)
    _require_recipient(locked)
    return await _end(session, locked, SharedOrderStatus.DECLINED)


async def release_shared_order(session: AsyncSession, viewer: Viewer, shared_order_id: UUID) -> SharedOrderRow:
    """Give a claimed share back and free its seat; only its recipient may.

    Raises:
        DomainError: NOT_FOUND, FORBIDDEN or NOT_CLAIMED.
    """
    locked = await lock_shared_order(session, viewer, shared_order_id)
    _require_recipient(locked)
    return await _end(session, locked, SharedOrderStatus.RELEASED)


async def revoke_shared_order(session: AsyncSession, viewer: Viewer, shared_order_id: UUID) -> SharedOrderRow:
    """Take an offer or a claimed share back; its sender, the order's owner and admins may.

    Raises:
        DomainError: NOT_FOUND, FORBIDDEN, NOT_OFFERED or NOT_CLAIMED.
    """
    locked = await lock_shared_order(session, viewer, shared_order_id)
    is_sender = locked.shared.sender_id == viewer.user_id
    if not is_sender and not locked.member.rules_over(locked.order.owner_id):
        raise forbidden("Only the sender, the order's owner and admins revoke a shared order.", "shared_order_id")
    return await _end(session, locked, SharedOrderStatus.REVOKED)


_REQUIREMENT = {
    SharedOrderStatus.DECLINED: require_offered,
    SharedOrderStatus.RELEASED: require_claimed,
    SharedOrderStatus.REVOKED: require_revocable,
}


def _require_recipient(locked: LockedSharedOrder) -> None:
    if locked.shared.recipient_id != locked.member.user_id:
        raise forbidden("Only the recipient may do this.", "shared_order_id")


async def _end(session: AsyncSession, locked: LockedSharedOrder, end: SharedOrderStatus) -> SharedOrderRow:
    shared = locked.shared
    at = await present(session)
    try:
        _REQUIREMENT[end](status_at(shared.status, shared.closes_at, at))
    except DomainError as refusal:
        raise refusal.at("shared_order_id") from None
    event = move(shared, locked.order, end, locked.member.user_id, at)
    await append(session, shared.organisation_id, [event])
    return shared
