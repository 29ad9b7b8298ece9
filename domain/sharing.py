"""Who may share which order, to whom, and for how long."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from domain.errors import DomainError, forbidden, invalid_input
from domain.people import Member
from domain.vocabulary import ErrorCode, OrderStatus, SharePermission, SharePolicy

SHAREABLE_STATUSES = frozenset({OrderStatus.IN_FORCE, OrderStatus.GRACE_PERIOD, OrderStatus.LOSS_REPORTED})
"""Only orders in these can be shared and claimed."""

DEFAULT_CLAIM_PERIOD = timedelta(days=7)
"""How long a claim window stays open where the sender does not say."""

MAX_RECIPIENTS = 100
"""How many recipients one instruction takes."""

MAX_MESSAGE_LENGTH = 1000
"""How many characters a message to the recipient, or a note to a result, has at most."""

_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class ClaimWindow:
    """When an offer can be claimed: from `opens_at` on, and before `closes_at`."""

    opens_at: datetime
    closes_at: datetime


def may_share(member: Member, policy: SharePolicy, owner_id: UUID) -> bool:
    """Return whether the organisation's policy lets `member` share an order of `owner_id`."""
    return policy is SharePolicy.ANY_MEMBER or member.rules_over(owner_id)


def permission_held(member: Member, owner_id: UUID, claimed: SharePermission | None) -> SharePermission:
    """Return the most that `member` may grant: what they hold themselves.

    The owner and admins may process. Others hold the permission of their own claimed share, and at the least VIEW,
    for every member sees every order of the organisation.
    """
    if member.rules_over(owner_id):
        return SharePermission.PROCESS
    return claimed or SharePermission.VIEW


def require_may_share(
    member: Member,
    policy: SharePolicy,
    *,
    owner_id: UUID,
    status: OrderStatus,
    granted: SharePermission,
    claimed: SharePermission | None,
) -> None:
    """Refuse an instruction that `member` may not give about an order.

    Args:
        member: The sender.
        policy: The organisation's share policy.
        owner_id: The order's owner.
        status: The order's status.
        granted: The permission that the instruction would grant.
        claimed: The permission of the sender's own claimed share of the order, if any.

    Raises:
        DomainError: FORBIDDEN or ORDER_NOT_SHAREABLE.
    """
    if not may_share(member, policy, owner_id):
        raise forbidden("Only the owner of the order and admins may share it.", "order_id")
    held = permission_held(member, owner_id, claimed)
    if granted is SharePermission.PROCESS and held is not SharePermission.PROCESS:
        raise forbidden("You may not grant more than you hold yourself: VIEW.", "permission")
    require_shareable(status, "order_id")


def require_shareable(status: OrderStatus, *path: str) -> None:
    """Refuse an order whose status does not let it be shared.

    Raises:
        DomainError: ORDER_NOT_SHAREABLE.
    """
    if status not in SHAREABLE_STATUSES:
        raise DomainError(ErrorCode.ORDER_NOT_SHAREABLE, f"An order that is {status} cannot be shared or claimed.").at(
            *path
        )


def claim_window(opens_at: datetime | None, closes_at: datetime | None, now: datetime) -> ClaimWindow:
    """Return the window of a new offer: opens at once and closes seven days after it opened, unless told otherwise.

    Raises:
        DomainError: INVALID_INPUT where the window would never be open.
    """
    opens_at = now if opens_at is None else opens_at
    if closes_at is None:
        if opens_at > datetime.max.replace(tzinfo=UTC) - DEFAULT_CLAIM_PERIOD:
            raise invalid_input("opensAt is too far in the future.", "claim_window", "opens_at")
        closes_at = opens_at + DEFAULT_CLAIM_PERIOD
    if closes_at <= opens_at:
        raise invalid_input("closesAt must be after opensAt.", "claim_window", "closes_at")
    if closes_at <= now:
        raise invalid_input("closesAt must be in the future.", "claim_window", "closes_at")
    return ClaimWindow(opens_at, closes_at)


def require_recipient(sender_id: UUID, owner_id: UUID, recipient_id: UUID) -> None:
    """Refuse a recipient who owns the order or is the sender.

    Raises:
        DomainError: OWN_ORDER or INVALID_INPUT.
    """
    if recipient_id == owner_id:
        raise DomainError(ErrorCode.OWN_ORDER, "The recipient owns this order.")
    if recipient_id == sender_id:
        raise invalid_input("An order is shared with another member, not with yourself.")


def already_shared() -> DomainError:
    """Return the refusal of a second open or claimed share for the same order and recipient."""
    return DomainError(ErrorCode.ALREADY_SHARED, "This order is offered to, or claimed by, this member already.")


def require_short_text(text: str | None, *path: str) -> None:
    """Refuse a message or note that is too long, or holds what PostgreSQL cannot store: NUL, or half a character.

    Raises:
        DomainError: INVALID_INPUT.
    """
    if text is not None and (len(text) > MAX_MESSAGE_LENGTH or _UNSTORABLE.search(text)):
        raise invalid_input(f"At most {MAX_MESSAGE_LENGTH} characters, and none of them NUL.", *path)
