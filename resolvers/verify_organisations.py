"""Recounting: does what is stored agree with the log and with itself?"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.log_tables import EventRow, StreamRow
from db.order_tables import OrderRow
from db.people_tables import OrganisationRow
from db.sharing_tables import SharedOrderRow
from domain.vocabulary import EventKind, SharedOrderStatus

_CHANGES_OF_THE_ORDER = (EventKind.ORDER_STATUS_CHANGED, EventKind.ORDER_IMPORTED)


async def verify_organisations(session: AsyncSession) -> Sequence[str]:
    """Return what is off in any organisation, a sentence each; nothing where all is well.

    The log is gapless up to its head; each order's version counts the log's changes of it; its seats taken are the
    shared orders that are claimed.
    """
    return [
        *await _broken_logs(session),
        *await _wrong_versions(session),
        *await _wrong_seats(session),
    ]


async def count_organisations(session: AsyncSession) -> int:
    """Return how many organisations there are."""
    return (await session.exec(select(func.count()).select_from(OrganisationRow))).one()


async def _broken_logs(session: AsyncSession) -> list[str]:
    logged = (
        select(
            col(EventRow.organisation_id).label("organisation_id"),
            func.count().label("events"),
            func.min(EventRow.sequence).label("lowest"),
            func.max(EventRow.sequence).label("highest"),
        )
        .group_by(col(EventRow.organisation_id))
        .subquery()
    )
    events = func.coalesce(logged.c.events, 0)
    head, first = col(StreamRow.head), col(StreamRow.first_sequence)
    broken: ColumnElement[bool] = or_(
        col(StreamRow.organisation_id).is_(None),
        events != head - first + 1,
        logged.c.lowest != first,
        logged.c.highest != head,
    )
    statement = (
        select(OrganisationRow.reference, events)
        .outerjoin(StreamRow, col(StreamRow.organisation_id) == col(OrganisationRow.id))
        .outerjoin(logged, logged.c.organisation_id == col(OrganisationRow.id))
        .where(broken)
        .order_by(col(OrganisationRow.reference))
    )
    return [
        f"{reference}: the log's {count} events do not run without a gap up to its head"
        for reference, count in (await session.exec(statement)).all()
    ]


async def _wrong_versions(session: AsyncSession) -> list[str]:
    changes = (
        select(
            col(EventRow.order_id).label("order_id"),
            func.count().label("changes"),
            func.min(EventRow.order_version).label("earliest"),
            func.max(EventRow.order_version).label("latest"),
        )
        .where(col(EventRow.kind).in_(_CHANGES_OF_THE_ORDER))
        .group_by(col(EventRow.order_id))
        .subquery()
    )
    counted, version = func.coalesce(changes.c.changes, 0), col(OrderRow.version)
    wrong: ColumnElement[bool] = or_(
        changes.c.latest != version,
        counted != changes.c.latest - changes.c.earliest + 1,
        # Of a log that was trimmed, the earlier changes may be gone.
        and_(col(StreamRow.first_sequence) == 1, counted != version),
    )
    statement = (
        select(OrganisationRow.reference, OrderRow.reference, version, counted)
        .join(OrganisationRow, col(OrganisationRow.id) == col(OrderRow.organisation_id))
        .outerjoin(StreamRow, col(StreamRow.organisation_id) == col(OrderRow.organisation_id))
        .outerjoin(changes, changes.c.order_id == col(OrderRow.id))
        .where(wrong)
        .order_by(col(OrganisationRow.reference), col(OrderRow.reference))
    )
    return [
        f"{organisation}: order {order} is at version {stored}, and the log has {logged} changes of it"
        for organisation, order, stored, logged in (await session.exec(statement)).all()
    ]


async def _wrong_seats(session: AsyncSession) -> list[str]:
    claimed = (
        select(col(SharedOrderRow.order_id).label("order_id"), func.count().label("claimed"))
        .where(col(SharedOrderRow.status) == SharedOrderStatus.CLAIMED)
        .group_by(col(SharedOrderRow.order_id))
        .subquery()
    )
    counted = func.coalesce(claimed.c.claimed, 0)
    statement = (
        select(OrganisationRow.reference, OrderRow.reference, OrderRow.shares_claimed, counted)
        .join(OrganisationRow, col(OrganisationRow.id) == col(OrderRow.organisation_id))
        .outerjoin(claimed, claimed.c.order_id == col(OrderRow.id))
        .where(or_(counted != col(OrderRow.shares_claimed), counted > col(OrderRow.max_shares)))
        .order_by(col(OrganisationRow.reference), col(OrderRow.reference))
    )
    return [
        f"{organisation}: order {order} counts {stored} seats taken, and {actual} shared orders are claimed"
        for organisation, order, stored, actual in (await session.exec(statement)).all()
    ]
