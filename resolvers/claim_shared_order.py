"""Claiming: the recipient takes a seat of the order, and from then on both terminals control it."""

from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from db.database import present
from db.event_log import append
from db.order_tables import OrderRow
from db.sharing_tables import SharedOrderRow
from domain.claiming import Claim, refusal_of_claim, require_recipient_acts
from domain.people import Viewer
from domain.sharing import ClaimWindow
from domain.vocabulary import SharedOrderStatus
from resolvers.access import lock_shared_order
from resolvers.offers import move
from resolvers.order_changes import let_time_pass


def claim_facts(shared: SharedOrderRow, order: OrderRow, recipient_is_member: bool) -> Claim:
    """Return what a claim of `shared` is judged by."""
    return Claim(
        status=shared.status,
        window=ClaimWindow(shared.opens_at, shared.closes_at),
        recipient_is_member=recipient_is_member,
        order_status=order.status,
        max_shares=order.max_shares,
        shares_claimed=order.shares_claimed,
    )


async def claim_shared_order(session: AsyncSession, viewer: Viewer, shared_order_id: UUID) -> SharedOrderRow:
    """Claim an offer. To repeat a successful claim succeeds, with the same result.

    Raises:
        DomainError: NOT_FOUND; FORBIDDEN for anyone but the recipient; or what `refusal_of_claim` says.
    """
    locked = await lock_shared_order(session, viewer, shared_order_id)
    shared, order = locked.shared, locked.order
    require_recipient_acts(locked.member, shared.recipient_id)
    # After the locks: a claim that waited for them is judged by when it got them.
    at = await present(session)
    passed = await let_time_pass(session, order, at)
    refusal = refusal_of_claim(claim_facts(shared, order, locked.recipient_is_member), at)
    if refusal is not None:
        raise refusal
    if shared.status is SharedOrderStatus.OFFERED:
        passed.append(move(shared, order, SharedOrderStatus.CLAIMED, viewer.user_id, at))
    await append(session, order.organisation_id, passed)
    return shared
