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
from db.new_events import NewEvent
from db.order_tables import OrderRow
from db.sharing_tables import SharedOrderRow
from domain.lifecycle import GRACE
from domain.vocabulary import OrderStatus, SharedOrderStatus
from resolvers.access import lock_orders, lock_shared_orders
from resolvers.offers import expire_if_due
from resolvers.order_changes import let_time_pass

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
    """Store and log that offers of the organisation have expired, of at most `BATCH` orders at a time.

    Returns:
        How many orders were looked at; fewer than `BATCH` were the last.
    """
    due = (
        select(SharedOrderRow.order_id)
        .where(col(SharedOrderRow.organisation_id) == organisation_id, *_due_offers(await present(session)))
        .distinct()
        .limit(BATCH)
    )
    due_ids = (await session.exec(due)).all()
    orders = await lock_orders(session, organisation_id, due_ids)
    by_id = {order.id: order for order in orders}
    at = await present(session)
    offers = await lock_shared_orders(session, col(SharedOrderRow.order_id).in_(by_id), *_due_offers(at))
    events = [event for offer in offers for event in expire_if_due(offer, by_id[offer.order_id], at)]
    await append(session, organisation_id, events)
    return len(due_ids)


async def advance_orders(session: AsyncSession, organisation_id: UUID) -> int:
    """Bring orders whose time has come to the status it leads to, at most `BATCH` at a time, and log it.

    Returns:
        How many orders were looked at; fewer than `BATCH` were the last.
    """
    now = await present(session)
    due_ids: list[UUID] = []
    for status in (OrderStatus.IN_FORCE, OrderStatus.GRACE_PERIOD):
        due = select(OrderRow.id).where(col(OrderRow.organisation_id) == organisation_id, *_due_orders(status, now))
        due_ids += (await session.exec(due.limit(BATCH - len(due_ids)))).all()
    orders = await lock_orders(session, organisation_id, due_ids)
    at = await present(session)
    events: list[NewEvent] = []
    for order in orders:
        events += await let_time_pass(session, order, at)
    await append(session, organisation_id, events)
    return len(due_ids)


def _due_offers(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        col(SharedOrderRow.status) == SharedOrderStatus.OFFERED,
        col(SharedOrderRow.closes_at) <= now,
    )


def _due_orders(status: OrderStatus, now: datetime) -> tuple[ColumnElement[bool], ...]:
    passed = now if status is OrderStatus.IN_FORCE else now - GRACE
    return (col(OrderRow.status) == status, col(OrderRow.expires_at) <= passed)
