"""When a claim holds, and what else can become of an offer."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from domain.errors import ClaimWindowRefusal, DomainError, SharesExhausted, forbidden, invalid_input
from domain.lifecycle import ENDED_STATUSES
from domain.people import Member, not_a_member
from domain.sharing import ClaimWindow, require_shareable
from domain.vocabulary import ErrorCode, OrderStatus, SharedOrderStatus

OPEN_STATUSES = frozenset({SharedOrderStatus.OFFERED, SharedOrderStatus.CLAIMED})
"""One shared order in these for each order and recipient."""


@dataclass(frozen=True)
class Claim:
    """All that a claim is judged by.

    Attributes:
        status: The shared order's status as stored.
        window: Its claim window.
        recipient_is_member: Whether the recipient is a member of the organisation now.
        order_status: The order's status.
        max_shares: How many seats the order has.
        shares_claimed: How many of them are taken.
    """

    status: SharedOrderStatus
    window: ClaimWindow
    recipient_is_member: bool
    order_status: OrderStatus
    max_shares: int
    shares_claimed: int


def status_at(status: SharedOrderStatus, closes_at: datetime, now: datetime) -> SharedOrderStatus:
    """Return the status that a reader sees: an offer is EXPIRED from `closes_at` on, logged already or not."""
    if status is SharedOrderStatus.OFFERED and now >= closes_at:
        return SharedOrderStatus.EXPIRED
    return status


def once_time_has_passed(claim: Claim, order_status: OrderStatus, now: datetime) -> Claim:
    """Return a claim as it is judged where time has led the order to a status that the log does not tell yet.

    An order that has ended takes the offers with it that were open.

    Args:
        claim: The facts, as stored.
        order_status: The order's status by now.
        now: The present.
    """
    status = status_at(claim.status, claim.window.closes_at, now)
    if order_status in ENDED_STATUSES and status is SharedOrderStatus.OFFERED:
        status = SharedOrderStatus.REVOKED
    return replace(claim, status=status, order_status=order_status)


def refusal_of_claim(claim: Claim, now: datetime) -> DomainError | None:
    """Return why a claim by the recipient would be refused at `now`, or None where it would succeed.

    A claim that repeats a successful one succeeds; the caller answers it without taking another seat.

    Args:
        claim: The facts, read under the order's lock.
        now: The present, from a clock read after the lock was granted.
    """
    status = status_at(claim.status, claim.window.closes_at, now)
    if status is SharedOrderStatus.CLAIMED:
        return None
    if status is SharedOrderStatus.EXPIRED:
        return _outside_window(ErrorCode.CLAIM_WINDOW_CLOSED, "The claim window has closed.", claim.window)
    if status is not SharedOrderStatus.OFFERED:
        return DomainError(ErrorCode.NOT_OFFERED, f"This shared order is {status}.")
    if now < claim.window.opens_at:
        return _outside_window(ErrorCode.CLAIM_WINDOW_NOT_OPEN, "The claim window is not open yet.", claim.window)
    if not claim.recipient_is_member:
        return not_a_member()
    try:
        require_shareable(claim.order_status)
    except DomainError as refusal:
        return refusal
    if claim.shares_claimed >= claim.max_shares:
        return SharesExhausted(
            ErrorCode.SHARES_EXHAUSTED,
            "Every seat of this order is taken.",
            max_shares=claim.max_shares,
            shares_claimed=claim.shares_claimed,
        )
    return None


def _outside_window(code: ErrorCode, message: str, window: ClaimWindow) -> ClaimWindowRefusal:
    return ClaimWindowRefusal(code, message, opens_at=window.opens_at, closes_at=window.closes_at)


def require_recipient_acts(member: Member, recipient_id: UUID) -> None:
    """Refuse anyone but the recipient to claim, decline or release.

    Raises:
        DomainError: FORBIDDEN.
    """
    if member.user_id != recipient_id:
        raise forbidden("Only the recipient of this shared order may do this.")


def require_may_revoke(member: Member, *, sender_id: UUID, owner_id: UUID) -> None:
    """Refuse anyone but the sender, the order's owner and admins to revoke.

    Raises:
        DomainError: FORBIDDEN.
    """
    if member.user_id != sender_id and not member.rules_over(owner_id):
        raise forbidden("Only the sender, the order's owner and admins revoke a shared order.")


def require_may_extend(member: Member, *, sender_id: UUID) -> None:
    """Refuse anyone but the sender and admins to extend a claim window.

    Raises:
        DomainError: FORBIDDEN.
    """
    if member.user_id != sender_id and not member.is_admin:
        raise forbidden("Only the sender and admins extend a claim window.")


def require_offered(status: SharedOrderStatus) -> None:
    """Refuse to decline what is not on offer; `status` is what a reader sees, from `status_at`.

    Raises:
        DomainError: NOT_OFFERED.
    """
    if status is not SharedOrderStatus.OFFERED:
        raise DomainError(ErrorCode.NOT_OFFERED, f"This shared order is {status}.")


def require_claimed(status: SharedOrderStatus) -> None:
    """Refuse to release, or to process through, a shared order that is not claimed.

    Raises:
        DomainError: NOT_CLAIMED.
    """
    if status is not SharedOrderStatus.CLAIMED:
        raise DomainError(ErrorCode.NOT_CLAIMED, f"This shared order is {status}.")


def require_revocable(status: SharedOrderStatus) -> None:
    """Refuse to revoke a shared order that has ended for good; `status` is what a reader sees, from `status_at`.

    An expired offer can be revoked, because its sender could extend it otherwise.

    Raises:
        DomainError: NOT_CLAIMED where it was released, NOT_OFFERED where it ended otherwise.
    """
    if status in OPEN_STATUSES or status is SharedOrderStatus.EXPIRED:
        return
    code = ErrorCode.NOT_CLAIMED if status is SharedOrderStatus.RELEASED else ErrorCode.NOT_OFFERED
    raise DomainError(code, f"This shared order is {status} already.")


def extended_window(status: SharedOrderStatus, window: ClaimWindow, closes_at: datetime, now: datetime) -> ClaimWindow:
    """Return the window with its new end.

    Raises:
        DomainError: NOT_OFFERED where the shared order is neither offered nor expired; INVALID_INPUT where the new
            end is past or not after the opening.
    """
    if status not in (SharedOrderStatus.OFFERED, SharedOrderStatus.EXPIRED):
        raise DomainError(ErrorCode.NOT_OFFERED, f"This shared order is {status}.")
    if closes_at <= now or closes_at <= window.opens_at:
        raise invalid_input("closesAt must be in the future and after opensAt.", "closes_at")
    return ClaimWindow(window.opens_at, closes_at)
