"""What is exported: everything that an organisation has here, kind by kind, read in a stream."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

import sqlmodel
from sqlalchemy import ColumnElement, Label, Select, and_, case, null, select
from sqlalchemy.orm import Mapped, aliased
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.log_tables import EventRow, StreamRow
from db.order_tables import ImportedOrderRow, OrderRow, OrderTypeRow
from db.people_tables import MembershipRow, OrganisationRow, UserRow
from db.sharing_tables import ProcessingResultRow, SharedOrderRow

_ROWS_AT_HAND = 200


class RecordKind(StrEnum):
    """What a record is about."""

    ORDER_TYPE = "order_type"
    ORGANISATION = "organisation"
    MEMBER = "member"
    ORDER = "order"
    SHARED_ORDER = "shared_order"
    PROCESSING_RESULT = "processing_result"
    EVENT = "event"


class ExportedRecord(NamedTuple):
    """One record.

    Attributes:
        kind: What it is about.
        values: Its fields by the names that they are exported under; where the platform's file has a column for one,
            by the name of that column.
    """

    kind: RecordKind
    values: Mapping[str, Any]


async def find_organisation(session: AsyncSession, reference: str) -> UUID | None:
    """Return the id of the organisation of a reference, or None where there is none."""
    found = sqlmodel.select(OrganisationRow.id).where(col(OrganisationRow.reference) == reference)
    return (await session.exec(found)).first()


async def export_records(
    session: AsyncSession, organisation_id: UUID | None, kinds: Sequence[RecordKind] = tuple(RecordKind)
) -> AsyncGenerator[ExportedRecord]:
    """Yield the records of one organisation or of all, of the session's snapshot; two hundred are held at a time.

    They come kind by kind, each kind by organisation, and within an organisation in an order that never changes: so
    what a record refers to has come before it, and two exports of the same are the same.

    Args:
        session: What to read from.
        organisation_id: The organisation; None for all.
        kinds: Which kinds, in this order.
    """
    for kind in kinds:
        statement = _STATEMENTS[kind]
        if organisation_id is not None and kind is not RecordKind.ORDER_TYPE:
            statement = statement.where(_ORGANISATION[kind] == organisation_id)
        rows = await session.stream(statement, execution_options={"yield_per": _ROWS_AT_HAND})
        async for some in rows.mappings().partitions():
            for row in some:
                yield ExportedRecord(kind, row)


_Actor, _Sender, _Recipient, _Subject = (
    aliased(UserRow, name=name) for name in ("actor", "sender", "recipient", "subject")
)
_OF_ORGANISATION: tuple[Label[Any], ...] = (col(OrganisationRow.reference).label("organisation"),)
_OF_ORDER: tuple[Label[Any], ...] = (*_OF_ORGANISATION, col(OrderRow.reference).label("order"))


def _order_types() -> Select[Any]:
    columns = (col(getattr(OrderTypeRow, name)) for name in ("code", "name", "priority"))
    return select(*columns).order_by(col(OrderTypeRow.code))


def _organisations() -> Select[Any]:
    return (
        select(
            col(OrganisationRow.id),
            *_OF_ORGANISATION,
            col(OrganisationRow.name).label("organisation_name"),
            col(OrganisationRow.share_policy),
            col(OrganisationRow.created_at),
            col(StreamRow.first_sequence),
            col(StreamRow.head).label("last_sequence"),
        )
        .join(StreamRow, col(StreamRow.organisation_id) == col(OrganisationRow.id))
        .order_by(col(OrganisationRow.id))
    )


def _members() -> Select[Any]:
    return (
        select(
            *_OF_ORGANISATION,
            col(UserRow.id).label("user_id"),
            col(UserRow.reference).label("member"),
            col(UserRow.name).label("member_name"),
            col(MembershipRow.role),
            col(MembershipRow.joined_at),
            col(MembershipRow.removed_at),
        )
        .select_from(MembershipRow)
        .join(OrganisationRow, col(OrganisationRow.id) == col(MembershipRow.organisation_id))
        .join(UserRow, col(UserRow.id) == col(MembershipRow.user_id))
        .order_by(col(MembershipRow.organisation_id), col(MembershipRow.user_id))
    )


_Column = ColumnElement[Any] | Mapped[Any]
# As the platform's file has them, then what has become of the order here.
_ORDER_COLUMNS: tuple[_Column, ...] = (
    col(OrganisationRow.name).label("organisation_name"),
    col(UserRow.reference).label("member"),
    col(UserRow.name).label("member_name"),
    # An owner who was removed has no role, as in a row of the platform's file that says nothing of it.
    case((col(MembershipRow.removed_at).is_(None), col(MembershipRow.role)), else_=null()).label("role"),
    col(OrderRow.reference),
    col(OrderRow.type_code).label("type"),
    col(OrderRow.title),
    col(OrderRow.premium_minor),
    col(OrderRow.currency),
    col(OrderRow.status),
    col(OrderRow.effective_at),
    col(OrderRow.expires_at),
    col(OrderRow.max_shares),
    col(OrderRow.shares_claimed),
    col(OrderRow.version),
    col(OrderRow.reason_cause),
    col(OrderRow.reason_action),
    col(_Actor.reference).label("reason_actor"),
    col(OrderRow.reason_via),
    col(OrderRow.reason_at),
    col(OrderRow.created_at),
    col(OrderRow.updated_at),
    col(ImportedOrderRow.record).label("last_imported"),
)


def _orders() -> Select[Any]:
    membership = and_(
        col(MembershipRow.organisation_id) == col(OrderRow.organisation_id),
        col(MembershipRow.user_id) == col(OrderRow.owner_id),
    )
    imported = and_(
        col(ImportedOrderRow.organisation_id) == col(OrderRow.organisation_id),
        col(ImportedOrderRow.order_id) == col(OrderRow.id),
    )
    return (
        select(col(OrderRow.id), *_OF_ORGANISATION, *_ORDER_COLUMNS)
        .select_from(OrderRow)
        .join(OrganisationRow, col(OrganisationRow.id) == col(OrderRow.organisation_id))
        .join(UserRow, col(UserRow.id) == col(OrderRow.owner_id))
        .join(MembershipRow, membership)
        .outerjoin(_Actor, col(_Actor.id) == col(OrderRow.reason_actor_id))
        .outerjoin(ImportedOrderRow, imported)
        .order_by(col(OrderRow.organisation_id), col(OrderRow.id))
    )


def _shared_orders() -> Select[Any]:
    return (
        select(
            col(SharedOrderRow.id),
            *_OF_ORDER,
            col(_Sender.reference).label("sender"),
            col(_Recipient.reference).label("recipient"),
            col(SharedOrderRow.permission),
            col(SharedOrderRow.message),
            col(SharedOrderRow.status),
            col(SharedOrderRow.opens_at),
            col(SharedOrderRow.closes_at),
            col(SharedOrderRow.claimed_at),
            col(SharedOrderRow.created_at),
        )
        .select_from(SharedOrderRow)
        .join(OrganisationRow, col(OrganisationRow.id) == col(SharedOrderRow.organisation_id))
        .join(OrderRow, col(OrderRow.id) == col(SharedOrderRow.order_id))
        .join(_Sender, col(_Sender.id) == col(SharedOrderRow.sender_id))
        .join(_Recipient, col(_Recipient.id) == col(SharedOrderRow.recipient_id))
        .order_by(col(SharedOrderRow.organisation_id), col(SharedOrderRow.order_id), col(SharedOrderRow.id))
    )


def _processing_results() -> Select[Any]:
    return (
        select(
            col(ProcessingResultRow.id),
            *_OF_ORDER,
            col(ProcessingResultRow.order_version),
            col(ProcessingResultRow.action),
            col(_Actor.reference).label("actor"),
            col(ProcessingResultRow.via),
            col(ProcessingResultRow.shared_order_id),
            col(ProcessingResultRow.note),
            col(ProcessingResultRow.from_status),
            col(ProcessingResultRow.to_status),
            col(ProcessingResultRow.at),
        )
        .select_from(ProcessingResultRow)
        .join(OrganisationRow, col(OrganisationRow.id) == col(ProcessingResultRow.organisation_id))
        .join(OrderRow, col(OrderRow.id) == col(ProcessingResultRow.order_id))
        .join(_Actor, col(_Actor.id) == col(ProcessingResultRow.actor_id))
        .order_by(
            col(ProcessingResultRow.organisation_id),
            col(ProcessingResultRow.order_id),
            col(ProcessingResultRow.order_version),
        )
    )


def _events() -> Select[Any]:
    return (
        select(
            col(EventRow.event_id).label("id"),
            *_OF_ORGANISATION,
            col(EventRow.sequence),
            col(EventRow.kind).label("event"),
            col(EventRow.occurred_at),
            col(_Actor.reference).label("actor"),
            col(OrderRow.reference).label("order"),
            col(EventRow.order_version),
            col(EventRow.shared_order_id),
            col(_Sender.reference).label("sender"),
            col(_Recipient.reference).label("recipient"),
            col(_Subject.reference).label("member"),
            col(EventRow.payload).label("details"),
        )
        .select_from(EventRow)
        .join(OrganisationRow, col(OrganisationRow.id) == col(EventRow.organisation_id))
        .outerjoin(OrderRow, col(OrderRow.id) == col(EventRow.order_id))
        .outerjoin(_Actor, col(_Actor.id) == col(EventRow.actor_id))
        .outerjoin(_Sender, col(_Sender.id) == col(EventRow.sender_id))
        .outerjoin(_Recipient, col(_Recipient.id) == col(EventRow.recipient_id))
        .outerjoin(_Subject, col(_Subject.id) == col(EventRow.subject_id))
        .order_by(col(EventRow.organisation_id), col(EventRow.sequence))
    )


_STATEMENTS: Mapping[RecordKind, Select[Any]] = {
    RecordKind.ORDER_TYPE: _order_types(),
    RecordKind.ORGANISATION: _organisations(),
    RecordKind.MEMBER: _members(),
    RecordKind.ORDER: _orders(),
    RecordKind.SHARED_ORDER: _shared_orders(),
    RecordKind.PROCESSING_RESULT: _processing_results(),
    RecordKind.EVENT: _events(),
}
_ORGANISATION = {
    RecordKind.ORGANISATION: col(OrganisationRow.id),
    RecordKind.MEMBER: col(MembershipRow.organisation_id),
    RecordKind.ORDER: col(OrderRow.organisation_id),
    RecordKind.SHARED_ORDER: col(SharedOrderRow.organisation_id),
    RecordKind.PROCESSING_RESULT: col(ProcessingResultRow.organisation_id),
    RecordKind.EVENT: col(EventRow.organisation_id),
}
