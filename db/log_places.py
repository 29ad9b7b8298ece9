"""Where readers of logs begin: what the database knows of it, for all who ask at the same moment by one statement."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, Integer, Select, Uuid, select
from sqlmodel import SQLModel

from db.given_rows import Given, GivenRows
from db.log_cursor import LogCursor
from db.log_tables import EventRow, StreamRow
from db.people_tables import MembershipRow
from db.writing import Statements
from domain.vocabulary import MemberRole

_NOWHERE = -1
_LAST = 2**63 - 1
"""The greatest sequence that a database can store."""


class PlaceAsked(NamedTuple):
    """Where somebody wants to begin to read.

    Attributes:
        user_id: Who.
        organisation_id: Whose log.
        cursor: The place; None for the end.
    """

    user_id: UUID
    organisation_id: UUID
    cursor: LogCursor | None


class PlaceFound(NamedTuple):
    """What the database knows of it, all at one moment.

    Attributes:
        role: The reader's role in the organisation; None where they are no member now.
        head: The sequence of the log's last event.
        first_sequence: That of the first one that is kept.
        event_id: The event at the cursor's sequence.
        cursor_log: The organisation of the cursor, where it has a log.
    """

    role: MemberRole | None
    head: int | None
    first_sequence: int | None
    event_id: UUID | None
    cursor_log: UUID | None


_STREAM, _EVENT, _MEMBERSHIP = (
    SQLModel.metadata.tables[table.__tablename__] for table in (StreamRow, EventRow, MembershipRow)
)


def _find(given: Given) -> Select[Any]:
    of_log = _STREAM.c.organisation_id == given["organisation_id"]
    membership = (
        _MEMBERSHIP.c.organisation_id == given["organisation_id"],
        _MEMBERSHIP.c.user_id == given["user_id"],
        _MEMBERSHIP.c.removed_at.is_(None),
    )
    event = _EVENT.c.organisation_id == given["organisation_id"], _EVENT.c.sequence == given["sequence"]
    cursor_log = _STREAM.c.organisation_id == given["cursor_log"]
    return select(
        given["number"],
        select(_MEMBERSHIP.c.role).where(*membership).scalar_subquery(),
        select(_STREAM.c.head).where(of_log).scalar_subquery(),
        select(_STREAM.c.first_sequence).where(of_log).scalar_subquery(),
        select(_EVENT.c.event_id).where(*event).scalar_subquery(),
        select(_STREAM.c.organisation_id).where(cursor_log).scalar_subquery(),
    )


_FIND = GivenRows(
    {
        "number": Integer(),
        "user_id": Uuid(),
        "organisation_id": Uuid(),
        "sequence": BigInteger(),
        "cursor_log": Uuid(),
    },
    _find,
    tuple,
)


async def find_log_places(statements: Statements, asked: Sequence[PlaceAsked]) -> list[PlaceFound]:
    """Return what the database knows of each place, in order."""
    given = [(number, *_place(each)) for number, each in enumerate(asked)]
    found = {number: PlaceFound(*known) for number, *known in await statements.rows_for(_FIND, given)}
    return [found[number] for number in range(len(asked))]


def _place(asked: PlaceAsked) -> tuple[UUID, UUID, int, UUID]:
    cursor = asked.cursor
    if cursor is None or cursor.sequence > _LAST:
        return asked.user_id, asked.organisation_id, _NOWHERE, asked.organisation_id
    return asked.user_id, asked.organisation_id, cursor.sequence, cursor.organisation_id
