"""What a viewer may reach, and the locks under which it is changed.

Locks are taken in one order everywhere, so that no two transactions wait for each other: idempotency key, then the
organisation, then memberships, then orders, then shared orders, and the head of the log last. Of several rows of one
kind, the lower id comes first. A thing of another organisation is refused exactly like a thing that does not exist.
"""

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import tuple_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.order_tables import OrderRow
from db.people_tables import MembershipRow, OrganisationRow
from db.sharing_tables import SharedOrderRow
from domain.errors import not_found
from domain.people import Member, Viewer, may_see_shared_order
from domain.vocabulary import SharePolicy
from resolvers.find_rows import VIEWER, VIEWER_SEES_SHARED_ORDER, viewer_belongs_to


@dataclass(frozen=True)
class LockedOrder:
    """An order under its lock, and the viewer as a member of its organisation."""

    member: Member
    order: OrderRow


@dataclass(frozen=True)
class LockedSharedOrder:
    """A shared order and its order under their locks, and the viewer as a member of their organisation.

    The recipient's membership is locked too, and `recipient_is_member` tells whether it holds.
    """

    member: Member
    order: OrderRow
    shared: SharedOrderRow
    recipient_is_member: bool


async def find_member(session: AsyncSession, viewer: Viewer, organisation_id: UUID) -> Member | None:
    """Return the viewer as a member of the organisation, or None where they are not one now."""
    row = await session.get(MembershipRow, (organisation_id, viewer.user_id))
    if row is None or row.removed_at is not None:
        return None
    return Member(viewer.user_id, organisation_id, row.role)


async def still_members(session: AsyncSession, places: Collection[tuple[UUID, UUID]]) -> AbstractSet[tuple[UUID, UUID]]:
    """Return those of `places`, each an organisation and a user, where the user is a member now."""
    if not places:
        return frozenset()
    place = tuple_(col(MembershipRow.organisation_id), col(MembershipRow.user_id))
    statement = select(MembershipRow.organisation_id, MembershipRow.user_id).where(
        place.in_(places), col(MembershipRow.removed_at).is_(None)
    )
    return {(organisation_id, user_id) for organisation_id, user_id in (await session.exec(statement)).all()}


async def find_organisation(
    session: AsyncSession, viewer: Viewer, organisation_id: UUID
) -> tuple[OrganisationRow, Member] | None:
    """Return the organisation and the viewer as its member, or None where they are not a member now."""
    member = await find_member(session, viewer, organisation_id)
    if member is None:
        return None
    return await session.get_one(OrganisationRow, organisation_id), member


async def require_member(session: AsyncSession, viewer: Viewer, organisation_id: UUID) -> Member:
    """Return the viewer as a member of the organisation.

    Raises:
        DomainError: NOT_FOUND.
    """
    member = await find_member(session, viewer, organisation_id)
    if member is None:
        raise not_found("organisation", "organisation_id")
    return member


async def lock_memberships(
    session: AsyncSession,
    organisation_id: UUID,
    user_ids: Collection[UUID],
    *,
    to_change: Collection[UUID] = (),
) -> Mapping[UUID, MembershipRow]:
    """Return the memberships that hold now among those of `user_ids`, locked to the end of the transaction.

    Args:
        session: The transaction.
        organisation_id: Whose members.
        user_ids: Which users; others, and removed members, are left out of the answer.
        to_change: Those whose membership is about to change; the others are only kept from changing.
    """
    if not to_change:
        return await _lock_held(session, organisation_id, user_ids, change=False)
    held: dict[UUID, MembershipRow] = {}
    # One by one, lower id first, for one statement locks all its rows alike.
    for user_id in sorted({*user_ids, *to_change}):
        held |= await _lock_held(session, organisation_id, [user_id], change=user_id in to_change)
    return held


async def _lock_held(
    session: AsyncSession, organisation_id: UUID, user_ids: Collection[UUID], *, change: bool
) -> dict[UUID, MembershipRow]:
    statement = (
        select(MembershipRow)
        .where(
            col(MembershipRow.organisation_id) == organisation_id,
            col(MembershipRow.user_id).in_(user_ids),
            col(MembershipRow.removed_at).is_(None),
        )
        .order_by(col(MembershipRow.user_id))
        .with_for_update(read=not change, key_share=change)
        .execution_options(populate_existing=True)
    )
    return {row.user_id: row for row in (await session.exec(statement)).all()}


async def lock_member(session: AsyncSession, viewer: Viewer, organisation_id: UUID) -> Member:
    """Return the viewer as a member, kept from being removed or changed until the transaction ends.

    Raises:
        DomainError: NOT_FOUND.
    """
    held = await lock_memberships(session, organisation_id, [viewer.user_id])
    if viewer.user_id not in held:
        raise not_found("organisation", "organisation_id")
    return Member(viewer.user_id, organisation_id, held[viewer.user_id].role)


async def lock_organisation(session: AsyncSession, viewer: Viewer, organisation_id: UUID) -> OrganisationRow:
    """Return an organisation of the viewer, locked and as it is now; their membership is for `lock_member` to lock.

    Raises:
        DomainError: NOT_FOUND.
    """
    await require_member(session, viewer, organisation_id)
    statement = (
        select(OrganisationRow)
        .where(col(OrganisationRow.id) == organisation_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return (await session.exec(statement)).one()


async def hold_share_policy(session: AsyncSession, organisation_id: UUID) -> SharePolicy:
    """Return who may share the organisation's orders, kept from being changed until the transaction ends."""
    statement = (
        select(OrganisationRow)
        .where(col(OrganisationRow.id) == organisation_id)
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    )
    return (await session.exec(statement)).one().share_policy


async def lock_orders(session: AsyncSession, organisation_id: UUID, order_ids: Collection[UUID]) -> list[OrderRow]:
    """Return orders of the organisation by id, in the order of their ids, locked and as they are now."""
    statement = (
        select(OrderRow)
        .where(col(OrderRow.organisation_id) == organisation_id, col(OrderRow.id).in_(order_ids))
        .order_by(col(OrderRow.id))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return list((await session.exec(statement)).all())


async def lock_order(session: AsyncSession, viewer: Viewer, order_id: UUID) -> LockedOrder:
    """Return an order that the viewer sees, locked and as it is now.

    Raises:
        DomainError: NOT_FOUND.
    """
    # Asked in one: to look for the viewer only where there is a row would tell by its time that there is one.
    own = select(OrderRow).where(col(OrderRow.id) == order_id, viewer_belongs_to(OrderRow.organisation_id))
    seen = (await session.exec(own, params={VIEWER.key: viewer.user_id})).one_or_none()
    if seen is None:
        raise not_found("order", "order_id")
    held = await lock_memberships(session, seen.organisation_id, [viewer.user_id])
    if viewer.user_id not in held:
        raise not_found("order", "order_id")
    [order] = await lock_orders(session, seen.organisation_id, [order_id])
    return LockedOrder(Member(viewer.user_id, order.organisation_id, held[viewer.user_id].role), order)


async def lock_shared_order(
    session: AsyncSession, viewer: Viewer, shared_order_id: UUID, argument: str = "shared_order_id"
) -> LockedSharedOrder:
    """Return a shared order that the viewer sees, and its order, locked and as they are now.

    Args:
        session: The transaction.
        viewer: Who asks.
        shared_order_id: Which shared order.
        argument: The name of the use case's argument, for the refusal.

    Raises:
        DomainError: NOT_FOUND.
    """
    return await _lock_seen(
        session, viewer, await _see_shared_order(session, viewer, shared_order_id, argument), argument
    )


async def lock_offer(
    session: AsyncSession, viewer: Viewer, shared_order_id: UUID
) -> tuple[LockedSharedOrder, SharePolicy]:
    """Return what `lock_shared_order` does, and who may share in its organisation, which is kept from being changed.

    Raises:
        DomainError: NOT_FOUND.
    """
    seen = await _see_shared_order(session, viewer, shared_order_id, "shared_order_id")
    policy = await hold_share_policy(session, seen.organisation_id)
    return await _lock_seen(session, viewer, seen, "shared_order_id"), policy


async def _see_shared_order(
    session: AsyncSession, viewer: Viewer, shared_order_id: UUID, argument: str
) -> SharedOrderRow:
    # Asked in one, as of an order.
    visible = select(SharedOrderRow).where(col(SharedOrderRow.id) == shared_order_id, VIEWER_SEES_SHARED_ORDER)
    seen = (await session.exec(visible, params={VIEWER.key: viewer.user_id})).one_or_none()
    if seen is None:
        raise not_found("shared order", argument)
    return seen


async def _lock_seen(session: AsyncSession, viewer: Viewer, seen: SharedOrderRow, argument: str) -> LockedSharedOrder:
    held = await lock_memberships(session, seen.organisation_id, {viewer.user_id, seen.recipient_id})
    if viewer.user_id not in held:
        raise not_found("shared order", argument)
    [order] = await lock_orders(session, seen.organisation_id, [seen.order_id])
    [shared] = await lock_shared_orders(session, col(SharedOrderRow.id) == seen.id)
    member = Member(viewer.user_id, seen.organisation_id, held[viewer.user_id].role)
    if not may_see_shared_order(
        member, owner_id=order.owner_id, sender_id=shared.sender_id, recipient_id=shared.recipient_id
    ):
        raise not_found("shared order", argument)
    return LockedSharedOrder(member, order, shared, shared.recipient_id in held)


async def lock_shared_orders(session: AsyncSession, *conditions: object) -> list[SharedOrderRow]:
    """Return the shared orders that meet the conditions, by id, locked and as they are now; lock their orders first."""
    statement = (
        select(SharedOrderRow)
        .where(*conditions)  # type: ignore[arg-type]  # SQLModel's stubs name the classes, not what they share
        .order_by(col(SharedOrderRow.id))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return list((await session.exec(statement)).all())
