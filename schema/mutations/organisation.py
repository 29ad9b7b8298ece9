"""What admins change about their organisation and its members."""

from typing import Annotated

import strawberry
from sqlmodel.ext.asyncio.session import AsyncSession

from db.people_tables import MembershipRow, OrganisationRow
from domain.people import Viewer
from domain.vocabulary import MemberRole, SharePolicy
from resolvers.change_membership import NewMember, add_member, remove_member, set_member_role
from resolvers.set_share_policy import set_share_policy
from schema.context import Info
from schema.global_id import decode_id
from schema.mutate import mutate
from schema.mutations.payloads import INPUT, idempotency_key, user_errors
from schema.types.organisation import Membership, Organisation
from schema.user_errors import UserError


@strawberry.input(description="Who may share the organisation's orders.")
class SetSharePolicyInput:
    """The input."""

    organisation_id: strawberry.ID = strawberry.field(
        description="The id of the organisation; you must be one of its admins."
    )
    share_policy: SharePolicy = strawberry.field(description="The policy from now on; offers that are out stay out.")
    idempotency_key: str | None = idempotency_key()


@strawberry.type(description="What became of setting the share policy.")
class SetSharePolicyPayload:
    """The payload."""

    organisation: Organisation | None = strawberry.field(
        default=None, description="The organisation with its policy; null where it was refused."
    )
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="Whom to make a member.")
class AddMemberInput:
    """The input."""

    organisation_id: strawberry.ID = strawberry.field(
        description="The id of the organisation; you must be one of its admins."
    )
    reference: str = strawberry.field(
        description="The new member's reference: the `sub` of the tokens they sign in with."
    )
    name: str = strawberry.field(
        description="The new member's name. A user whom the server knows already keeps the name they have."
    )
    role: MemberRole = strawberry.field(default=MemberRole.MEMBER, description="The role of the new member.")
    idempotency_key: str | None = idempotency_key()


@strawberry.type(description="What became of adding a member.")
class AddMemberPayload:
    """The payload."""

    membership: Membership | None = strawberry.field(
        default=None, description="The new membership; null where it was refused."
    )
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="Which member to remove.")
class RemoveMemberInput:
    """The input."""

    organisation_id: strawberry.ID = strawberry.field(
        description="The id of the organisation; you must be one of its admins."
    )
    user_id: strawberry.ID = strawberry.field(
        description="The member's user id. What they were offered or hold is revoked; their orders stay."
    )
    idempotency_key: str | None = idempotency_key()


@strawberry.type(description="What became of removing a member.")
class RemoveMemberPayload:
    """The payload."""

    organisation: Organisation | None = strawberry.field(
        default=None,
        description="The organisation without the member; null where it was refused, or you removed yourself.",
    )
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="Which member gets which role.")
class SetMemberRoleInput:
    """The input."""

    organisation_id: strawberry.ID = strawberry.field(
        description="The id of the organisation; you must be one of its admins."
    )
    user_id: strawberry.ID = strawberry.field(description="The member.")
    role: MemberRole = strawberry.field(description="The role from now on.")
    idempotency_key: str | None = idempotency_key()


@strawberry.type(description="What became of setting a member's role.")
class SetMemberRolePayload:
    """The payload."""

    membership: Membership | None = strawberry.field(
        default=None, description="The membership with its role; null where it was refused."
    )
    user_errors: list[UserError] = user_errors()


async def resolve_set_share_policy(info: Info, input: Annotated[SetSharePolicyInput, INPUT]) -> SetSharePolicyPayload:
    """Set who may share."""
    organisation_id = decode_id("Organisation", input.organisation_id)

    async def work(session: AsyncSession, viewer: Viewer) -> OrganisationRow:
        return await set_share_policy(session, viewer, organisation_id, input.share_policy)

    outcome = await mutate(info, input, OrganisationRow, work)
    row = outcome.answer
    organisation = None if row is None else Organisation.from_row(row)
    return SetSharePolicyPayload(organisation=organisation, user_errors=outcome.user_errors)


async def resolve_add_member(info: Info, input: Annotated[AddMemberInput, INPUT]) -> AddMemberPayload:
    """Add a member."""
    organisation_id = decode_id("Organisation", input.organisation_id)
    new = NewMember(input.reference, input.name, input.role)

    async def work(session: AsyncSession, viewer: Viewer) -> MembershipRow:
        return await add_member(session, viewer, organisation_id, new)

    outcome = await mutate(info, input, MembershipRow, work)
    row = outcome.answer
    membership = None if row is None else Membership.from_row(row)
    return AddMemberPayload(membership=membership, user_errors=outcome.user_errors)


async def resolve_remove_member(info: Info, input: Annotated[RemoveMemberInput, INPUT]) -> RemoveMemberPayload:
    """Remove a member."""
    organisation_id = decode_id("Organisation", input.organisation_id)
    user_id = decode_id("User", input.user_id)

    async def work(session: AsyncSession, viewer: Viewer) -> OrganisationRow:
        return await remove_member(session, viewer, organisation_id, user_id)

    outcome = await mutate(info, input, OrganisationRow, work)
    row = outcome.answer
    # Who removed themselves has no business there any more.
    organisation = None if row is None or user_id == info.context.viewer.user_id else Organisation.from_row(row)
    return RemoveMemberPayload(organisation=organisation, user_errors=outcome.user_errors)


async def resolve_set_member_role(info: Info, input: Annotated[SetMemberRoleInput, INPUT]) -> SetMemberRolePayload:
    """Set a member's role."""
    organisation_id = decode_id("Organisation", input.organisation_id)
    user_id = decode_id("User", input.user_id)

    async def work(session: AsyncSession, viewer: Viewer) -> MembershipRow:
        return await set_member_role(session, viewer, organisation_id, user_id, input.role)

    outcome = await mutate(info, input, MembershipRow, work)
    row = outcome.answer
    membership = None if row is None else Membership.from_row(row)
    return SetMemberRolePayload(membership=membership, user_errors=outcome.user_errors)
