"""The second of two linked orders."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Self
from uuid import UUID

import strawberry

from db.keyset import Page
from db.plain_rows import AnySharedOrder, PlainSharedOrder
from domain.claiming import once_time_has_passed, refusal_of_claim, status_at
from domain.processing import actions_through_shared_order
from domain.vocabulary import ErrorCode, OrderAction, SharedOrderStatus, SharePermission
from execution.batching import in_batches
from resolvers.claim_shared_order import claim_facts
from resolvers.load_rows import load_memberships, load_orders
from resolvers.read_order_page import OFFER_ENDS_AT
from schema.context import Info
from schema.global_id import encode_id
from schema.linked import linked, linked_all, linked_user, linked_users
from schema.paging import PageCursor
from schema.row_fields import Place, Remembered, judged, of_columns, refers
from schema.types.connection import Connection, connect
from schema.types.node import Node
from schema.types.order import Order, status_now
from schema.types.user import User

CURSOR = PageCursor("shared-orders", (UUID,))


@strawberry.type(description="When an offer can be claimed: from `opensAt` on, and before `closesAt`.")
class ClaimWindow:
    """A half-open interval."""

    opens_at: datetime = strawberry.field(description="The first instant at which a claim succeeds.")
    closes_at: datetime = strawberry.field(description="The first instant at which it no longer does.")


@strawberry.type(description="Whether the recipient could claim an offer at a certain instant.")
class ClaimEligibility:
    """The rules' answer to a claim, without claiming."""

    claimable: bool = strawberry.field(
        description=(
            "Whether a claim would succeed. It stays true once the order is claimed: a second claim answers "
            "what the first did."
        )
    )
    code: ErrorCode | None = strawberry.field(description="Why a claim would be refused; null where it would succeed.")
    at: datetime = strawberry.field(
        description=(
            "The server's time when it judged this: compare a claim window with it, and not with the device's clock."
        )
    )


async def _orders_of(info: Info, shared_orders: "Sequence[SharedOrder]") -> list[Order]:
    keys = [shared.row.order_id for shared in shared_orders]
    rows = await linked_all(info, load_orders, keys)
    return [Order.from_row(rows[key]) for key in keys]


async def _senders_of(info: Info, shared_orders: "Sequence[SharedOrder]") -> list[User]:
    return await linked_users(info, [shared.row.sender_id for shared in shared_orders])


async def _recipients_of(info: Info, shared_orders: "Sequence[SharedOrder]") -> list[User]:
    return await linked_users(info, [shared.row.recipient_id for shared in shared_orders])


def _status(place: Place, status: SharedOrderStatus, offer_ends_at: datetime | None) -> SharedOrderStatus:
    return status if offer_ends_at is None else status_at(status, offer_ends_at, place.now)


def _claim_window(root: "SharedOrder") -> ClaimWindow:
    return ClaimWindow(opens_at=root.row.opens_at, closes_at=root.row.closes_at)


async def _claim_windows_of(_info: Info, shared_orders: "Sequence[SharedOrder]") -> list[ClaimWindow]:
    return [_claim_window(shared) for shared in shared_orders]


@strawberry.type(
    description=(
        "A second order, linked to the first: an offer to one recipient, who is told to claim it, and "
        "what they hold from then on."
    )
)
class SharedOrder(Node):
    """The public face of a shared order."""

    permission: SharePermission = strawberry.field(description="What it lets the recipient do once claimed.")
    message: str | None = strawberry.field(description="The sender's message to the recipient.")
    status: SharedOrderStatus = strawberry.field(
        description="Where it stands; an offer reads EXPIRED from `claimWindow.closesAt` on.",
        metadata=judged(_status, "status", OFFER_ENDS_AT, unless_null=OFFER_ENDS_AT),
    )
    claim_window: ClaimWindow = strawberry.field(
        resolver=_claim_window,
        description="When it can be claimed.",
        metadata=in_batches(_claim_windows_of) | of_columns(opens_at="opens_at", closes_at="closes_at"),
    )
    claimed_at: datetime | None = strawberry.field(
        description="When it was claimed, also after it was given or taken back; null where it never was."
    )
    created_at: datetime = strawberry.field(description="When it was offered.")
    row: strawberry.Private[AnySharedOrder]

    @classmethod
    def from_row(cls, row: AnySharedOrder, now: datetime | None = None) -> Self:
        """Return the row as clients see it.

        Args:
            row: The shared order.
            now: The time of the answer; None for a row that was changed by this very answer.
        """
        return cls(
            id=encode_id("SharedOrder", row.id),
            permission=row.permission,
            message=row.message,
            status=row.status if now is None else status_at(row.status, row.closes_at, now),
            claimed_at=row.claimed_at,
            created_at=row.created_at,
            row=row,
        )

    @strawberry.field(
        description="The first order, whose status both terminals follow.", metadata=in_batches(_orders_of)
    )
    async def order(self, info: Info) -> Order:
        """Load the order."""
        return Order.from_row(await linked(info, load_orders, self.row.order_id))

    @strawberry.field(
        description="The member who shared the order.",
        metadata=in_batches(_senders_of) | refers("sender_id", Remembered.USERS),
    )
    async def sender(self, info: Info) -> User:
        """Load the sender."""
        return await linked_user(info, self.row.sender_id)

    @strawberry.field(
        description="The member it is offered to.",
        metadata=in_batches(_recipients_of) | refers("recipient_id", Remembered.USERS),
    )
    async def recipient(self, info: Info) -> User:
        """Load the recipient."""
        return await linked_user(info, self.row.recipient_id)

    @strawberry.field(description="What a claim by the recipient would answer now.")
    async def claim_eligibility(self, info: Info) -> ClaimEligibility:
        """Ask the rules, as a claim does."""
        order = await linked(info, load_orders, self.row.order_id)
        place = (self.row.organisation_id, self.row.recipient_id)
        membership = await info.context.reading.one_of_many(load_memberships, place)
        now = await info.context.reading.now()
        facts = claim_facts(self.row, order, membership is not None)  # type: ignore[arg-type]  # plain rows have it all
        refusal = refusal_of_claim(once_time_has_passed(facts, await status_now(info, order), now), now)
        return ClaimEligibility(claimable=refusal is None, code=None if refusal is None else refusal.code, at=now)

    @strawberry.field(
        description="The actions that `processOrder` takes from this viewer now, with this shared order's id."
    )
    async def available_actions(self, info: Info) -> list[OrderAction]:
        """Ask the rules."""
        order = await linked(info, load_orders, self.row.order_id)
        actions = actions_through_shared_order(
            info.context.viewer.user_id,
            recipient_id=self.row.recipient_id,
            share_status=self.row.status,
            permission=self.row.permission,
            order_status=await status_now(info, order),
        )
        return list(actions)


@strawberry.type(description="A page of shared orders.")
class SharedOrderConnection(Connection[SharedOrder]):
    """A connection of shared orders."""


def connection_of(
    page: Page[PlainSharedOrder], now: datetime, count: Callable[[], Awaitable[int]]
) -> SharedOrderConnection:
    """Return a page of rows as clients see it."""
    nodes = [SharedOrder.from_row(row, now) for row in page.rows]
    return connect(SharedOrderConnection, page, nodes, lambda row: CURSOR.encode((row.id,)), count)
