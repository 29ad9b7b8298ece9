"""Shared orders and the results that terminals processed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from db.columns import new_id, number_column, word_column
from domain.vocabulary import OrderAction, OrderStatus, SharedOrderStatus, SharePermission, Terminal

_OPEN = text("status IN ('OFFERED', 'CLAIMED')")
_OFFERED = text("status = 'OFFERED'")


class SharedOrderRow(SQLModel, table=True):
    """The second of two linked orders: offered to a recipient, who claims it."""

    __tablename__ = "shared_order"
    __table_args__ = (
        ForeignKeyConstraint(["organisation_id", "order_id"], ["orders.organisation_id", "orders.id"]),
        ForeignKeyConstraint(["organisation_id", "sender_id"], ["membership.organisation_id", "membership.user_id"]),
        ForeignKeyConstraint(["organisation_id", "recipient_id"], ["membership.organisation_id", "membership.user_id"]),
        UniqueConstraint("organisation_id", "order_id", "id"),
        CheckConstraint("closes_at > opens_at", name="window"),
        CheckConstraint("sender_id <> recipient_id", name="recipient"),
        CheckConstraint("status NOT IN ('CLAIMED', 'RELEASED') OR claimed_at IS NOT NULL", name="claimed_at"),
        Index(
            "uq_shared_order_open",
            "order_id",
            "recipient_id",
            unique=True,
            postgresql_where=_OPEN,
            sqlite_where=_OPEN,
        ),
        Index("ix_shared_order_of_order", "order_id", "id"),
        Index("ix_shared_order_due", "closes_at", postgresql_where=_OFFERED, sqlite_where=_OFFERED),
        Index("ix_shared_order_received", "recipient_id", "id"),
        Index("ix_shared_order_sent", "sender_id", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: UUID
    order_id: UUID
    sender_id: UUID
    recipient_id: UUID
    permission: SharePermission = Field(sa_column=word_column(SharePermission, "permission"))
    message: str | None = None
    status: SharedOrderStatus = Field(
        default=SharedOrderStatus.OFFERED, sa_column=word_column(SharedOrderStatus, "status")
    )
    opens_at: datetime
    closes_at: datetime
    claimed_at: datetime | None = None
    created_at: datetime


class ProcessingResultRow(SQLModel, table=True):
    """A result that a terminal processed and the server applied; never altered."""

    __tablename__ = "processing_result"
    __table_args__ = (
        ForeignKeyConstraint(["organisation_id", "order_id"], ["orders.organisation_id", "orders.id"]),
        ForeignKeyConstraint(
            ["organisation_id", "order_id", "shared_order_id"],
            ["shared_order.organisation_id", "shared_order.order_id", "shared_order.id"],
        ),
        ForeignKeyConstraint(["organisation_id", "actor_id"], ["membership.organisation_id", "membership.user_id"]),
        UniqueConstraint("order_id", "order_version"),
        CheckConstraint("(via = 'SHARED_ORDER') = (shared_order_id IS NOT NULL)", name="terminal"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: UUID
    order_id: UUID
    shared_order_id: UUID | None = None
    actor_id: UUID
    via: Terminal = Field(sa_column=word_column(Terminal, "via"))
    action: OrderAction = Field(sa_column=word_column(OrderAction, "action"))
    note: str | None = None
    from_status: OrderStatus = Field(sa_column=word_column(OrderStatus, "from_status"))
    to_status: OrderStatus = Field(sa_column=word_column(OrderStatus, "to_status"))
    order_version: int = Field(sa_column=number_column())
    at: datetime
