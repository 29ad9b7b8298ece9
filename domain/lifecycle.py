"""The life of an order: the one table of actions, and what the passing of time does."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from domain.errors import invalid_input
from domain.vocabulary import OrderAction, OrderStatus

GRACE = timedelta(days=30)
"""How long an order stays in its grace period after `expires_at` before it lapses."""


@dataclass(frozen=True)
class Transition:
    """One row of the table: `action` leads from any of `from_statuses` to `to_status`; without an action, time does."""

    action: OrderAction | None
    from_statuses: tuple[OrderStatus, ...]
    to_status: OrderStatus


TRANSITIONS: tuple[Transition, ...] = (
    Transition(OrderAction.ACTIVATE, (OrderStatus.PENDING,), OrderStatus.IN_FORCE),
    Transition(OrderAction.RENEW, (OrderStatus.IN_FORCE, OrderStatus.GRACE_PERIOD), OrderStatus.IN_FORCE),
    Transition(OrderAction.ENDORSE, (OrderStatus.IN_FORCE,), OrderStatus.IN_FORCE),
    Transition(OrderAction.REPORT_LOSS, (OrderStatus.IN_FORCE, OrderStatus.GRACE_PERIOD), OrderStatus.LOSS_REPORTED),
    Transition(OrderAction.SETTLE_LOSS, (OrderStatus.LOSS_REPORTED,), OrderStatus.IN_FORCE),
    Transition(OrderAction.REJECT_LOSS, (OrderStatus.LOSS_REPORTED,), OrderStatus.IN_FORCE),
    Transition(OrderAction.SUSPEND, (OrderStatus.IN_FORCE,), OrderStatus.SUSPENDED),
    Transition(OrderAction.REINSTATE, (OrderStatus.SUSPENDED, OrderStatus.LAPSED), OrderStatus.IN_FORCE),
    Transition(
        OrderAction.CANCEL,
        (OrderStatus.PENDING, OrderStatus.IN_FORCE, OrderStatus.GRACE_PERIOD, OrderStatus.SUSPENDED),
        OrderStatus.CANCELLED,
    ),
    Transition(None, (OrderStatus.IN_FORCE,), OrderStatus.GRACE_PERIOD),
    Transition(None, (OrderStatus.GRACE_PERIOD,), OrderStatus.LAPSED),
)

_STATUS_AFTER: Mapping[tuple[OrderStatus, OrderAction], OrderStatus] = MappingProxyType(
    {
        (from_status, transition.action): transition.to_status
        for transition in TRANSITIONS
        if transition.action is not None
        for from_status in transition.from_statuses
    }
)

ENDED_STATUSES = frozenset({OrderStatus.LAPSED, OrderStatus.CANCELLED})
"""An order that reaches one of these revokes its open offers."""


def actions_from(status: OrderStatus) -> tuple[OrderAction, ...]:
    """Return the actions that the table has from `status`, in the order of the table."""
    return tuple(
        transition.action
        for transition in TRANSITIONS
        if transition.action is not None and status in transition.from_statuses
    )


def status_after(status: OrderStatus, action: OrderAction) -> OrderStatus | None:
    """Return the status that `action` leads to from `status`, or None where the table has no such row."""
    return _STATUS_AFTER.get((status, action))


def status_after_time(status: OrderStatus, expires_at: datetime | None, now: datetime) -> OrderStatus | None:
    """Return the status that the passing of time leads to, one step at a time, or None where nothing is due.

    Args:
        status: The order's status.
        expires_at: When the cover ends, with zone; None for a cover without end.
        now: The present, with zone.
    """
    if expires_at is None:
        return None
    if status is OrderStatus.IN_FORCE and expires_at <= now:
        return OrderStatus.GRACE_PERIOD
    if status is OrderStatus.GRACE_PERIOD and expires_at <= now - GRACE:
        return OrderStatus.LAPSED
    return None


def status_at(status: OrderStatus, expires_at: datetime | None, now: datetime) -> OrderStatus:
    """Return the status that an order has come to by `now`, whether or not the log tells it yet."""
    while (later := status_after_time(status, expires_at, now)) is not None:
        status = later
    return status


def expiry_after(
    action: OrderAction,
    *,
    effective_at: datetime,
    expires_at: datetime | None,
    new_expires_at: datetime | None,
    now: datetime,
) -> datetime | None:
    """Return when the order's cover ends once `action` is applied.

    RENEW needs a new end. REINSTATE takes one: without it, an order whose cover and grace period are over lapses again
    as time passes. No other action moves the end.

    Raises:
        DomainError: INVALID_INPUT, about `new_expires_at`.
    """
    if new_expires_at is None:
        if action is OrderAction.RENEW:
            raise invalid_input("RENEW needs newExpiresAt, the new end of the cover.", "new_expires_at")
        return expires_at
    if action not in (OrderAction.RENEW, OrderAction.REINSTATE):
        raise invalid_input(f"{action} does not take newExpiresAt.", "new_expires_at")
    if new_expires_at <= now or new_expires_at <= effective_at:
        raise invalid_input("newExpiresAt must be in the future and after effectiveAt.", "new_expires_at")
    return new_expires_at
