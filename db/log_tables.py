"""The log of each organisation, and the answers kept for idempotency keys."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlmodel import Field, SQLModel

from db.columns import json_column, new_id, number_column, word_column
from domain.vocabulary import EventKind


class StreamRow(SQLModel, table=True):
    """The head of an organisation's log.

    Whoever appends holds this row's lock until the commit: so the order of sequences is the order of commits, and a
    rollback leaves no gap.
    """

    __tablename__ = "stream"
    __table_args__ = (
        CheckConstraint("head >= 0 AND first_sequence >= 1", name="head"),
        {"postgresql_with": {"fillfactor": "50"}},
    )

    organisation_id: UUID = Field(primary_key=True, foreign_key="organisation.id")
    head: int = Field(default=0, sa_column=number_column())
    first_sequence: int = Field(default=1, sa_column=number_column())


class EventRow(SQLModel, table=True):
    """One change, as it was when it happened; never altered.

    `sender_id` and `recipient_id` are set for events about a shared order: they, the order's owner and admins see it.
    """

    __tablename__ = "event"
    __table_args__ = (
        ForeignKeyConstraint(["organisation_id"], ["stream.organisation_id"]),
        ForeignKeyConstraint(["organisation_id", "order_id"], ["orders.organisation_id", "orders.id"]),
        ForeignKeyConstraint(
            ["organisation_id", "order_id", "shared_order_id"],
            ["shared_order.organisation_id", "shared_order.order_id", "shared_order.id"],
        ),
        CheckConstraint("sequence >= 1", name="sequence"),
        CheckConstraint("(order_id IS NULL) = (order_version IS NULL)", name="order"),
        Index("ix_event_order", "order_id", "sequence"),
    )

    organisation_id: UUID = Field(primary_key=True)
    sequence: int = Field(default=0, sa_column=number_column(primary_key=True, autoincrement=False))
    event_id: UUID = Field(default_factory=new_id, unique=True)
    kind: EventKind = Field(sa_column=word_column(EventKind, "kind"))
    actor_id: UUID | None = Field(default=None, foreign_key="app_user.id")
    order_id: UUID | None = None
    order_version: int | None = None
    shared_order_id: UUID | None = None
    sender_id: UUID | None = None
    recipient_id: UUID | None = None
    subject_id: UUID | None = Field(default=None, foreign_key="app_user.id")
    payload: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    occurred_at: datetime


class IdempotencyKeyRow(SQLModel, table=True):
    """What a mutation answered to a user's key."""

    __tablename__ = "idempotency_key"

    user_id: UUID = Field(primary_key=True, foreign_key="app_user.id")
    key: str = Field(primary_key=True)
    operation: str
    fingerprint: str
    answer: dict[str, Any] | None = Field(default=None, sa_column=json_column(nullable=True))
    created_at: datetime
