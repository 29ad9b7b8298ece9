"""Sharing: the sender points an order at recipients, and each is told to claim the linked second order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.database import present
from db.event_log import append
from db.new_events import NewEvent, shared_order_changed
from db.order_tables import OrderRow
from db.people_tables import MembershipRow
from db.sharing_tables import SharedOrderRow
from domain.claiming import OPEN_STATUSES
from domain.errors import DomainError, invalid_input, not_found
from domain.people import Member, Viewer, not_a_member
from domain.sharing import (
    MAX_RECIPIENTS,
    ClaimWindow,
    already_shared,
    claim_window,
    require_may_share,
    require_recipient,
    require_short_text,
)
from domain.vocabulary import SharedOrderStatus, SharePermission, SharePolicy
from resolvers.access import find_member, hold_share_policy, lock_memberships, lock_orders, lock_shared_orders
from resolvers.offers import expire_if_due, permission_claimed
from resolvers.order_changes import let_time_pass


@dataclass(frozen=True)
class Instruction:
    """What the sender asks for.

    Attributes:
        order_id: The first order.
        recipient_ids: Whom to share it with.
        permission: What a claimed share will let the recipient do.
        opens_at: When the claim window opens, with zone; None for at once.
        closes_at: When it closes, with zone; None for seven days after it opens.
        message: A word to the recipients.
    """

    order_id: UUID
    recipient_ids: Sequence[UUID]
    permission: SharePermission = SharePermission.VIEW
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    message: str | None = None


@dataclass(frozen=True)
class ShareAnswer:
    """The order, what was offered, and why the other recipients were refused."""

    order: OrderRow | None
    shared_orders: list[SharedOrderRow] = field(default_factory=list)
    refusals: list[DomainError] = field(default_factory=list)


@dataclass(frozen=True)
class _Sending:
    """One instruction under its locks."""

    sender: Member
    order: OrderRow
    members: Mapping[UUID, MembershipRow]
    open_shares: dict[UUID, SharedOrderRow]
    window: ClaimWindow
    instruction: Instruction
    at: datetime
    passed: list[NewEvent]


async def share_order(session: AsyncSession, viewer: Viewer, instruction: Instruction) -> ShareAnswer:
    """Offer an order to each recipient; the valid ones are offered it, the others refused by their position.

    Raises:
        DomainError: NOT_FOUND, FORBIDDEN, ORDER_NOT_SHAREABLE or INVALID_INPUT, where nobody can be offered it.
    """
    _require_sensible(instruction)
    async with session.begin_nested() as attempt:
        sending = await _lock(session, viewer, instruction)
        offered, refusals, events = await _offer_to_each(session, sending)
        if not offered:
            # Wholly refused: not even the time that passed meanwhile is stored by it.
            await attempt.rollback()
            return ShareAnswer(None, [], refusals)
    await append(session, sending.order.organisation_id, [*sending.passed, *events])
    return ShareAnswer(sending.order, offered, refusals)


async def _offer_to_each(
    session: AsyncSession, sending: _Sending
) -> tuple[list[SharedOrderRow], list[DomainError], list[NewEvent]]:
    """Return the new offers, why other recipients were refused, and the entries for the log."""
    offered: list[SharedOrderRow] = []
    refusals: list[DomainError] = []
    events: list[NewEvent] = []
    for position, recipient_id in enumerate(sending.instruction.recipient_ids):
        try:
            expired, shared = await _offer(session, sending, recipient_id)
        except DomainError as refusal:
            refusals.append(refusal.at("recipient_ids", position))
            continue
        offered.append(shared)
        told = shared_order_changed(shared, sending.order, None, sending.sender.user_id, sending.at)
        events += [*expired, told]
    return offered, refusals, events


def _require_sensible(instruction: Instruction) -> None:
    if not 1 <= len(instruction.recipient_ids) <= MAX_RECIPIENTS:
        raise invalid_input(f"Name 1 to {MAX_RECIPIENTS} recipients.", "recipient_ids")
    require_short_text(instruction.message, "message")


async def _lock(session: AsyncSession, viewer: Viewer, instruction: Instruction) -> _Sending:
    seen = await session.get(OrderRow, instruction.order_id)
    if seen is None or await find_member(session, viewer, seen.organisation_id) is None:
        raise not_found("order", "order_id")
    recipient_ids = set(instruction.recipient_ids)
    policy = await hold_share_policy(session, seen.organisation_id)
    members = await lock_memberships(session, seen.organisation_id, {viewer.user_id, *recipient_ids})
    if viewer.user_id not in members:
        raise not_found("order", "order_id")
    sender = Member(viewer.user_id, seen.organisation_id, members[viewer.user_id].role)
    [order] = await lock_orders(session, seen.organisation_id, [seen.id])
    shares = await lock_shared_orders(
        session,
        col(SharedOrderRow.order_id) == order.id,
        col(SharedOrderRow.recipient_id).in_({viewer.user_id, *recipient_ids}),
        col(SharedOrderRow.status).in_(OPEN_STATUSES),
    )
    open_shares = {shared.recipient_id: shared for shared in shares}
    at = await present(session)
    passed = await let_time_pass(session, order, at)
    _require_allowed(sender, policy, order, open_shares, instruction)
    window = claim_window(instruction.opens_at, instruction.closes_at, at)
    return _Sending(sender, order, members, open_shares, window, instruction, at, passed)


def _require_allowed(
    sender: Member,
    policy: SharePolicy,
    order: OrderRow,
    open_shares: Mapping[UUID, SharedOrderRow],
    instruction: Instruction,
) -> None:
    require_may_share(
        sender,
        policy,
        owner_id=order.owner_id,
        status=order.status,
        granted=instruction.permission,
        claimed=permission_claimed(sender.user_id, open_shares.values()),
    )


async def _offer(session: AsyncSession, sending: _Sending, recipient_id: UUID) -> tuple[list[NewEvent], SharedOrderRow]:
    """Return a new offer, and the entries of an expired one that it replaces."""
    if recipient_id not in sending.members:
        raise not_a_member()
    require_recipient(sending.sender.user_id, sending.order.owner_id, recipient_id)
    expired: list[NewEvent] = []
    if (earlier := sending.open_shares.get(recipient_id)) is not None:
        expired = expire_if_due(earlier, sending.order, sending.at)
        if not expired:
            raise already_shared()
        # Stored before the new one: only one may be open at a time.
        await session.flush()
    shared = SharedOrderRow(
        organisation_id=sending.order.organisation_id,
        order_id=sending.order.id,
        sender_id=sending.sender.user_id,
        recipient_id=recipient_id,
        permission=sending.instruction.permission,
        message=sending.instruction.message,
        status=SharedOrderStatus.OFFERED,
        opens_at=sending.window.opens_at,
        closes_at=sending.window.closes_at,
        created_at=sending.at,
    )
    session.add(shared)
    sending.open_shares[recipient_id] = shared
    return expired, shared
