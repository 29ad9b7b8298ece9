"""Who may share the orders of an organisation: its admins say."""

from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from db.database import present
from db.event_log import append
from db.new_events import share_policy_changed
from db.people_tables import OrganisationRow
from domain.people import Viewer, require_admin
from domain.vocabulary import SharePolicy
from resolvers.access import lock_member, lock_organisation


async def set_share_policy(
    session: AsyncSession, viewer: Viewer, organisation_id: UUID, policy: SharePolicy
) -> OrganisationRow:
    """Set the share policy; to set the policy that holds changes nothing. Offers that are out stay out.

    Raises:
        DomainError: NOT_FOUND or FORBIDDEN.
    """
    organisation = await lock_organisation(session, viewer, organisation_id)
    require_admin(await lock_member(session, viewer, organisation_id))
    if organisation.share_policy is not policy:
        previous, organisation.share_policy = organisation.share_policy, policy
        at = await present(session)
        event = share_policy_changed(organisation, previous, viewer.user_id, at)
        await append(session, organisation_id, [event])
    return organisation
