"""Rows by id, many at once, each only if the viewer may see it."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, bindparam, exists, or_, select
from sqlalchemy.orm import Mapped
from sqlmodel import SQLModel, col

from db.order_tables import OrderRow
from db.people_tables import MembershipRow, OrganisationRow, UserRow
from db.plain_rows import PlainMembership, PlainOrder, PlainOrganisation, PlainResult, PlainSharedOrder, PlainUser
from db.row_query import RowQuery, any_of, columns_of
from db.sharing_tables import ProcessingResultRow, SharedOrderRow
from db.snapshot import MOMENT, Snapshot
from domain.people import Viewer
from domain.vocabulary import MemberRole

VIEWER = bindparam("viewer_id", type_=Uuid())
"""The parameter of queries that depend on who asks."""


def _holds(organisation_id: object, viewer: ColumnElement[UUID] = VIEWER) -> list[ColumnElement[bool]]:
    return [
        col(MembershipRow.organisation_id) == organisation_id,
        col(MembershipRow.user_id) == viewer,
        col(MembershipRow.removed_at).is_(None),
    ]


def viewer_belongs_to(organisation_id: object) -> ColumnElement[bool]:
    """Return the condition that the viewer is a member of the organisation in a column."""
    return exists().where(*_holds(organisation_id))


def viewer_sees_share(
    organisation_id: object, order_id: object, *parties: Mapped[Any], viewer: ColumnElement[UUID] = VIEWER
) -> ColumnElement[bool]:
    """Return the condition that the viewer sees what concerns a share: `may_see_shared_order` as SQL.

    The owner is looked up by the order's key, last, where nothing else lets the viewer see it: an owner may have any
    number of orders, of which a page needs few.

    Args:
        organisation_id: The column of the organisation.
        order_id: The column of the order, whose owner sees it.
        parties: The columns of those who are a party to it.
        viewer: Who the viewer is.
    """
    owned = select(col(OrderRow.owner_id)).where(col(OrderRow.id) == order_id)
    owner_id = owned.correlate_except(OrderRow).scalar_subquery()
    return exists().where(
        *_holds(organisation_id, viewer),
        or_(
            col(MembershipRow.role) == MemberRole.ADMIN,
            *(party == viewer for party in parties),
            owner_id == viewer,
        ),
    )


def sees_shared_order(viewer: ColumnElement[UUID]) -> ColumnElement[bool]:
    """Return the condition that a viewer sees a shared order."""
    return viewer_sees_share(
        col(SharedOrderRow.organisation_id),
        col(SharedOrderRow.order_id),
        col(SharedOrderRow.recipient_id),
        col(SharedOrderRow.sender_id),
        viewer=viewer,
    )


VIEWER_SEES_SHARED_ORDER = sees_shared_order(VIEWER)


def _by_ids(table: type[SQLModel], shape: type[NamedTuple], *conditions: ColumnElement[bool]) -> RowQuery[Any]:
    columns = columns_of(table, shape)
    return RowQuery(select(*columns).where(any_of(columns[0], "ids"), *conditions), shape._make)


_ORDERS = _by_ids(OrderRow, PlainOrder, viewer_belongs_to(OrderRow.organisation_id))
_SHARED_ORDERS = _by_ids(SharedOrderRow, PlainSharedOrder, VIEWER_SEES_SHARED_ORDER)
_RESULTS = _by_ids(ProcessingResultRow, PlainResult, viewer_belongs_to(ProcessingResultRow.organisation_id))


async def find_orders(snapshot: Snapshot, viewer: Viewer, order_ids: Collection[UUID]) -> Mapping[UUID, PlainOrder]:
    """Return the orders of the viewer's organisations among the given ids."""
    return {row.id: row for row in await snapshot.rows(_ORDERS, ids=order_ids, viewer_id=viewer.user_id)}


async def find_shared_orders(
    snapshot: Snapshot, viewer: Viewer, shared_order_ids: Collection[UUID]
) -> Mapping[UUID, PlainSharedOrder]:
    """Return the shared orders that the viewer sees among the given ids."""
    return {row.id: row for row in await snapshot.rows(_SHARED_ORDERS, ids=shared_order_ids, viewer_id=viewer.user_id)}


async def find_processing_results(
    snapshot: Snapshot, viewer: Viewer, result_ids: Collection[UUID]
) -> Mapping[UUID, PlainResult]:
    """Return the results on orders of the viewer's organisations among the given ids."""
    return {row.id: row for row in await snapshot.rows(_RESULTS, ids=result_ids, viewer_id=viewer.user_id)}


class OrganisationSeen(NamedTuple):
    """An organisation, and the viewer's membership in it."""

    organisation: PlainOrganisation
    membership: PlainMembership


def _seen(values: Any) -> tuple[PlainOrganisation, MemberRole, Any]:
    *organisation, role, now, names = values
    return PlainOrganisation(*organisation), role, (now, names)


_ORGANISATIONS = RowQuery(
    select(*columns_of(OrganisationRow, PlainOrganisation), col(MembershipRow.role), *MOMENT).where(
        any_of(col(OrganisationRow.id), "ids"), *_holds(OrganisationRow.id)
    ),
    _seen,
)


async def find_organisations(
    snapshot: Snapshot, viewer: Viewer, organisation_ids: Collection[UUID]
) -> Mapping[UUID, OrganisationSeen]:
    """Return the viewer's organisations among the given ids, with the viewer's place in each."""
    found = {}
    for row, role, moment in await snapshot.rows(_ORGANISATIONS, ids=organisation_ids, viewer_id=viewer.user_id):
        snapshot.learn(*moment)
        found[row.id] = OrganisationSeen(row, PlainMembership(row.id, viewer.user_id, role))
    return found


_THEIRS = select(col(MembershipRow.organisation_id)).where(col(MembershipRow.user_id) == UserRow.id).correlate(UserRow)
_USERS = _by_ids(
    UserRow,
    PlainUser,
    or_(
        col(UserRow.id) == VIEWER,
        exists().where(
            col(MembershipRow.user_id) == VIEWER,
            col(MembershipRow.removed_at).is_(None),
            col(MembershipRow.organisation_id).in_(_THEIRS),
        ),
    ),
)


async def find_users(snapshot: Snapshot, viewer: Viewer, user_ids: Collection[UUID]) -> Mapping[UUID, PlainUser]:
    """Return the users who are, or once were, members of an organisation of the viewer, and the viewer.

    A removed member stays visible: orders they own and results they processed bear their name.
    """
    return {row.id: row for row in await snapshot.rows(_USERS, ids=user_ids, viewer_id=viewer.user_id)}
