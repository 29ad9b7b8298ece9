"""Results that terminals processed."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Self

import strawberry

from db.keyset import Page
from db.plain_rows import AnyResult, PlainResult
from domain.vocabulary import OrderAction, OrderStatus, Terminal
from resolvers.find_rows import find_shared_orders
from schema.context import Info
from schema.global_id import encode_id
from schema.linked import linked_user
from schema.paging import PageCursor
from schema.types.connection import Connection, connect
from schema.types.node import Node
from schema.types.shared_order import SharedOrder
from schema.types.user import User

CURSOR = PageCursor("results", (int,))


@strawberry.type(description="A result that a terminal processed and the server applied.")
class ProcessingResult(Node):
    """The public face of a processing result."""

    action: OrderAction = strawberry.field(description="What was done.")
    via: Terminal = strawberry.field(description="Through which of the linked orders.")
    note: str | None = strawberry.field(description="The note that was sent with it.")
    from_status: OrderStatus = strawberry.field(description="The order's status before.")
    to_status: OrderStatus = strawberry.field(description="The order's status after.")
    order_version: int = strawberry.field(description="The order's version after.")
    at: datetime = strawberry.field(description="When it was applied.")
    row: strawberry.Private[AnyResult]

    @classmethod
    def from_row(cls, row: AnyResult) -> Self:
        """Return the row as clients see it."""
        return cls(
            id=encode_id("ProcessingResult", row.id),
            action=row.action,
            via=row.via,
            note=row.note,
            from_status=row.from_status,
            to_status=row.to_status,
            order_version=row.order_version,
            at=row.at,
            row=row,
        )

    @strawberry.field(description="Who processed it.")
    async def actor(self, info: Info) -> User:
        """Load who did it."""
        return await linked_user(info, self.row.actor_id)

    @strawberry.field(
        description=(
            "The shared order that it came through; null where it came through the order itself, or the "
            "viewer may not see that one."
        )
    )
    async def shared_order(self, info: Info) -> SharedOrder | None:
        """Load the shared order."""
        if self.row.shared_order_id is None:
            return None
        reading, viewer = info.context.reading, info.context.viewer
        row = await reading.one_of_many(find_shared_orders, self.row.shared_order_id, viewer)
        return None if row is None else SharedOrder.from_row(row, await reading.now())


@strawberry.type(description="A page of processing results.")
class ProcessingResultConnection(Connection[ProcessingResult]):
    """A connection of processing results."""


def connection_of(page: Page[PlainResult], count: Callable[[], Awaitable[int]]) -> ProcessingResultConnection:
    """Return a page of rows as clients see it."""
    nodes = [ProcessingResult.from_row(row) for row in page.rows]
    return connect(ProcessingResultConnection, page, nodes, lambda row: CURSOR.encode((row.order_version,)), count)
