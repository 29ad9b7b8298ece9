"""Entries for the log, one function for each kind; they get their sequence when they are appended."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from db.columns import new_id
from db.held_rows import ChangingOrder, ChangingSharedOrder
from db.order_tables import OrderRow
from db.people_tables import OrganisationRow
from domain.vocabulary import EventKind, MemberRole, OrderStatus, SharedOrderStatus, SharePolicy


@dataclass(slots=True, kw_only=True)
class NewEvent:
    """An entry that is not in the log yet: a row of `EventRow` without its sequence.

    A plain object, because an import makes tens of thousands of them.
    """

    organisation_id: UUID
    event_id: UUID = field(default_factory=new_id)
    kind: EventKind
    actor_id: UUID | None
    order_id: UUID | None = None
    order_version: int | None = None
    shared_order_id: UUID | None = None
    sender_id: UUID | None = None
    recipient_id: UUID | None = None
    subject_id: UUID | None = None
    payload: dict[str, Any]
    occurred_at: datetime

    def as_values(self, sequence: int) -> dict[str, Any]:
        """Return the columns of the entry at its place in the log."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return {**values, "sequence": sequence}


def order_status_changed(order: ChangingOrder, previous: OrderStatus, actor_id: UUID | None) -> NewEvent:
    """Return the entry of a result that was applied, a time-driven change, or an import that changed the status.

    Args:
        order: The order after the change; its status reason tells the cause.
        previous: Its status before.
        actor_id: Who processed or imported; None for time.
    """
    return NewEvent(
        organisation_id=order.organisation_id,
        kind=EventKind.ORDER_STATUS_CHANGED,
        actor_id=actor_id,
        order_id=order.id,
        order_version=order.version,
        payload={
            "previous_status": previous,
            "status": order.status,
            "reason": {
                "cause": order.reason_cause,
                "action": order.reason_action,
                "actor_id": order.reason_actor_id and str(order.reason_actor_id),
                "via": order.reason_via,
                "at": order.reason_at.isoformat(),
            },
        },
        occurred_at=order.reason_at,
    )


def shared_order_changed(
    shared: ChangingSharedOrder,
    order: ChangingOrder,
    previous: SharedOrderStatus | None,
    actor_id: UUID | None,
    at: datetime,
) -> NewEvent:
    """Return the entry of a shared order that was offered, or has come to another status.

    Args:
        shared: The shared order after the change.
        order: The order it is linked to.
        previous: Its status before; None for a new offer.
        actor_id: Who did it; None for time.
        at: When.
    """
    return NewEvent(
        organisation_id=order.organisation_id,
        kind=EventKind.SHARED_ORDER_CHANGED,
        actor_id=actor_id,
        order_id=order.id,
        order_version=order.version,
        shared_order_id=shared.id,
        sender_id=shared.sender_id,
        recipient_id=shared.recipient_id,
        payload={"previous_status": previous, "status": shared.status},
        occurred_at=at,
    )


def order_imported(order: OrderRow, actor_id: UUID | None, at: datetime) -> NewEvent:
    """Return the entry of an order that an import made, or changed in anything but its status."""
    return NewEvent(
        organisation_id=order.organisation_id,
        kind=EventKind.ORDER_IMPORTED,
        actor_id=actor_id,
        order_id=order.id,
        order_version=order.version,
        payload={},
        occurred_at=at,
    )


def membership_changed(
    organisation_id: UUID, user_id: UUID, role: MemberRole | None, actor_id: UUID | None, at: datetime
) -> NewEvent:
    """Return the entry of a member who joined, got another role or name, or (without a role) was removed."""
    return NewEvent(
        organisation_id=organisation_id,
        kind=EventKind.MEMBERSHIP_CHANGED,
        actor_id=actor_id,
        subject_id=user_id,
        payload={"role": role},
        occurred_at=at,
    )


def share_policy_changed(
    organisation: OrganisationRow, previous: SharePolicy, actor_id: UUID | None, at: datetime
) -> NewEvent:
    """Return the entry of an organisation that changed who may share its orders."""
    return NewEvent(
        organisation_id=organisation.id,
        kind=EventKind.SHARE_POLICY_CHANGED,
        actor_id=actor_id,
        payload={"previous_policy": previous, "policy": organisation.share_policy},
        occurred_at=at,
    )
