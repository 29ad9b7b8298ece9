"""What the passing of time changes, without anybody asking: offers expire, covers end.

Each batch is one transaction of one organisation that looks again under the locks, so it does not matter how often
this runs, on how many replicas, or where it is cut off: each change happens once, and is logged once.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.database import present
from db.event_log import append
from db.event_rows import order_status_changed
from db.log_tables import EventRow
from db.order_tables import OrderRow
from db.sharing_tables import SharedOrderRow
from domain.lifecycle import ENDED_STATUSES, GRACE_PERIOD, status_after_time
from domain.vocabulary import OrderStatus, SharedOrderStatus, StatusCause
from resolvers.access import lock_orders, lock_shared_orders
from resolvers.offers import end_offers, expire_if_due
from resolvers.order_changes import count_change, set_status

BATCH = 100
"""How many orders one transaction changes at the most, so that others do not wait for long."""


async def organisations_with_due_offers(session: AsyncSession) -> Sequence[UUID]:
    """Return the organisations in which an offer's window has closed and the log does not tell it yet."""
    now = await present(session)
    statement = select(SharedOrderRow.organisation_id).where(*_due_offers(now)).distinct()
    return (await session.exec(statement)).all()


async def organisations_with_due_orders(session: AsyncSession) -> Sequence[UUID]:
    """Return the organisations in which an order's cover, or the grace period after it, has ended."""
    now = await present(session)
    statuses = (OrderStatus.IN_FORCE, OrderStatus.GRACE_PERIOD)
    found: set[UUID] = set()
    for status in statuses:
        statement = select(OrderRow.organisation_id).where(*_due_orders(status, now)).distinct()
        found.update((await session.exec(statement)).all())
    return sorted(found)


async def expire_offers(session: AsyncSession, organisation_id: UUID) -> int:
    """Store and log that offers of the organisation have expired, at most `BATCH` orders' at a time.

    Returns:
        How many expired.
    """
    due = (
        select(SharedOrderRow.order_id)
        .where(col(SharedOrderRow.organisation_id) == organisation_id, *_due_offers(await present(session)))
        .distinct()
        .limit(BATCH)
    )
    orders = await lock_orders(session, organisation_id, (await session.exec(due)).all())
    by_id = {order.id: order for order in orders}
    at = await present(session)
    offers = await lock_shared_orders(session, col(SharedOrderRow.order_id).in_(by_id), *_due_offers(at))
    events = [event for offer in offers for event in expire_if_due(offer, by_id[offer.order_id], at)]
    await append(session, organisation_id, events)
    return len(events)


async def advance_orders(session: AsyncSession, organisation_id: UUID) -> int:
    """Bring orders whose time has come one step on, at most `BATCH` at a time, and log it.

    Returns:
        How many orders changed.
    """
    now = await present(session)
    due_ids: list[UUID] = []
    for status in (OrderStatus.IN_FORCE, OrderStatus.GRACE_PERIOD):
        due = select(OrderRow.id).where(col(OrderRow.organisation_id) == organisation_id, *_due_orders(status, now))
        due_ids += (await session.exec(due.limit(BATCH - len(due_ids)))).all()
    orders = await lock_orders(session, organisation_id, due_ids)
    at = await present(session)
    events: list[EventRow] = []
    changed = 0
    for order in orders:
        status_now = status_after_time(order.status, order.expires_at, at)
        if status_now is not None:
            changed += 1
            events += await _advance(session, order, status_now, at)
    await append(session, organisation_id, events)
    return changed


async def _advance(session: AsyncSession, order: OrderRow, status: OrderStatus, at: datetime) -> list[EventRow]:
    previous = set_status(order, status, StatusCause.TIME, at)
    count_change(order, at)
    ended = await end_offers(session, order, None, at) if status in ENDED_STATUSES else []
    return [order_status_changed(order, previous, None), *ended]


def _due_offers(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        col(SharedOrderRow.status) == SharedOrderStatus.OFFERED,
        col(SharedOrderRow.closes_at) <= now,
    )


def _due_orders(status: OrderStatus, now: datetime) -> tuple[ColumnElement[bool], ...]:
    passed = now if status is OrderStatus.IN_FORCE else now - GRACE_PERIOD
    return (col(OrderRow.status) == status, col(OrderRow.expires_at) <= passed)
