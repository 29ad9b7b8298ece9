"""An ordinary Strawberry server: its router for FastAPI, the product's SQLModel rows, and a DataLoader a relation."""

import os
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

import strawberry
import uvicorn
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession
from strawberry.dataloader import DataLoader
from strawberry.fastapi import GraphQLRouter

from db.order_tables import OrderRow, OrderTypeRow
from db.people_tables import UserRow
from db.sharing_tables import SharedOrderRow

Info = strawberry.Info[dict[str, DataLoader[Any, Any]], None]
_engine = create_async_engine(os.environ["BENCHMARK_DATABASE_URL"], pool_size=16)


@asynccontextmanager
async def _session() -> AsyncIterator[AsyncSession]:
    async with AsyncSession(_engine, expire_on_commit=False) as session:
        yield session


@strawberry.enum
class OrderSort(Enum):
    """What a list is sorted by."""

    TYPE_PRIORITY = "TYPE_PRIORITY"


@strawberry.type
class User:
    """A user."""

    id: strawberry.ID
    name: str


@strawberry.type
class OrderType:
    """A kind of cover."""

    code: str
    name: str


@strawberry.type
class Money:
    """An amount."""

    amount_minor: int
    currency: str


@strawberry.type
class SharedOrder:
    """An order as a recipient has it."""

    row: strawberry.Private[SharedOrderRow]
    id: strawberry.ID
    status: str
    permission: str

    @strawberry.field
    async def recipient(self, info: Info) -> User:
        """Load the recipient."""
        row = await info.context["users"].load(self.row.recipient_id)
        return User(id=strawberry.ID(str(row.id)), name=row.name)


@strawberry.type
class SharedOrderConnection:
    """A page."""

    nodes: list[SharedOrder]


@strawberry.type
class Order:
    """An order."""

    row: strawberry.Private[OrderRow]
    id: strawberry.ID
    reference: str
    title: str
    status: str
    version: int
    premium: Money
    expires_at: datetime | None
    shares_claimed: int
    max_shares: int

    @strawberry.field
    async def type(self, info: Info) -> OrderType:
        """Load the type."""
        row = await info.context["types"].load(self.row.type_code)
        return OrderType(code=row.code, name=row.name)

    @strawberry.field
    async def owner(self, info: Info) -> User:
        """Load the owner."""
        row = await info.context["users"].load(self.row.owner_id)
        return User(id=strawberry.ID(str(row.id)), name=row.name)

    @strawberry.field
    async def shared_orders(self, info: Info, first: int = 5) -> SharedOrderConnection:
        """Load the newest shared orders."""
        rows = await info.context["shared_orders"].load((self.row.id, first))
        return SharedOrderConnection(
            nodes=[
                SharedOrder(row=row, id=strawberry.ID(str(row.id)), status=row.status, permission=row.permission)
                for row in rows
            ]
        )


def _order(row: OrderRow) -> Order:
    return Order(
        row=row,
        id=strawberry.ID(str(row.id)),
        reference=row.reference,
        title=row.title,
        status=row.status,
        version=row.version,
        premium=Money(amount_minor=row.premium_minor, currency=row.currency),
        expires_at=row.expires_at,
        shares_claimed=row.shares_claimed,
        max_shares=row.max_shares,
    )


@strawberry.type
class OrderConnection:
    """A page."""

    nodes: list[Order]


@strawberry.type
class Organisation:
    """An organisation."""

    id: strawberry.ID

    @strawberry.field
    async def orders(self, first: int = 50, order_by: OrderSort = OrderSort.TYPE_PRIORITY) -> OrderConnection:  # noqa: ARG002 - there is one order only
        """Read the first orders."""
        statement = (
            select(OrderRow)
            .where(col(OrderRow.organisation_id) == UUID(self.id))
            .order_by(col(OrderRow.type_priority), col(OrderRow.newest_first), col(OrderRow.id))
            .limit(first)
        )
        async with _session() as session:
            return OrderConnection(nodes=[_order(row) for row in await session.exec(statement)])


@strawberry.type
class Query:
    """What can be asked."""

    @strawberry.field
    async def organisation(self, id: strawberry.ID) -> Organisation | None:
        """Return an organisation."""
        return Organisation(id=id)


def _loader_of(table: Any, key: Callable[[Any], Any], column: Any) -> DataLoader[Any, Any]:
    async def load(keys: list[Any]) -> list[Any]:
        async with _session() as session:
            rows = {key(row): row for row in await session.exec(select(table).where(column.in_(keys)))}
        return [rows[wanted] for wanted in keys]

    return DataLoader(load)


async def _load_shared_orders(keys: list[tuple[UUID, int]]) -> list[list[SharedOrderRow]]:
    place = func.row_number().over(partition_by=col(SharedOrderRow.order_id), order_by=col(SharedOrderRow.id).desc())
    wanted = col(SharedOrderRow.order_id).in_([order_id for order_id, _ in keys])
    numbered = select(col(SharedOrderRow.id), place.label("place")).where(wanted).subquery()
    statement = (
        select(SharedOrderRow)
        .join(numbered, numbered.c.id == col(SharedOrderRow.id))
        .where(numbered.c.place <= max(first for _, first in keys))
        .order_by(col(SharedOrderRow.id).desc())
    )
    lists: defaultdict[UUID, list[SharedOrderRow]] = defaultdict(list)
    async with _session() as session:
        for row in await session.exec(statement):
            lists[row.order_id].append(row)
    return [lists[order_id][:first] for order_id, first in keys]


async def _context() -> dict[str, DataLoader[Any, Any]]:
    return {
        "users": _loader_of(UserRow, lambda row: row.id, UserRow.id),
        "types": _loader_of(OrderTypeRow, lambda row: row.code, OrderTypeRow.code),
        "shared_orders": DataLoader(_load_shared_orders),
    }


if __name__ == "__main__":
    app = FastAPI()
    app.include_router(GraphQLRouter(strawberry.Schema(Query), context_getter=_context), prefix="/graphql")
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["BENCHMARK_PORT"]), log_level="warning", access_log=False)
