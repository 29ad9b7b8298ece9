"""Entries of an organisation's log."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry

from db.keyset import Page
from db.log_cursor import LogCursor
from db.plain_rows import AnyEvent, PlainEvent
from domain.vocabulary import (
    EventKind,
    MemberRole,
    OrderAction,
    OrderStatus,
    SharedOrderStatus,
    SharePolicy,
    StatusCause,
    Terminal,
)
from resolvers.load_rows import load_orders, load_shared_orders
from schema.context import Info
from schema.global_id import encode_id
from schema.linked import linked, linked_user, required
from schema.paging import PageCursor
from schema.scalars import Cursor
from schema.types.connection import Connection, connect
from schema.types.order import Order, StatusReason
from schema.types.shared_order import SharedOrder
from schema.types.user import User

CURSOR = PageCursor("history", (int,))


@strawberry.interface(description="An entry of an organisation's log: something that changed.")
class OrderEvent:
    """What all entries have."""

    id: strawberry.ID = strawberry.field(description="The event's own id, unique among all events.")
    cursor: Cursor = strawberry.field(
        description="The place right after this event: keep it, and give it as `after` to go on from here."
    )
    sequence: int = strawberry.field(
        description=(
            "The event's number in its organisation's log: 1, 2, 3, … in the order in which things happened. "
            "What the viewer may not see is left out, and its number with it."
        )
    )
    occurred_at: datetime = strawberry.field(description="When it happened.")
    order_version: int | None = strawberry.field(
        description="The order's `version` at this event; null where it is about no order."
    )
    row: strawberry.Private[AnyEvent]

    @strawberry.field(description="Who did it; null where time did, or an import from a file.")
    async def actor(self, info: Info) -> User | None:
        """Load who did it."""
        return None if self.row.actor_id is None else await linked_user(info, self.row.actor_id)

    @strawberry.field(
        description=(
            "The order that it is about, as it is now, which may be newer than the event; null where it is "
            "about no order."
        )
    )
    async def order(self, info: Info) -> Order | None:
        """Load the order."""
        if self.row.order_id is None:
            return None
        return Order.from_row(await linked(info, load_orders, self.row.order_id))


@strawberry.type(description="A result was applied to an order, time moved it on, or an import gave it another status.")
class OrderStatusChanged(OrderEvent):
    """A change of status, as it was then."""

    previous_status: OrderStatus = strawberry.field(description="The status before; the same after ENDORSE or RENEW.")
    status: OrderStatus = strawberry.field(description="The status after this event.")
    reason: StatusReason = strawberry.field(description="What gave the order this status.")


@strawberry.type(
    description="A shared order was offered (the instruction to claim it, for its recipient) or its status changed."
)
class SharedOrderChanged(OrderEvent):
    """A change of a shared order, as it was then."""

    previous_status: SharedOrderStatus | None = strawberry.field(description="The status before; null for a new offer.")
    status: SharedOrderStatus = strawberry.field(description="The status after this event.")

    @strawberry.field(description="The shared order as it is now, which may be newer than the event.")
    async def shared_order(self, info: Info) -> SharedOrder:
        """Load the shared order; who sees the event sees it."""
        row = await linked(info, load_shared_orders, required(self.row.shared_order_id))
        return SharedOrder.from_row(row, await info.context.reading.now())


@strawberry.type(description="An order was imported, or an import changed it in anything but its status.")
class OrderImported(OrderEvent):
    """An import."""


@strawberry.type(description="A member joined, got another role or name, or was removed.")
class MembershipChanged(OrderEvent):
    """A change of membership."""

    role: MemberRole | None = strawberry.field(
        description="The role after this event; null where the member was removed."
    )

    @strawberry.field(description="The member.")
    async def user(self, info: Info) -> User:
        """Load the member."""
        return await linked_user(info, required(self.row.subject_id))


@strawberry.type(description="An admin changed who may share the organisation's orders.")
class SharePolicyChanged(OrderEvent):
    """A change of the share policy."""

    previous_share_policy: SharePolicy = strawberry.field(description="The policy before.")
    share_policy: SharePolicy = strawberry.field(description="The policy after this event.")


@strawberry.type(description="A page of log entries.")
class OrderEventConnection(Connection[OrderEvent]):
    """A connection of log entries."""


def event_from_row(row: AnyEvent) -> OrderEvent:
    """Return an entry of the log as clients see it."""
    event_type, own_fields = _SHAPES[row.kind]
    return event_type(
        id=encode_id("Event", row.event_id),
        cursor=Cursor(str(LogCursor.after(row))),
        sequence=row.sequence,
        occurred_at=row.occurred_at,
        order_version=row.order_version,
        row=row,
        **own_fields(row.payload),
    )


def connection_of(page: Page[PlainEvent], count: Callable[[], Awaitable[int]]) -> OrderEventConnection:
    """Return a page of rows as clients see it."""
    nodes = [event_from_row(row) for row in page.rows]
    return connect(OrderEventConnection, page, nodes, lambda row: CURSOR.encode((row.sequence,)), count)


def _status_fields(payload: dict[str, Any]) -> dict[str, Any]:
    reason = payload["reason"]
    return {
        "previous_status": OrderStatus(payload["previous_status"]),
        "status": OrderStatus(payload["status"]),
        "reason": StatusReason(
            cause=StatusCause(reason["cause"]),
            action=reason["action"] and OrderAction(reason["action"]),
            via=reason["via"] and Terminal(reason["via"]),
            at=datetime.fromisoformat(reason["at"]),
            actor_id=reason["actor_id"] and UUID(reason["actor_id"]),
        ),
    }


def _share_fields(payload: dict[str, Any]) -> dict[str, Any]:
    previous = payload["previous_status"]
    return {
        "previous_status": previous and SharedOrderStatus(previous),
        "status": SharedOrderStatus(payload["status"]),
    }


def _policy_fields(payload: dict[str, Any]) -> dict[str, Any]:
    return {
        "previous_share_policy": SharePolicy(payload["previous_policy"]),
        "share_policy": SharePolicy(payload["policy"]),
    }


_SHAPES: dict[EventKind, tuple[type[OrderEvent], Callable[[dict[str, Any]], dict[str, Any]]]] = {
    EventKind.ORDER_STATUS_CHANGED: (OrderStatusChanged, _status_fields),
    EventKind.SHARED_ORDER_CHANGED: (SharedOrderChanged, _share_fields),
    EventKind.ORDER_IMPORTED: (OrderImported, lambda _payload: {}),
    EventKind.MEMBERSHIP_CHANGED: (
        MembershipChanged,
        lambda payload: {"role": payload["role"] and MemberRole(payload["role"])},
    ),
    EventKind.SHARE_POLICY_CHANGED: (SharePolicyChanged, _policy_fields),
}
