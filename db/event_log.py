"""Appending to an organisation's log, and reading from it.

The head of the log is one row. An append raises it and keeps its lock until the commit, so events get their sequence
in the order in which they are committed, and a rollback leaves no gap. The append is the last thing a transaction
does: every other lock is taken before it, and it is held for as short as can be.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, insert, update
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.database import mark_logged
from db.log_tables import EventRow, StreamRow
from db.new_events import NewEvent
from db.order_tables import OrderRow

# Built once, and without the detour over objects: every change of anything ends with these two.
_STREAM = SQLModel.metadata.tables[StreamRow.__tablename__]
_RAISE = (
    update(_STREAM)
    .where(_STREAM.c.organisation_id == bindparam("raised"))
    .values(head=_STREAM.c.head + bindparam("by"))
    .returning(_STREAM.c.head)
)
_INSERT = insert(SQLModel.metadata.tables[EventRow.__tablename__])


async def append(session: AsyncSession, organisation_id: UUID, events: Sequence[NewEvent]) -> None:
    """Write events at the end of the organisation's log, in the given order.

    Args:
        session: The transaction that made the changes.
        organisation_id: Whose log.
        events: What happened; each gets its sequence here.
    """
    if not events:
        return
    await session.flush()
    raised = await session.exec(_RAISE, params={"raised": organisation_id, "by": len(events)})
    head: int = raised.scalar_one()
    numbered = enumerate(events, start=head - len(events) + 1)
    await session.exec(_INSERT, params=[event.as_values(sequence) for sequence, event in numbered])
    mark_logged(session, organisation_id)


@dataclass(frozen=True)
class LogEntry:
    """An event, and who owns the order it is about now: the owner sees its shared orders."""

    event: EventRow
    owner_id: UUID | None


async def read_events(session: AsyncSession, organisation_id: UUID, after: int, limit: int) -> Sequence[LogEntry]:
    """Return at most `limit` events that follow the sequence `after`, in order."""
    following = (
        select(EventRow, col(OrderRow.owner_id))
        .outerjoin(OrderRow, col(OrderRow.id) == col(EventRow.order_id))
        .where(col(EventRow.organisation_id) == organisation_id, col(EventRow.sequence) > after)
        .order_by(col(EventRow.sequence))
        .limit(limit)
    )
    return [LogEntry(event, owner_id) for event, owner_id in (await session.exec(following)).all()]


async def log_head(session: AsyncSession, organisation_id: UUID) -> int:
    """Return the sequence of the last event of the organisation's log, 0 where there is none."""
    head = select(StreamRow.head).where(col(StreamRow.organisation_id) == organisation_id)
    return (await session.exec(head)).one()
