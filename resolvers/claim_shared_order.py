"""Claiming: the recipient takes a seat of the order, and from then on both terminals control it.

Claims of one order are decided together, for they compete for its lock: in the order in which they are given, and
each as if the one before it had been committed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, tuple_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.database import present
from db.event_log import append
from db.new_events import NewEvent
from db.order_tables import OrderRow
from db.people_tables import MembershipRow
from db.sharing_tables import SharedOrderRow
from domain.claiming import Claim, refusal_of_claim, require_recipient_acts
from domain.errors import DomainError, about, not_found
from domain.lifecycle import status_after_time
from domain.people import Viewer
from domain.sharing import ClaimWindow
from domain.vocabulary import SharedOrderStatus
from resolvers.access import LockedSharedOrders, lock_shared_orders_of
from resolvers.offers import move
from resolvers.order_changes import let_time_pass

# Built once: it is asked for each claim.
_ORDERS_OF_CLAIMS = (
    select(MembershipRow.user_id, SharedOrderRow.id, SharedOrderRow.organisation_id, SharedOrderRow.order_id)
    .join(MembershipRow, col(MembershipRow.organisation_id) == col(SharedOrderRow.organisation_id))
    .where(
        tuple_(col(MembershipRow.user_id), col(SharedOrderRow.id)).in_(bindparam("claims", expanding=True)),
        col(MembershipRow.removed_at).is_(None),
    )
)


@dataclass(frozen=True, slots=True)
class ClaimAsked:
    """A claim as somebody asks for it."""

    viewer: Viewer
    shared_order_id: UUID


@dataclass(frozen=True, slots=True)
class OrderPlace:
    """An order, and the organisation that it belongs to."""

    organisation_id: UUID
    order_id: UUID


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
    asked = [ClaimAsked(viewer, shared_order_id)]
    [place] = await find_claimed_orders(session, asked)
    [answer] = await claim_together(session, place, asked)
    if isinstance(answer, DomainError):
        raise answer
    return answer


async def find_claimed_orders(session: AsyncSession, claims: Sequence[ClaimAsked]) -> list[OrderPlace | None]:
    """Return the order that each claim is about, without locking anything.

    Returns:
        None for a claim of what does not exist and of what belongs to an organisation of which the viewer is no
        member: alike, so that nobody learns even from how long it takes whether others claim the same order.
    """
    wanted = {(claim.viewer.user_id, claim.shared_order_id) for claim in claims}
    rows = (await session.exec(_ORDERS_OF_CLAIMS, params={"claims": list(wanted)})).all()
    found = {
        (user_id, shared_order_id): OrderPlace(organisation_id, order_id)
        for user_id, shared_order_id, organisation_id, order_id in rows
    }
    return [found.get((claim.viewer.user_id, claim.shared_order_id)) for claim in claims]


async def claim_together(
    session: AsyncSession, place: OrderPlace | None, claims: Sequence[ClaimAsked]
) -> list[SharedOrderRow | DomainError]:
    """Decide claims of one order, one after the other in the given order; many cost no more statements than one.

    Args:
        session: The transaction.
        place: The order, from `find_claimed_orders`.
        claims: The claims.

    Returns:
        For each claim the shared order, or why it was refused, as `claim_shared_order` would raise it.
    """
    locked = None
    if place is not None:
        ids, viewers = {claim.shared_order_id for claim in claims}, [claim.viewer for claim in claims]
        locked = await lock_shared_orders_of(session, place.organisation_id, place.order_id, ids, viewers)
    if locked is None:
        return [not_found("shared order", "shared_order_id") for _ in claims]
    # After the locks: claims that waited for them are judged by when they got them.
    at = await present(session)
    if status_after_time(locked.order.status, locked.order.expires_at, at) is None:
        return await _decide_all(session, locked, claims, at)
    # What time has changed is stored with a claim that succeeds; with refusals alone it is for the sweeper to store.
    savepoint = await session.begin_nested()
    answers = await _decide_all(session, locked, claims, at)
    if any(isinstance(answer, SharedOrderRow) for answer in answers):
        await savepoint.commit()
    else:
        await savepoint.rollback()
    return answers


async def _decide_all(
    session: AsyncSession, locked: LockedSharedOrders, claims: Sequence[ClaimAsked], at: datetime
) -> list[SharedOrderRow | DomainError]:
    answers: list[SharedOrderRow | DomainError] = []
    events = await let_time_pass(session, locked.order, at)
    for claim in claims:
        try:
            with about("shared_order_id"):
                answers.append(_decide(locked, claim, at, events))
        except DomainError as refusal:
            answers.append(refusal)
    if any(isinstance(answer, SharedOrderRow) for answer in answers):
        await append(session, locked.order.organisation_id, events)
    return answers


def _decide(locked: LockedSharedOrders, claim: ClaimAsked, at: datetime, events: list[NewEvent]) -> SharedOrderRow:
    seen = locked.seen_by(claim.viewer, claim.shared_order_id)
    require_recipient_acts(seen.member, seen.shared.recipient_id)
    refusal = refusal_of_claim(claim_facts(seen.shared, seen.order, seen.recipient_is_member), at)
    if refusal is not None:
        raise refusal
    if seen.shared.status is SharedOrderStatus.OFFERED:
        events.append(move(seen.shared, seen.order, SharedOrderStatus.CLAIMED, claim.viewer.user_id, at))
    return seen.shared
