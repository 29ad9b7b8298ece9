"""Appending to an organisation's log, and reading from it.

The head of the log is one row. An append raises it and keeps its lock until the commit, so events get their sequence
in the order in which they are committed, and a rollback leaves no gap. The append is the last thing a transaction
does: every other lock is taken before it, and it is held for as short as can be.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, update
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.given_rows import GivenRows, as_arrays, of_arrays
from db.log_tables import EventRow, StreamRow
from db.new_events import NewEvent
from db.order_tables import OrderRow
from db.row_query import RowQuery, only_value
from db.writing import Statements

_AT_ONCE = 1_000

_GROWN = "organisations whose log has grown"

# Built once, and without the detour over objects: every change of anything ends with these two.
_STREAM = SQLModel.metadata.tables[StreamRow.__tablename__]
_RAISE = (
    update(_STREAM)
    .where(_STREAM.c.organisation_id == bindparam("raised"))
    .values(head=_STREAM.c.head + bindparam("by"))
    .returning(_STREAM.c.head)
)
_EVENT = SQLModel.metadata.tables[EventRow.__tablename__]
_INSERT = insert(_EVENT)

_KEPT_RAISE = RowQuery(_RAISE, only_value)
_OF_EVENT = [column for column in _EVENT.c if column.key != "sequence"]
_KEPT_INSERT = GivenRows(
    {column.key: column for column in (_EVENT.c.sequence, *_OF_EVENT)},
    lambda given: insert(_EVENT).from_select(list(given), select(*given.values())),
    only_value,
)
_values_of = attrgetter(*(column.key for column in _OF_EVENT))


def _raise_and_insert() -> RowQuery[Any]:
    """Return both as one statement, which PostgreSQL knows and SQLite does not."""
    raised = _RAISE.cte("raised")
    given = of_arrays(_ENTRY, {name: _EVENT.c[name].type for name in _ENTRY_NAMES})
    sequence = (raised.c.head + given["sequence"]).label("sequence")
    rows = select(sequence, *(given[column.key] for column in _OF_EVENT))
    return RowQuery(insert(_EVENT).from_select(_ENTRY_NAMES, rows), only_value)


_ENTRY = "entry_"
_ENTRY_NAMES = ["sequence", *(column.key for column in _OF_EVENT)]
_KEPT_RAISE_AND_INSERT = _raise_and_insert()


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
    session.info.setdefault(_GROWN, set()).add(organisation_id)


def grown_logs(session: AsyncSession) -> Collection[UUID]:
    """Return the organisations to whose logs a session's transaction has appended: its commit wakes their readers."""
    grown: set[UUID] = session.info.get(_GROWN, set())
    return grown


async def append_straight(statements: Statements, organisation_id: UUID, events: Sequence[NewEvent]) -> None:
    """Do what `append` does in a transaction without a session.

    Args:
        statements: The transaction that made the changes.
        organisation_id: Whose log.
        events: What happened; each gets its sequence here.
    """
    if not events:
        return
    raised = {"raised": organisation_id, "by": len(events)}
    head = 0 if statements.are_postgresql else (await statements.rows(_KEPT_RAISE, **raised))[0]
    numbered = enumerate(events, start=head - len(events) + 1)
    entries = [(sequence, *_values_of(event)) for sequence, event in numbered]
    if statements.are_postgresql:
        await statements.rows(_KEPT_RAISE_AND_INSERT, **raised, **as_arrays(_ENTRY, _ENTRY_NAMES, entries))
    else:
        await statements.rows_for(_KEPT_INSERT, entries)
    statements.grown.add(organisation_id)


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


async def log_heads(session: AsyncSession, organisation_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return the sequence of the last event of each organisation's log."""
    heads: dict[UUID, int] = {}
    for begin in range(0, len(organisation_ids), _AT_ONCE):
        asked = col(StreamRow.organisation_id).in_(organisation_ids[begin : begin + _AT_ONCE])
        statement = select(StreamRow.organisation_id, StreamRow.head).where(asked)
        heads.update((await session.exec(statement)).all())
    return heads


async def log_head(session: AsyncSession, organisation_id: UUID) -> int:
    """Return the sequence of the last event of the organisation's log, 0 where there is none."""
    head = select(StreamRow.head).where(col(StreamRow.organisation_id) == organisation_id)
    return (await session.exec(head)).one()
