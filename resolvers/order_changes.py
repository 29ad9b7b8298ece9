"""The one place that changes an order's status, version and status reason."""

from datetime import datetime
from uuid import UUID

from db.order_tables import OrderRow
from domain.vocabulary import OrderAction, OrderStatus, StatusCause, Terminal


def count_change(order: OrderRow, at: datetime) -> None:
    """Raise the order's version by one: once for every change of the order itself, never for sharing or claiming."""
    order.version += 1
    order.updated_at = at


def set_status(
    order: OrderRow,
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
