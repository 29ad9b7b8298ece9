"""Claiming: the recipient takes a seat of the order, and from then on both terminals control it.

Claims in one organisation are decided together, for they compete for the head of its log: in the order in which they
are given, and each as if the one before it had been committed.
"""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Uuid, select
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from db.given_rows import GivenRows
from db.held_rows import ChangingOrder, ChangingSharedOrder, HeldOrder, HeldSharedOrder
from db.new_events import NewEvent
from db.plain_rows import AnySharedOrder, PlainSharedOrder
from db.sharing_tables import SharedOrderRow
from db.writing import Statements, statements_in
from domain.claiming import Claim, refusal_of_claim, require_recipient_acts
from domain.errors import DomainError, not_found
from domain.lifecycle import ENDED_STATUSES
from domain.people import Member, Viewer, may_see_shared_order
from domain.sharing import ClaimWindow
from domain.vocabulary import SharedOrderStatus
from resolvers.access_straight import Held, hold, hold_offers
from resolvers.find_rows import sees_shared_order
from resolvers.offers import move, revoke_or_expire
from resolvers.order_changes import pass_time
from resolvers.store_claims import ClaimsDecided, store_claims


class ClaimAsked(NamedTuple):
    """A claim as somebody asks for it."""

    viewer: Viewer
    shared_order_id: UUID


class ClaimFound(NamedTuple):
    """A claim, and where what it is about belongs."""

    viewer: Viewer
    shared_order_id: UUID
    organisation_id: UUID
    order_id: UUID


_SHARED = SQLModel.metadata.tables[SharedOrderRow.__tablename__]

_FIND = GivenRows(
    {"user_id": Uuid(), "shared_order_id": Uuid()},
    lambda given: select(given["user_id"], *(_SHARED.c[name] for name in ("id", "organisation_id", "order_id"))).where(
        _SHARED.c.id == given["shared_order_id"], sees_shared_order(given["user_id"])
    ),
    tuple,
)


def claim_facts(shared: ChangingSharedOrder, order: ChangingOrder, recipient_is_member: bool) -> Claim:
    """Return what a claim of `shared` is judged by."""
    return Claim(
        status=shared.status,
        window=ClaimWindow(shared.opens_at, shared.closes_at),
        recipient_is_member=recipient_is_member,
        order_status=order.status,
        max_shares=order.max_shares,
        shares_claimed=order.shares_claimed,
    )


async def claim_shared_order(session: AsyncSession, viewer: Viewer, shared_order_id: UUID) -> AnySharedOrder:
    """Claim an offer in a session's transaction. To repeat a successful claim succeeds, with the same result.

    Raises:
        DomainError: NOT_FOUND; FORBIDDEN for anyone but the recipient; or what `refusal_of_claim` says.
    """
    statements = await statements_in(session)
    [found] = await find_claims(statements, [ClaimAsked(viewer, shared_order_id)])
    if found is None:
        raise claim_of_nothing()
    [answer] = await claim_together(statements, found.organisation_id, [found])
    if isinstance(answer, DomainError):
        raise answer
    return answer


def claim_of_nothing() -> DomainError:
    """Return the refusal of a claim of what does not exist, and of what the viewer may not see."""
    return not_found("shared order", "shared_order_id")


async def find_claims(statements: Statements, claims: Sequence[ClaimAsked]) -> list[ClaimFound | None]:
    """Return where what each claim is about belongs, without locking anything.

    Returns:
        None for a claim of what does not exist and of what the viewer does not see: alike, so that nobody learns even
        from how long it takes whether there is such a shared order, or whether others claim the same order.
    """
    wanted = {(claim.viewer.user_id, claim.shared_order_id) for claim in claims}
    found = {row[:2]: row[2:] for row in await statements.rows_for(_FIND, list(wanted))}
    places = [found.get((claim.viewer.user_id, claim.shared_order_id)) for claim in claims]
    return [
        None if place is None else ClaimFound(claim.viewer, claim.shared_order_id, *place)
        for claim, place in zip(claims, places, strict=True)
    ]


async def claim_together(
    statements: Statements, organisation_id: UUID, claims: Sequence[ClaimFound]
) -> list[AnySharedOrder | DomainError]:
    """Decide claims in one organisation, one after the other in the given order; many cost no more statements than one.

    Args:
        statements: The transaction.
        organisation_id: The organisation that `find_claims` has found for all of them.
        claims: The claims.

    Returns:
        For each claim the shared order, or why it was refused, as `claim_shared_order` would raise it.
    """
    held = await hold(
        statements,
        organisation_id,
        user_ids={claim.viewer.user_id for claim in claims},
        order_ids={claim.order_id for claim in claims},
        shared_order_ids={claim.shared_order_id for claim in claims},
    )
    if held is None:
        return [claim_of_nothing() for _ in claims]
    statements.all_locked()
    decision = _Decision(held)
    await decision.let_time_pass(statements)
    answers = [decision.answer(claim) for claim in claims]
    await store_claims(statements, organisation_id, decision.decided)
    return answers


class _Decision:
    """What claims are about under its locks, and what has been decided of it so far."""

    def __init__(self, held: Held) -> None:
        """Begin with nothing decided. They are judged by the time when the last of their locks was granted."""
        self.decided = ClaimsDecided(held.at)
        self._members = held.members
        self._orders = held.orders
        self._shared = held.shared
        self._aged: dict[UUID, tuple[list[NewEvent], list[HeldSharedOrder]]] = {}

    async def let_time_pass(self, statements: Statements) -> None:
        """Bring the orders to the status that time has led to: claims are judged by it.

        It is stored with a claim of the order that succeeds; with refusals alone it is for the sweeper to store.
        """
        for order in self._orders.values():
            if events := pass_time(order, self.decided.at):
                self._aged[order.id] = events, []
        ended = [order_id for order_id in self._aged if self._orders[order_id].status in ENDED_STATUSES]
        for offer in await hold_offers(statements, ended) if ended else []:
            shared = self._shared.setdefault(offer.id, offer)
            events, offers = self._aged[shared.order_id]
            events += revoke_or_expire(shared, self._orders[shared.order_id], None, self.decided.at)
            offers.append(shared)

    def answer(self, claim: ClaimFound) -> AnySharedOrder | DomainError:
        """Decide a claim on what those before it have left."""
        try:
            return self._decide(claim)
        except DomainError as refusal:
            return refusal if refusal.path else refusal.at("shared_order_id")

    def _decide(self, claim: ClaimFound) -> PlainSharedOrder:
        member, shared, order = self._seen_by(claim)
        require_recipient_acts(member, shared.recipient_id)
        refusal = refusal_of_claim(claim_facts(shared, order, shared.recipient_id in self._members), self.decided.at)
        if refusal is not None:
            raise refusal
        self._keep_aged(order)
        if shared.status is SharedOrderStatus.OFFERED:
            self._take_seat(shared, order)
        return shared.as_plain()

    def _seen_by(self, claim: ClaimFound) -> tuple[Member, HeldSharedOrder, HeldOrder]:
        member, shared = self._members.get(claim.viewer.user_id), self._shared.get(claim.shared_order_id)
        if member is None or shared is None:
            raise claim_of_nothing()
        order = self._orders[shared.order_id]
        if not may_see_shared_order(
            member, owner_id=order.owner_id, sender_id=shared.sender_id, recipient_id=shared.recipient_id
        ):
            raise claim_of_nothing()
        return member, shared, order

    def _keep_aged(self, order: HeldOrder) -> None:
        if order.id in self._aged:
            events, offers = self._aged.pop(order.id)
            self.decided.aged.append(order)
            self.decided.ended += offers
            self.decided.events += events

    def _take_seat(self, shared: HeldSharedOrder, order: HeldOrder) -> None:
        at = self.decided.at
        self.decided.events.append(move(shared, order, SharedOrderStatus.CLAIMED, shared.recipient_id, at))
        self.decided.claimed.append(shared.id)
        self.decided.seats[order.id] += 1
