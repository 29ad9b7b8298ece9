"""The first of two linked orders."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Self, TypeAlias
from uuid import UUID

import strawberry

from db.keyset import Page
from db.plain_rows import AnyOrder, AnyOrderType
from domain.lifecycle import status_at
from domain.people import Viewer
from domain.processing import actions_through_order
from domain.sharing import SHAREABLE_STATUSES, may_share
from domain.vocabulary import OrderAction, OrderStatus, SharedOrderStatus, StatusCause, Terminal
from execution.batching import in_batches
from resolvers.list_order_records import (
    count_history,
    count_processing_results,
    list_history,
    list_processing_results,
)
from resolvers.list_shared_orders import count_of_orders, list_of_orders
from resolvers.load_rows import known_order_type, load_order_types, load_organisations
from schema.context import Info
from schema.global_id import encode_id
from schema.linked import linked, linked_all, linked_member, linked_user, linked_users, required
from schema.paging import page_request
from schema.row_fields import SHARED_ORDERS, Place, Remembered, judged, of_columns, refers
from schema.types.arguments import After, First, SharedOrderStatuses
from schema.types.node import Node
from schema.types.user import User


@strawberry.type(description="An amount of money, without fractions that could be rounded.")
class Money:
    """Minor units and their currency."""

    amount_minor: int = strawberry.field(description="The amount in the smallest unit: 1250 in `EUR` is 12.50 euros.")
    currency: str = strawberry.field(description="The ISO 4217 code, such as `EUR`.")


@strawberry.type(description="A kind of cover.")
class OrderType:
    """The public face of an order type."""

    code: str = strawberry.field(description="The code that filters and imports use.")
    name: str = strawberry.field(description="The name that people use.")
    priority: int = strawberry.field(description="Lists are sorted by it, lowest number first.")

    @classmethod
    def from_row(cls, row: AnyOrderType) -> Self:
        """Return the row as clients see it."""
        return cls(code=row.code, name=row.name, priority=row.priority)


@strawberry.type(description="Why an order has its status.")
class StatusReason:
    """The cause of a status."""

    cause: StatusCause = strawberry.field(description="What gave the order its status.")
    action: OrderAction | None = strawberry.field(description="The action that was processed; null where none was.")
    via: Terminal | None = strawberry.field(description="Through which order it was processed; null where it was not.")
    at: datetime = strawberry.field(description="When the order got this status.")
    actor_id: strawberry.Private[UUID | None]

    @strawberry.field(
        description="Who did it; null where time did, or an import from a file.",
        metadata=refers("actor_id", Remembered.USERS),
    )
    async def actor(self, info: Info) -> User | None:
        """Load who did it."""
        return None if self.actor_id is None else await linked_user(info, self.actor_id)


async def status_now(info: Info, row: AnyOrder) -> OrderStatus:
    """Return the status by which a mutation would judge an order now: the log may tell it a moment later."""
    return status_at(row.status, row.expires_at, await info.context.reading.now())


async def _place(info: Info, row: AnyOrder) -> Place | None:
    """Return where an order is judged for this viewer, or None where they are not a member any more."""
    member = await linked_member(info, row.organisation_id)
    return None if member is None else Place(member, await info.context.reading.now())


def _actions(place: Place, owner_id: UUID, status: OrderStatus, expires_at: datetime | None) -> list[OrderAction]:
    return list(actions_through_order(place.member, owner_id, status_at(status, expires_at, place.now)))


def _can_share(place: Place, owner_id: UUID, status: OrderStatus, expires_at: datetime | None) -> bool:
    if place.share_policy is None or status_at(status, expires_at, place.now) not in SHAREABLE_STATUSES:
        return False
    return may_share(place.member, place.share_policy, owner_id)


async def _owners_of(info: Info, orders: "Sequence[Order]") -> list[User]:
    return await linked_users(info, [order.row.owner_id for order in orders])


async def _types_of(info: Info, orders: "Sequence[Order]") -> list[OrderType]:
    codes = [order.row.type_code for order in orders]
    rows = await linked_all(info, load_order_types, codes, known_order_type)
    types = {code: OrderType.from_row(row) for code, row in rows.items()}
    return [types[code] for code in codes]


async def _organisations_of(info: Info, orders: "Sequence[Order]") -> "list[organisation_types.Organisation]":
    keys = [order.row.organisation_id for order in orders]
    rows = await linked_all(info, load_organisations, keys)
    return [organisation_types.Organisation.from_row(rows[key]) for key in keys]


async def _shared_orders_of(
    info: Info,
    orders: "Sequence[Order]",
    status: list[SharedOrderStatus] | None = None,
    first: int | None = 20,
    after: str | None = None,
) -> "list[share_types.SharedOrderConnection]":
    asked = await _asked_shared_orders(info, status, first, after)
    pages = await info.context.reading.many(
        list_of_orders, [order.row.id for order in orders], *asked[0], after=asked[1]
    )
    return [_shared_orders(info, order, pages[order.row.id], asked) for order in orders]


_Asked: TypeAlias = tuple[tuple[Viewer], tuple[Any, ...]]
"""What a page of shared orders is asked for with: before the keys of the orders, and after them."""


async def _asked_shared_orders(
    info: Info, status: list[SharedOrderStatus] | None, first: int | None, after: str | None
) -> _Asked:
    request = page_request(share_types.CURSOR, 20, first=first, after=after)
    wanted = None if status is None else tuple(status)
    return (info.context.viewer,), (wanted, await info.context.reading.now(), request)


def _shared_orders(
    info: Info, order: "Order", page: Page[Any] | None, asked: _Asked
) -> "share_types.SharedOrderConnection":
    before, (wanted, now, _) = asked
    count = info.context.reading.counting(count_of_orders, order.row.id, *before, after=(wanted, now))
    return share_types.connection_of(required(page), now, count)


_REASON = {name: f"reason_{name}" for name in ("cause", "action", "via", "at", "actor_id")}
"""The column that each part of a status reason is in."""


def _status_reason(root: "Order") -> StatusReason:
    return StatusReason(**{name: getattr(root.row, column) for name, column in _REASON.items()})


async def _status_reasons_of(_info: Info, orders: "Sequence[Order]") -> list[StatusReason]:
    return [_status_reason(order) for order in orders]


@strawberry.type(description="A protection order: the effective cover of one member, its owner.")
class Order(Node):
    """The public face of an order."""

    reference: str = strawberry.field(description="The order platform's key, unique in the organisation.")
    title: str = strawberry.field(description="What people call the order.")
    premium: Money = strawberry.field(
        description="What the cover costs.", metadata=of_columns(amount_minor="premium_minor", currency="currency")
    )
    effective_at: datetime = strawberry.field(description="When the cover begins.")
    expires_at: datetime | None = strawberry.field(description="When the cover ends; null for one without end.")
    created_at: datetime = strawberry.field(description="When the order was imported first.")
    updated_at: datetime = strawberry.field(description="When `version` rose last.")
    status: OrderStatus = strawberry.field(description="Where the order stands; derived by the server.")
    status_reason: StatusReason = strawberry.field(
        resolver=_status_reason,
        description="What gave the order its present status.",
        metadata=in_batches(_status_reasons_of) | of_columns(**_REASON),
    )
    version: int = strawberry.field(
        description=(
            "Rises by one with every change of the order itself, never with sharing or claiming: "
            "send it as `expectedVersion` to act only on what you have seen."
        )
    )
    max_shares: int = strawberry.field(description="How many recipients may hold the order at once: its seats.")
    shares_claimed: int = strawberry.field(description="How many recipients hold the order now: seats taken.")
    row: strawberry.Private[AnyOrder]

    @classmethod
    def from_row(cls, row: AnyOrder) -> Self:
        """Return the row as clients see it."""
        return cls(
            id=encode_id("Order", row.id),
            reference=row.reference,
            title=row.title,
            premium=Money(amount_minor=row.premium_minor, currency=row.currency),
            effective_at=row.effective_at,
            expires_at=row.expires_at,
            created_at=row.created_at,
            updated_at=row.updated_at,
            status=row.status,
            version=row.version,
            max_shares=row.max_shares,
            shares_claimed=row.shares_claimed,
            row=row,
        )

    @strawberry.field(
        description="The organisation whose member owns the order.", metadata=in_batches(_organisations_of)
    )
    async def organisation(self, info: Info) -> "organisation_types.Organisation":
        """Load the organisation."""
        return organisation_types.Organisation.from_row(
            await linked(info, load_organisations, self.row.organisation_id)
        )

    @strawberry.field(
        description="The member whose cover it is.",
        metadata=in_batches(_owners_of) | refers("owner_id", Remembered.USERS),
    )
    async def owner(self, info: Info) -> User:
        """Load the owner."""
        return await linked_user(info, self.row.owner_id)

    @strawberry.field(
        description="The kind of cover.",
        name="type",
        metadata=in_batches(_types_of) | refers("type_code", Remembered.ORDER_TYPES),
    )
    async def order_type(self, info: Info) -> OrderType:
        """Load the type."""
        return OrderType.from_row(await linked(info, load_order_types, self.row.type_code, known_order_type))

    @strawberry.field(
        description="The actions that `processOrder` takes from this viewer now, with this order's id.",
        metadata=judged(_actions, "owner_id", "status", "expires_at"),
    )
    async def available_actions(self, info: Info) -> list[OrderAction]:
        """Ask the rules."""
        place, row = await _place(info, self.row), self.row
        return [] if place is None else _actions(place, row.owner_id, row.status, row.expires_at)

    @strawberry.field(
        description="Whether this viewer may share the order now.",
        metadata=judged(_can_share, "owner_id", "status", "expires_at"),
    )
    async def viewer_can_share(self, info: Info) -> bool:
        """Ask the rules."""
        place, row = await _place(info, self.row), self.row
        organisation = await linked(info, load_organisations, row.organisation_id)
        if place is None:
            return False
        return _can_share(
            replace(place, share_policy=organisation.share_policy), row.owner_id, row.status, row.expires_at
        )

    @strawberry.field(
        description="The order's shared orders that this viewer sees, newest first.",
        metadata=in_batches(_shared_orders_of) | SHARED_ORDERS,
    )
    async def shared_orders(
        self, info: Info, status: SharedOrderStatuses = None, first: First = 20, after: After = None
    ) -> "share_types.SharedOrderConnection":
        """Load the same page for all orders of the answer together."""
        asked = await _asked_shared_orders(info, status, first, after)
        page = await info.context.reading.one_of_many(list_of_orders, self.row.id, *asked[0], after=asked[1])
        return _shared_orders(info, self, page, asked)

    @strawberry.field(description="The results that were applied to the order, newest first.")
    async def processing_results(
        self, info: Info, first: First = 20, after: After = None
    ) -> "result_types.ProcessingResultConnection":
        """Load the same page for all orders of the answer together."""
        reading, viewer = info.context.reading, info.context.viewer
        request = page_request(result_types.CURSOR, 20, first=first, after=after)
        page = await reading.one_of_many(list_processing_results, self.row.id, viewer, after=(request,))
        count = reading.counting(count_processing_results, self.row.id, viewer)
        return result_types.connection_of(required(page), count)

    @strawberry.field(description="The events about this order that this viewer may see, newest first.")
    async def history(self, info: Info, first: First = 20, after: After = None) -> "event_types.OrderEventConnection":
        """Load the same page for all orders of the answer together."""
        reading, viewer = info.context.reading, info.context.viewer
        request = page_request(event_types.CURSOR, 20, first=first, after=after)
        page = await reading.one_of_many(list_history, self.row.id, viewer, after=(request,))
        count = reading.counting(count_history, self.row.id, viewer)
        return event_types.connection_of(required(page), count)


# At the end, because these modules need `Order`: it refers to them only when a field is resolved.
from schema.types import event as event_types  # noqa: E402
from schema.types import organisation as organisation_types  # noqa: E402
from schema.types import processing_result as result_types  # noqa: E402
from schema.types import shared_order as share_types  # noqa: E402
