"""The one place that changes an order's status, version and status reason."""

from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from db.held_rows import ChangingOrder
from db.new_events import NewEvent, order_status_changed
from db.order_tables import OrderRow
from domain.lifecycle import ENDED_STATUSES, status_after_time
from domain.vocabulary import OrderAction, OrderStatus, StatusCause, Terminal
from resolvers.offers import end_offers


def count_change(order: ChangingOrder, at: datetime) -> None:
    """Raise the order's version by one: once for every change of the order itself, never for sharing or claiming."""
    order.version += 1
    order.updated_at = at


def set_status(
    order: ChangingOrder,
    status: OrderStatus,
    cause: StatusCause,
    at: datetime,
    *,
    action: OrderAction | None = None,
    actor_id: UUID | None = None,
    via: Terminal | None = None,
) -> OrderStatus:
    """Give the order a status and the reason of it; the caller counts the change.

    Args:
        order: The order, under its lock.
        status: What it becomes.
        cause: Why.
        at: When.
        action: The action that was processed, where one was.
        actor_id: Who did it; None for time and for an import from a file.
        via: Through which of the linked orders, where it was processed.

    Returns:
        The status before.
    """
    previous = order.status
    order.status = status
    order.reason_cause = cause
    order.reason_action = action
    order.reason_actor_id = actor_id
    order.reason_via = via
    order.reason_at = at
    return previous


async def let_time_pass(session: AsyncSession, order: OrderRow, at: datetime) -> list[NewEvent]:
    """Bring an order to the status that the passing of time has led to, and return the entries for the log.

    Whatever judges an order by its status calls this first: the sweeper may not have come by yet.

    Args:
        session: The transaction, which holds the order's lock.
        order: The order.
        at: The present, from a clock read after the lock.
    """
    events = pass_time(order, at)
    if events and order.status in ENDED_STATUSES:
        events += await end_offers(session, order, None, at)
    return events


def pass_time(order: ChangingOrder, at: datetime) -> list[NewEvent]:
    """Do the same to the order alone: where it has ended, its offers are for the caller to end."""
    events: list[NewEvent] = []
    while (status := status_after_time(order.status, order.expires_at, at)) is not None:
        previous = set_status(order, status, StatusCause.TIME, at)
        count_change(order, at)
        events.append(order_status_changed(order, previous, None))
    return events
