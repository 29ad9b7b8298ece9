"""Rows by id, many at once, each only if the viewer may see it."""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.order_tables import OrderRow
from db.people_tables import MembershipRow, OrganisationRow, UserRow
from db.sharing_tables import ProcessingResultRow, SharedOrderRow
from domain.people import Viewer
from domain.vocabulary import MemberRole


def viewer_belongs_to(viewer: Viewer, organisation_id: object, *, as_admin: bool = False) -> ColumnElement[bool]:
    """Return the condition that the viewer is a member (or an admin) of the organisation in a column."""
    conditions = [
        col(MembershipRow.organisation_id) == organisation_id,
        col(MembershipRow.user_id) == viewer.user_id,
        col(MembershipRow.removed_at).is_(None),
    ]
    if as_admin:
        conditions.append(col(MembershipRow.role) == MemberRole.ADMIN)
    return exists().where(*conditions)


def viewer_sees_shared_order(viewer: Viewer) -> ColumnElement[bool]:
    """Return the condition that the viewer sees a shared order: `domain.people.may_see_shared_order` as SQL."""
    organisation_id = col(SharedOrderRow.organisation_id)
    owns = exists().where(col(OrderRow.id) == col(SharedOrderRow.order_id), col(OrderRow.owner_id) == viewer.user_id)
    return and_(
        viewer_belongs_to(viewer, organisation_id),
        or_(
            col(SharedOrderRow.sender_id) == viewer.user_id,
            col(SharedOrderRow.recipient_id) == viewer.user_id,
            owns,
            viewer_belongs_to(viewer, organisation_id, as_admin=True),
        ),
    )


async def find_orders(session: AsyncSession, viewer: Viewer, order_ids: Collection[UUID]) -> Mapping[UUID, OrderRow]:
    """Return the orders of the viewer's organisations among the given ids."""
    statement = select(OrderRow).where(
        col(OrderRow.id).in_(order_ids), viewer_belongs_to(viewer, OrderRow.organisation_id)
    )
    return {row.id: row for row in (await session.exec(statement)).all()}


async def find_shared_orders(
    session: AsyncSession, viewer: Viewer, shared_order_ids: Collection[UUID]
) -> Mapping[UUID, SharedOrderRow]:
    """Return the shared orders that the viewer sees among the given ids."""
    statement = select(SharedOrderRow).where(
        col(SharedOrderRow.id).in_(shared_order_ids), viewer_sees_shared_order(viewer)
    )
    return {row.id: row for row in (await session.exec(statement)).all()}


async def find_processing_results(
    session: AsyncSession, viewer: Viewer, result_ids: Collection[UUID]
) -> Mapping[UUID, ProcessingResultRow]:
    """Return the results on orders of the viewer's organisations among the given ids."""
    statement = select(ProcessingResultRow).where(
        col(ProcessingResultRow.id).in_(result_ids),
        viewer_belongs_to(viewer, ProcessingResultRow.organisation_id),
    )
    return {row.id: row for row in (await session.exec(statement)).all()}


async def find_organisations(
    session: AsyncSession, viewer: Viewer, organisation_ids: Collection[UUID]
) -> Mapping[UUID, OrganisationRow]:
    """Return the viewer's organisations among the given ids."""
    statement = select(OrganisationRow).where(
        col(OrganisationRow.id).in_(organisation_ids), viewer_belongs_to(viewer, OrganisationRow.id)
    )
    return {row.id: row for row in (await session.exec(statement)).all()}


async def find_users(session: AsyncSession, viewer: Viewer, user_ids: Collection[UUID]) -> Mapping[UUID, UserRow]:
    """Return the users who are, or once were, members of an organisation of the viewer, and the viewer.

    A removed member stays visible: orders they own and results they processed bear their name.
    """
    theirs = select(MembershipRow.organisation_id).where(col(MembershipRow.user_id) == UserRow.id)
    shares_one = exists().where(
        col(MembershipRow.user_id) == viewer.user_id,
        col(MembershipRow.removed_at).is_(None),
        col(MembershipRow.organisation_id).in_(theirs.correlate(UserRow)),
    )
    statement = select(UserRow).where(col(UserRow.id).in_(user_ids), or_(col(UserRow.id) == viewer.user_id, shares_one))
    return {row.id: row for row in (await session.exec(statement)).all()}
