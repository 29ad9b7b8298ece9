"""The first schema.

Revision: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
_ORDER_STATUSES = ("PENDING", "IN_FORCE", "LOSS_REPORTED", "GRACE_PERIOD", "SUSPENDED", "LAPSED", "CANCELLED")
_ORDER_ACTIONS = (
    "ACTIVATE",
    "RENEW",
    "ENDORSE",
    "REPORT_LOSS",
    "SETTLE_LOSS",
    "REJECT_LOSS",
    "SUSPEND",
    "REINSTATE",
    "CANCEL",
)


def _words(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    """Bring the database to this revision."""
    postgresql = op.get_context().dialect.name == "postgresql"
    if postgresql:
        # Carries the index behind a search in titles.
        op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.create_table(
        "app_user",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", AutoString(), nullable=False),
        sa.Column("name", AutoString(), nullable=False),
        sa.Column("search_name", AutoString(), nullable=False),
        sa.Column("search_reference", AutoString(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_app_user"),
        sa.UniqueConstraint("reference", name="uq_app_user_reference"),
    )
    op.create_table(
        "order_type",
        sa.Column("code", AutoString(), nullable=False),
        sa.Column("name", AutoString(), nullable=False),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_order_type"),
        sa.UniqueConstraint("code", "priority", name="uq_order_type_code_priority"),
    )
    op.create_table(
        "organisation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", AutoString(), nullable=False),
        sa.Column("name", AutoString(), nullable=False),
        sa.Column("share_policy", _words("share_policy", "ANY_MEMBER", "OWNER_AND_ADMINS"), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_organisation"),
        sa.UniqueConstraint("reference", name="uq_organisation_reference"),
    )
    op.create_table(
        "idempotency_key",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("key", AutoString(), nullable=False),
        sa.Column("operation", AutoString(), nullable=False),
        sa.Column("fingerprint", AutoString(), nullable=False),
        sa.Column("answer", JSON, nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name="fk_idempotency_key_user_id"),
        sa.PrimaryKeyConstraint("user_id", "key", name="pk_idempotency_key"),
    )
    op.create_table(
        "membership",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", _words("role", "ADMIN", "MEMBER"), nullable=False),
        sa.Column("joined_at", UTCDateTime(), nullable=False),
        sa.Column("removed_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name="fk_membership_organisation_id"),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name="fk_membership_user_id"),
        sa.PrimaryKeyConstraint("organisation_id", "user_id", name="pk_membership"),
    )
    op.create_index("ix_membership_user_id_organisation_id", "membership", ["user_id", "organisation_id"])

    op.create_table(
        "stream",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("head", sa.BigInteger(), nullable=False),
        sa.Column("first_sequence", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("head >= 0 AND first_sequence >= 1", name="head"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name="fk_stream_organisation_id"),
        sa.PrimaryKeyConstraint("organisation_id", name="pk_stream"),
        postgresql_with={"fillfactor": "50"},
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("reference", AutoString(), nullable=False),
        sa.Column("type_code", AutoString(), nullable=False),
        sa.Column("type_priority", sa.BigInteger(), nullable=False),
        sa.Column("title", AutoString(), nullable=False),
        sa.Column("premium_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", AutoString(), nullable=False),
        sa.Column("effective_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.Column("status", _words("status", *_ORDER_STATUSES), nullable=False),
        sa.Column("max_shares", sa.Integer(), nullable=False),
        sa.Column("shares_claimed", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("reason_cause", _words("reason_cause", "IMPORTED", "PROCESSED", "TIME"), nullable=False),
        sa.Column("reason_action", _words("reason_action", *_ORDER_ACTIONS), nullable=True),
        sa.Column("reason_actor_id", sa.Uuid(), nullable=True),
        sa.Column("reason_via", _words("reason_via", "FIRST_ORDER", "SHARED_ORDER"), nullable=True),
        sa.Column("reason_at", UTCDateTime(), nullable=False),
        sa.Column("newest_first", sa.BigInteger(), nullable=False),
        sa.Column("expires_last", sa.BigInteger(), nullable=False),
        sa.Column("search_title", AutoString(), nullable=False),
        sa.Column("search_reference", AutoString(), nullable=False),
        sa.CheckConstraint(
            "(reason_cause = 'PROCESSED') = "
            "(reason_action IS NOT NULL AND reason_actor_id IS NOT NULL AND reason_via IS NOT NULL)",
            name="reason",
        ),
        sa.CheckConstraint("expires_at IS NULL OR expires_at >= effective_at", name="cover"),
        sa.CheckConstraint("length(currency) = 3", name="currency"),
        sa.CheckConstraint("premium_minor >= 0", name="premium"),
        sa.CheckConstraint("shares_claimed >= 0 AND shares_claimed <= max_shares", name="seats"),
        sa.CheckConstraint("version >= 1", name="version"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "owner_id"],
            ["membership.organisation_id", "membership.user_id"],
            name="fk_orders_organisation_id_owner_id",
        ),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name="fk_orders_organisation_id"),
        sa.ForeignKeyConstraint(["reason_actor_id"], ["app_user.id"], name="fk_orders_reason_actor_id"),
        sa.ForeignKeyConstraint(
            ["type_code", "type_priority"],
            ["order_type.code", "order_type.priority"],
            name="fk_orders_type_code_type_priority",
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_orders"),
        sa.UniqueConstraint("organisation_id", "id", name="uq_orders_organisation_id_id"),
        sa.UniqueConstraint("organisation_id", "reference", name="uq_orders_organisation_id_reference"),
    )
    op.create_index(
        "ix_orders_due",
        "orders",
        ["expires_at"],
        postgresql_where=sa.text("status IN ('IN_FORCE', 'GRACE_PERIOD')"),
        sqlite_where=sa.text("status IN ('IN_FORCE', 'GRACE_PERIOD')"),
    )
    op.create_index("ix_orders_expires", "orders", ["organisation_id", "expires_last", "id"])
    op.create_index("ix_orders_newest", "orders", ["organisation_id", "newest_first", "id"])
    op.create_index("ix_orders_owner", "orders", ["organisation_id", "owner_id"])
    op.create_index("ix_orders_premium", "orders", ["organisation_id", "premium_minor", "id"])
    if postgresql:
        op.create_index(
            "ix_orders_search_reference",
            "orders",
            ["search_reference"],
            postgresql_ops={"search_reference": "text_pattern_ops"},
        )
    if postgresql:
        op.create_index(
            "ix_orders_search_title",
            "orders",
            ["search_title"],
            postgresql_using="gin",
            postgresql_ops={"search_title": "gin_trgm_ops"},
        )
    op.create_index("ix_orders_type_priority", "orders", ["organisation_id", "type_priority", "newest_first", "id"])

    op.create_table(
        "imported_order",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("record", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "order_id"],
            ["orders.organisation_id", "orders.id"],
            name="fk_imported_order_organisation_id_order_id",
        ),
        sa.PrimaryKeyConstraint("organisation_id", "order_id", name="pk_imported_order"),
    )
    op.create_table(
        "shared_order",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("sender_id", sa.Uuid(), nullable=False),
        sa.Column("recipient_id", sa.Uuid(), nullable=False),
        sa.Column("permission", _words("permission", "VIEW", "PROCESS"), nullable=False),
        sa.Column("message", AutoString(), nullable=True),
        sa.Column(
            "status",
            _words("status", "OFFERED", "CLAIMED", "DECLINED", "RELEASED", "REVOKED", "EXPIRED"),
            nullable=False,
        ),
        sa.Column("opens_at", UTCDateTime(), nullable=False),
        sa.Column("closes_at", UTCDateTime(), nullable=False),
        sa.Column("claimed_at", UTCDateTime(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("status NOT IN ('CLAIMED', 'RELEASED') OR claimed_at IS NOT NULL", name="claimed_at"),
        sa.CheckConstraint("closes_at > opens_at", name="window"),
        sa.CheckConstraint("sender_id <> recipient_id", name="recipient"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "order_id"],
            ["orders.organisation_id", "orders.id"],
            name="fk_shared_order_organisation_id_order_id",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "recipient_id"],
            ["membership.organisation_id", "membership.user_id"],
            name="fk_shared_order_organisation_id_recipient_id",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "sender_id"],
            ["membership.organisation_id", "membership.user_id"],
            name="fk_shared_order_organisation_id_sender_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_shared_order"),
        sa.UniqueConstraint("organisation_id", "order_id", "id", name="uq_shared_order_organisation_id_order_id_id"),
    )
    op.create_index(
        "ix_shared_order_due",
        "shared_order",
        ["closes_at"],
        postgresql_where=sa.text("status = 'OFFERED'"),
        sqlite_where=sa.text("status = 'OFFERED'"),
    )
    op.create_index("ix_shared_order_of_order", "shared_order", ["order_id", "id"])
    op.create_index("ix_shared_order_received", "shared_order", ["recipient_id", "id"])
    op.create_index("ix_shared_order_sent", "shared_order", ["sender_id", "id"])
    op.create_index(
        "uq_shared_order_open",
        "shared_order",
        ["order_id", "recipient_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('OFFERED', 'CLAIMED')"),
        sqlite_where=sa.text("status IN ('OFFERED', 'CLAIMED')"),
    )

    op.create_table(
        "event",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            _words(
                "kind",
                "ORDER_STATUS_CHANGED",
                "SHARED_ORDER_CHANGED",
                "ORDER_IMPORTED",
                "MEMBERSHIP_CHANGED",
                "SHARE_POLICY_CHANGED",
            ),
            nullable=False,
        ),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("order_version", sa.Integer(), nullable=True),
        sa.Column("shared_order_id", sa.Uuid(), nullable=True),
        sa.Column("sender_id", sa.Uuid(), nullable=True),
        sa.Column("recipient_id", sa.Uuid(), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("payload", JSON, nullable=False),
        sa.Column("occurred_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("(order_id IS NULL) = (order_version IS NULL)", name="order"),
        sa.CheckConstraint("sequence >= 1", name="sequence"),
        sa.ForeignKeyConstraint(["actor_id"], ["app_user.id"], name="fk_event_actor_id"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "order_id", "shared_order_id"],
            ["shared_order.organisation_id", "shared_order.order_id", "shared_order.id"],
            name="fk_event_organisation_id_order_id_shared_order_id",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "order_id"],
            ["orders.organisation_id", "orders.id"],
            name="fk_event_organisation_id_order_id",
        ),
        sa.ForeignKeyConstraint(["organisation_id"], ["stream.organisation_id"], name="fk_event_organisation_id"),
        sa.ForeignKeyConstraint(["subject_id"], ["app_user.id"], name="fk_event_subject_id"),
        sa.PrimaryKeyConstraint("organisation_id", "sequence", name="pk_event"),
        sa.UniqueConstraint("event_id", name="uq_event_event_id"),
    )
    op.create_index("ix_event_order", "event", ["order_id", "sequence"])

    op.create_table(
        "processing_result",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("shared_order_id", sa.Uuid(), nullable=True),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("via", _words("via", "FIRST_ORDER", "SHARED_ORDER"), nullable=False),
        sa.Column("action", _words("action", *_ORDER_ACTIONS), nullable=False),
        sa.Column("note", AutoString(), nullable=True),
        sa.Column("from_status", _words("from_status", *_ORDER_STATUSES), nullable=False),
        sa.Column("to_status", _words("to_status", *_ORDER_STATUSES), nullable=False),
        sa.Column("order_version", sa.BigInteger(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("(via = 'SHARED_ORDER') = (shared_order_id IS NOT NULL)", name="terminal"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "actor_id"],
            ["membership.organisation_id", "membership.user_id"],
            name="fk_processing_result_organisation_id_actor_id",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "order_id", "shared_order_id"],
            ["shared_order.organisation_id", "shared_order.order_id", "shared_order.id"],
            name="fk_processing_result_organisation_id_order_id_shared_order_id",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "order_id"],
            ["orders.organisation_id", "orders.id"],
            name="fk_processing_result_organisation_id_order_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_processing_result"),
        sa.UniqueConstraint("order_id", "order_version", name="uq_processing_result_order_id_order_version"),
    )


def downgrade() -> None:
    """Take the database back to the revision before: an empty one."""
    op.drop_table("processing_result")
    op.drop_table("event")
    op.drop_table("shared_order")
    op.drop_table("imported_order")
    op.drop_table("orders")
    op.drop_table("stream")
    op.drop_table("membership")
    op.drop_table("idempotency_key")
    op.drop_table("organisation")
    op.drop_table("order_type")
    op.drop_table("app_user")
