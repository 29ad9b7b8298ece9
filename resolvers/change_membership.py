"""What admins change about the members of their organisation."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.columns import new_id
from db.database import present
from db.event_log import append
from db.insert_once import insert_once
from db.new_events import NewEvent, membership_changed
from db.people_tables import MembershipRow, OrganisationRow, UserRow
from db.sharing_tables import SharedOrderRow
from domain.claiming import OPEN_STATUSES
from domain.errors import invalid_input, not_found
from domain.importing import require_name, require_reference
from domain.people import Member, Viewer, not_a_member, require_admin
from domain.vocabulary import MemberRole
from resolvers.access import lock_member, lock_memberships, lock_orders
from resolvers.offers import end_shares_of


@dataclass(frozen=True)
class NewMember:
    """Whom an admin adds: `reference` is the `sub` of their tokens; `name` counts only for a user not known yet."""

    reference: str
    name: str
    role: MemberRole


async def add_member(session: AsyncSession, viewer: Viewer, organisation_id: UUID, new: NewMember) -> MembershipRow:
    """Make a user a member, and make the user where the reference is not known yet.

    The name of a known user stays: they may be a member elsewhere, and it is not this organisation's to change.

    Raises:
        DomainError: NOT_FOUND, FORBIDDEN, or INVALID_INPUT, also where they are a member already.
    """
    require_reference(new.reference, "reference")
    require_name(new.name, "name")
    require_admin(await lock_member(session, viewer, organisation_id))
    at = await present(session)
    known = {"id": new_id(), "created_at": at, **UserRow.named(new.reference, new.name)}
    await insert_once(session, UserRow, known)
    user = (await session.exec(select(UserRow).where(col(UserRow.reference) == new.reference))).one()
    place = {"organisation_id": organisation_id, "user_id": user.id}
    joined = await insert_once(session, MembershipRow, {**place, "role": new.role, "joined_at": at})
    membership = await session.get_one(MembershipRow, place, with_for_update={"key_share": True})
    if not joined:
        if membership.removed_at is None:
            raise invalid_input("This user is a member already.", "reference")
        membership.removed_at, membership.role, membership.joined_at = None, new.role, at
    await append(session, organisation_id, [membership_changed(organisation_id, user.id, new.role, viewer.user_id, at)])
    return membership


async def set_member_role(
    session: AsyncSession, viewer: Viewer, organisation_id: UUID, user_id: UUID, role: MemberRole
) -> MembershipRow:
    """Give a member another role; to give the role they have changes nothing.

    Raises:
        DomainError: NOT_FOUND, FORBIDDEN or NOT_A_MEMBER.
    """
    membership = await _lock_subject(session, viewer, organisation_id, user_id)
    if membership.role is not role:
        at = await present(session)
        membership.role = role
        event = membership_changed(organisation_id, membership.user_id, role, viewer.user_id, at)
        await append(session, organisation_id, [event])
    return membership


async def remove_member(session: AsyncSession, viewer: Viewer, organisation_id: UUID, user_id: UUID) -> OrganisationRow:
    """Remove a member and revoke what they were offered or held; their orders and what they sent stay.

    The log tells the revocations first and the removal last: the removed member still sees what became of their
    shares, and nothing after that.

    Raises:
        DomainError: NOT_FOUND, FORBIDDEN or NOT_A_MEMBER.
    """
    membership = await _lock_subject(session, viewer, organisation_id, user_id)
    held = select(SharedOrderRow.order_id).where(
        col(SharedOrderRow.organisation_id) == organisation_id,
        col(SharedOrderRow.recipient_id) == membership.user_id,
        col(SharedOrderRow.status).in_(OPEN_STATUSES),
    )
    orders = await lock_orders(session, organisation_id, (await session.exec(held)).all())
    at = await present(session)
    events: list[NewEvent] = []
    for order in orders:
        events += await end_shares_of(session, order, membership.user_id, viewer.user_id, at)
    membership.removed_at = at
    events.append(membership_changed(organisation_id, membership.user_id, None, viewer.user_id, at))
    await append(session, organisation_id, events)
    return await session.get_one(OrganisationRow, organisation_id)


async def _lock_subject(session: AsyncSession, viewer: Viewer, organisation_id: UUID, user_id: UUID) -> MembershipRow:
    """Return the membership that an admin is about to change, under its lock."""
    held = await lock_memberships(session, organisation_id, [viewer.user_id], to_change=[user_id])
    if viewer.user_id not in held:
        raise not_found("organisation", "organisation_id")
    require_admin(Member(viewer.user_id, organisation_id, held[viewer.user_id].role))
    if user_id not in held:
        raise not_a_member("user_id")
    return held[user_id]
