"""An ordinary Strawberry server of a subscription: its router for FastAPI, and a queue for each subscriber."""

import asyncio
import os
from collections.abc import AsyncGenerator
from datetime import datetime
from enum import Enum
from typing import NewType

import strawberry
import uvicorn
from fastapi import FastAPI
from strawberry.fastapi import GraphQLRouter
from strawberry.schema.config import StrawberryConfig
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL

from benchmarks.peers.status_changes import StatusChange, status_changes

Cursor = NewType("Cursor", str)
_subscribers: set[asyncio.Queue["OrderStatusChanged"]] = set()
_changes = status_changes()


@strawberry.enum
class OrderStatus(Enum):
    """A status."""

    IN_FORCE = "IN_FORCE"
    LOSS_REPORTED = "LOSS_REPORTED"


@strawberry.type
class Order:
    """An order."""

    id: strawberry.ID
    reference: str
    status: OrderStatus
    version: int


@strawberry.interface
class OrderEvent:
    """What all events have."""

    id: strawberry.ID
    cursor: Cursor
    sequence: int
    occurred_at: datetime
    order_version: int | None
    order: Order | None


@strawberry.type
class OrderStatusChanged(OrderEvent):
    """A change of status."""

    previous_status: OrderStatus
    status: OrderStatus


@strawberry.type
class Query:
    """A schema needs one."""

    @strawberry.field
    def subscribers(self) -> int:
        """Count who listens."""
        return len(_subscribers)


@strawberry.type
class Subscription:
    """What can be followed."""

    @strawberry.subscription
    async def organisation_events(
        self,
        organisation_id: strawberry.ID,  # noqa: ARG002 - there is one organisation only
        after: Cursor | None = None,  # noqa: ARG002 - nothing is kept
    ) -> AsyncGenerator[OrderEvent, None]:
        """Follow the events of an organisation."""
        queue: asyncio.Queue[OrderStatusChanged] = asyncio.Queue()
        _subscribers.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            _subscribers.remove(queue)


def _event(change: StatusChange) -> OrderStatusChanged:
    status = OrderStatus(change.status)
    return OrderStatusChanged(
        id=strawberry.ID(change.id),
        cursor=Cursor(change.cursor),
        sequence=change.sequence,
        occurred_at=change.occurred_at,
        order_version=change.version,
        order=Order(
            id=strawberry.ID(change.order_id), reference=change.reference, status=status, version=change.version
        ),
        previous_status=OrderStatus(change.previous_status),
        status=status,
    )


def _publish() -> None:
    event = _event(next(_changes))
    for queue in _subscribers:
        queue.put_nowait(event)


async def publish(count: int, together: bool) -> None:
    """Publish events, all in one turn of the loop or each in one of its own."""
    for _ in range(count):
        _publish()
        if not together:
            await asyncio.sleep(0)


if __name__ == "__main__":
    schema = strawberry.Schema(
        Query,
        subscription=Subscription,
        types=[OrderStatusChanged],
        config=StrawberryConfig(scalar_map={Cursor: strawberry.scalar(name="Cursor")}),
    )
    app = FastAPI()
    app.include_router(
        GraphQLRouter(schema, subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL]),
        prefix="/graphql",
    )
    app.post("/publish")(publish)
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["BENCHMARK_PORT"]), log_level="warning", access_log=False)
