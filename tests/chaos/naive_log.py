"""The log as one would write it at first: events get a serial id, and readers go on after the last one they saw.

A number is taken before the commit, so a later one can become visible first. A reader that has moved on past it never
sees the earlier one. The checker must find that.
"""

import asyncio
import random
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import bindparam, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db import event_log
from db.log_places import PlaceAsked, PlaceFound, find_log_places
from db.log_tables import EventRow
from db.new_events import NewEvent
from db.row_query import RowQuery, only_value
from db.tails import Tail
from db.writing import Statements
from tests.chaos.everywhere import replace_everywhere

SERIAL_ID = "CREATE SEQUENCE naive_log START 1000"
"""What the database needs beside its tables."""

_NEXT = select(func.nextval("naive_log"))
_KEPT_NEXT = RowQuery(_NEXT, only_value)
_KEPT_HEAD = RowQuery(
    select(func.max(EventRow.sequence)).where(col(EventRow.organisation_id) == bindparam("of")), only_value
)
_UNTIL_COMMIT_SECONDS = 0.1
"""At most this long after its number is taken an event is written: as any transaction that has more to do."""


def number_by_serial_id() -> None:
    """Replace everything that gives events their sequence, or believes that it is in the order of commits."""
    replace_everywhere(event_log.append, _append)
    replace_everywhere(event_log.append_straight, _append_straight)
    replace_everywhere(event_log.log_head, _log_head)
    replace_everywhere(find_log_places, _find_log_places)
    Tail.after = _after  # type: ignore[method-assign,assignment]  # it takes for granted that a log has no gaps


async def _append(session: AsyncSession, organisation_id: UUID, events: Sequence[NewEvent]) -> None:
    if not events:
        return
    await session.flush()
    numbers = [(await session.exec(_NEXT)).one() for _ in events]
    await _be_slow()
    values = [event.as_values(number) for event, number in zip(events, numbers, strict=True)]
    await session.exec(event_log._INSERT, params=values)
    session.info.setdefault(event_log._GROWN, set()).add(organisation_id)


async def _append_straight(statements: Statements, organisation_id: UUID, events: Sequence[NewEvent]) -> None:
    if not events:
        return
    numbers = [(await statements.rows(_KEPT_NEXT))[0] for _ in events]
    await _be_slow()
    entries = [(number, *event_log._values_of(event)) for event, number in zip(events, numbers, strict=True)]
    await statements.rows_for(event_log._KEPT_INSERT, entries)
    statements.grown.add(organisation_id)


async def _be_slow() -> None:
    await asyncio.sleep(random.uniform(0, _UNTIL_COMMIT_SECONDS))


async def _log_head(session: AsyncSession, organisation_id: UUID) -> int:
    last = select(func.max(EventRow.sequence)).where(col(EventRow.organisation_id) == organisation_id)
    return (await session.exec(last)).one() or 0


async def _find_log_places(statements: Statements, asked: Sequence[PlaceAsked]) -> list[PlaceFound]:
    heads = [(await statements.rows(_KEPT_HEAD, of=each.organisation_id))[0] or 0 for each in asked]
    found = await find_log_places(statements, asked)
    return [place._replace(head=head) for place, head in zip(found, heads, strict=True)]


async def _after(tail: Tail, sequence: int) -> Sequence[event_log.LogEntry]:
    return await tail._read(sequence)
