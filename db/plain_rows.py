"""Rows as queries read them: the columns that are shown or judged, as plain tuples with names.

A row of a table class is an object that a session watches, which a reader has no use for and pays for. These have the
same attributes, so whoever takes the one takes the other; the tables say what the columns mean.
"""

from datetime import datetime
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from db.log_tables import EventRow
from db.order_tables import OrderRow, OrderTypeRow
from db.people_tables import MembershipRow, OrganisationRow, UserRow
from db.sharing_tables import ProcessingResultRow, SharedOrderRow
from domain.vocabulary import (
    EventKind,
    MemberRole,
    OrderAction,
    OrderStatus,
    SharedOrderStatus,
    SharePermission,
    SharePolicy,
    StatusCause,
    Terminal,
)


class PlainOrganisation(NamedTuple):
    """An organisation."""

    id: UUID
    reference: str
    name: str
    share_policy: SharePolicy


class PlainUser(NamedTuple):
    """A user."""

    id: UUID
    reference: str
    name: str


class PlainMembership(NamedTuple):
    """A membership that holds."""

    organisation_id: UUID
    user_id: UUID
    role: MemberRole


class PlainOrderType(NamedTuple):
    """A kind of cover."""

    code: str
    name: str
    priority: int


class PlainOrder(NamedTuple):
    """An order, without what searches compare with."""

    id: UUID
    organisation_id: UUID
    owner_id: UUID
    reference: str
    type_code: str
    type_priority: int
    title: str
    premium_minor: int
    currency: str
    effective_at: datetime
    expires_at: datetime | None
    created_at: datetime
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
    newest_first: int
    expires_last: int


class PlainSharedOrder(NamedTuple):
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


class PlainResult(NamedTuple):
    """A result that a terminal processed."""

    id: UUID
    order_id: UUID
    shared_order_id: UUID | None
    actor_id: UUID
    via: Terminal
    action: OrderAction
    note: str | None
    from_status: OrderStatus
    to_status: OrderStatus
    order_version: int
    at: datetime


class PlainEvent(NamedTuple):
    """An entry of a log."""

    organisation_id: UUID
    sequence: int
    event_id: UUID
    kind: EventKind
    actor_id: UUID | None
    order_id: UUID | None
    order_version: int | None
    shared_order_id: UUID | None
    sender_id: UUID | None
    recipient_id: UUID | None
    subject_id: UUID | None
    payload: dict[str, Any]
    occurred_at: datetime


AnyOrganisation: TypeAlias = OrganisationRow | PlainOrganisation
AnyUser: TypeAlias = UserRow | PlainUser
AnyMembership: TypeAlias = MembershipRow | PlainMembership
AnyOrderType: TypeAlias = OrderTypeRow | PlainOrderType
AnyOrder: TypeAlias = OrderRow | PlainOrder
AnySharedOrder: TypeAlias = SharedOrderRow | PlainSharedOrder
AnyResult: TypeAlias = ProcessingResultRow | PlainResult
AnyEvent: TypeAlias = EventRow | PlainEvent
