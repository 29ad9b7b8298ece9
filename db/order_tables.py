"""Orders, their types, and what the order platform said about them last."""

from datetime import UTC, datetime
from typing import Any, Self
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from db.columns import json_column, new_id, number_column, word_column
from domain.vocabulary import OrderAction, OrderStatus, StatusCause, Terminal

NEVER = 2**62
"""Sorts after every instant, in microseconds: the place of orders without an end in a list by `expires_at`."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(instant: datetime) -> int:
    """Return an instant as whole microseconds since 1970, exactly."""
    since = instant - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


class OrderTypeRow(SQLModel, table=True):
    """A kind of cover; lists are sorted by its priority, lowest number first."""

    __tablename__ = "order_type"
    __table_args__ = (UniqueConstraint("code", "priority"),)

    code: str = Field(primary_key=True)
    name: str
    priority: int = Field(sa_column=number_column())


class OrderRow(SQLModel, table=True):
    """A protection order: the first of two linked orders.

    `type_priority` repeats the type's priority; the foreign key keeps it true (ON UPDATE CASCADE). `newest_first` and
    `expires_last` repeat the two dates as ascending numbers, so that one index and one row comparison page through a
    list at the same cost at any depth; `set_cover` is the only place that writes them. The `search_` columns hold
    case-folded text, so that a search ignores case alike on every database.
    """

    __tablename__ = "orders"
    __table_args__ = (
        ForeignKeyConstraint(
            ["type_code", "type_priority"], ["order_type.code", "order_type.priority"], onupdate="CASCADE"
        ),
        ForeignKeyConstraint(["organisation_id"], ["organisation.id"]),
        ForeignKeyConstraint(["organisation_id", "owner_id"], ["membership.organisation_id", "membership.user_id"]),
        UniqueConstraint("organisation_id", "id"),
        UniqueConstraint("organisation_id", "reference"),
        CheckConstraint("shares_claimed >= 0 AND shares_claimed <= max_shares", name="seats"),
        CheckConstraint("version >= 1", name="version"),
        CheckConstraint("premium_minor >= 0", name="premium"),
        CheckConstraint("length(currency) = 3", name="currency"),
        CheckConstraint("expires_at IS NULL OR expires_at >= effective_at", name="cover"),
        CheckConstraint(
            "(reason_cause = 'PROCESSED') = "
            "(reason_action IS NOT NULL AND reason_actor_id IS NOT NULL AND reason_via IS NOT NULL)",
            name="reason",
        ),
        Index("ix_orders_type_priority", "organisation_id", "type_priority", "newest_first", "id"),
        Index("ix_orders_expires", "organisation_id", "expires_last", "id"),
        Index("ix_orders_newest", "organisation_id", "newest_first", "id"),
        Index("ix_orders_premium", "organisation_id", "premium_minor", "id"),
        Index("ix_orders_owner", "organisation_id", "owner_id"),
        Index(
            "ix_orders_due",
            "expires_at",
            postgresql_where=text("status IN ('IN_FORCE', 'GRACE_PERIOD')"),
            sqlite_where=text("status IN ('IN_FORCE', 'GRACE_PERIOD')"),
        ),
        Index(
            "ix_orders_search_title",
            "search_title",
            postgresql_using="gin",
            postgresql_ops={"search_title": "gin_trgm_ops"},
        ).ddl_if(dialect="postgresql"),
        Index(
            "ix_orders_search_reference",
            "search_reference",
            postgresql_ops={"search_reference": "text_pattern_ops"},
        ).ddl_if(dialect="postgresql"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: UUID
    owner_id: UUID
    reference: str
    type_code: str
    type_priority: int = Field(sa_column=number_column())
    title: str
    premium_minor: int = Field(sa_column=number_column())
    currency: str
    effective_at: datetime
    expires_at: datetime | None = None
    created_at: datetime
    updated_at: datetime
    status: OrderStatus = Field(sa_column=word_column(OrderStatus, "status"))
    max_shares: int
    shares_claimed: int = 0
    version: int = 1
    reason_cause: StatusCause = Field(sa_column=word_column(StatusCause, "reason_cause"))
    reason_action: OrderAction | None = Field(
        default=None, sa_column=word_column(OrderAction, "reason_action", nullable=True)
    )
    reason_actor_id: UUID | None = Field(default=None, foreign_key="app_user.id")
    reason_via: Terminal | None = Field(default=None, sa_column=word_column(Terminal, "reason_via", nullable=True))
    reason_at: datetime
    newest_first: int = Field(default=0, sa_column=number_column())
    expires_last: int = Field(default=NEVER, sa_column=number_column())
    search_title: str = ""
    search_reference: str = ""

    def set_cover(self, effective_at: datetime, expires_at: datetime | None) -> Self:
        """Set when the cover begins and ends, and the numbers that lists are sorted by."""
        self.effective_at = effective_at
        self.expires_at = expires_at
        self.newest_first = -microseconds(effective_at)
        self.expires_last = NEVER if expires_at is None else microseconds(expires_at)
        return self

    def set_title(self, title: str) -> Self:
        """Set what people call the order, and what a search compares with."""
        self.title = title
        self.search_title = title.casefold()
        self.search_reference = self.reference.casefold()
        return self


class ImportedOrderRow(SQLModel, table=True):
    """The row of the platform's file that was imported last, to compare the next one with."""

    __tablename__ = "imported_order"
    __table_args__ = (ForeignKeyConstraint(["organisation_id", "order_id"], ["orders.organisation_id", "orders.id"]),)

    organisation_id: UUID = Field(primary_key=True)
    order_id: UUID = Field(primary_key=True)
    record: dict[str, Any] = Field(sa_column=json_column())
