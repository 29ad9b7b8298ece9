"""Orders and shared orders that a transaction holds locked, as plain objects to change before they are written.

They have the attributes of the tables' classes, so whoever changes the one changes the other alike.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, inspect
from sqlmodel import SQLModel

from db.order_tables import OrderRow
from db.plain_rows import PlainSharedOrder
from db.sharing_tables import SharedOrderRow
from domain.vocabulary import OrderAction, OrderStatus, SharedOrderStatus, SharePermission, StatusCause, Terminal


@dataclass(slots=True)
class HeldOrder:
    """What is judged and changed of an order."""

    id: UUID
    organisation_id: UUID
    owner_id: UUID
    expires_at: datetime | None
    updated_at: datetime
    status: OrderStatus
    max_shares: int
    shares_claimed: int
    version: int
    reason_cause: StatusCause
    reason_action: OrderAction | None
    reason_actor_id: UUID | None
    reason_via: Terminal | None
    reason_at: datetime


@dataclass(slots=True)
class HeldSharedOrder:
    """A shared order."""

    id: UUID
    organisation_id: UUID
    order_id: UUID
    sender_id: UUID
    recipient_id: UUID
    permission: SharePermission
    message: str | None
    status: SharedOrderStatus
    opens_at: datetime
    closes_at: datetime
    claimed_at: datetime | None
    created_at: datetime

    def as_plain(self) -> PlainSharedOrder:
        """Return it as it is now, as a row that nobody changes any more."""
        return PlainSharedOrder._make(_PLAIN_VALUES(self))


_PLAIN_VALUES = attrgetter(*PlainSharedOrder._fields)


ChangingOrder: TypeAlias = OrderRow | HeldOrder
ChangingSharedOrder: TypeAlias = SharedOrderRow | HeldSharedOrder


def held_columns(table: type[SQLModel], shape: type[HeldOrder] | type[HeldSharedOrder]) -> list[ColumnElement[Any]]:
    """Return the columns of a table that such an object is made of."""
    columns = inspect(table).local_table.c
    return [columns[field.name] for field in fields(shape)]
