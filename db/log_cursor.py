"""Places in an organisation's log, as clients hold them.

A cursor carries a format version, the organisation, the sequence, and the first eight bytes of the event's id. On
resume the event at that sequence must bear that id: so a cursor of another database, or from before a restored
backup that lost events, shows itself instead of skipping silently.
"""

import base64
import binascii
import struct
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlmodel import col

from db.log_tables import EventRow
from db.plain_rows import AnyEvent, PlainEvent
from db.row_query import RowQuery, columns_of
from db.snapshot import Snapshot
from domain.errors import CursorInvalid

_VERSION = 1
_FORM = struct.Struct(">B16sQ8s")
_BEFORE_THE_FIRST_EVENT = bytes(8)


@dataclass(frozen=True)
class LogCursor:
    """A place in a log: right after the event at `sequence`, or before the first where that is 0."""

    organisation_id: UUID
    sequence: int
    event_mark: bytes

    @classmethod
    def before_everything(cls, organisation_id: UUID) -> "LogCursor":
        """Return the place before the first event."""
        return cls(organisation_id, 0, _BEFORE_THE_FIRST_EVENT)

    @classmethod
    def after(cls, event: AnyEvent) -> "LogCursor":
        """Return the place right after `event`."""
        return cls(event.organisation_id, event.sequence, event.event_id.bytes[:8])

    def __str__(self) -> str:
        """Return the cursor as clients hold it: URL-safe text of 44 characters."""
        packed = _FORM.pack(_VERSION, self.organisation_id.bytes, self.sequence, self.event_mark)
        return base64.urlsafe_b64encode(packed).decode()

    def is_after(self, event_id: UUID | None) -> bool:
        """Return whether this is the place after the event of this id at its sequence; None where there is no event."""
        mark = event_id.bytes[:8] if event_id is not None else _BEFORE_THE_FIRST_EVENT if self.sequence == 0 else None
        return mark == self.event_mark

    @classmethod
    def parse(cls, text: str) -> "LogCursor":
        """Return the cursor that `text` stands for.

        Raises:
            CursorInvalid: Where `text` is no cursor of this format.
        """
        try:
            version, organisation, sequence, mark = _FORM.unpack(
                base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
            )
        except (UnicodeEncodeError, binascii.Error, struct.error):
            raise CursorInvalid from None
        cursor = cls(UUID(bytes=organisation), sequence, mark)
        # One place has one text: what merely decodes to it is not ours.
        if version != _VERSION or str(cursor) != text:
            raise CursorInvalid
        return cursor


_LATEST = RowQuery(
    select(*columns_of(EventRow, PlainEvent))
    .where(col(EventRow.organisation_id) == bindparam("organisation_id"))
    .order_by(col(EventRow.sequence).desc())
    .limit(1),
    PlainEvent._make,
)


async def log_end(snapshot: Snapshot, organisation_id: UUID) -> LogCursor:
    """Return the place after the last event of the organisation's log, at the snapshot's moment."""
    events = await snapshot.rows(_LATEST, organisation_id=organisation_id)
    return LogCursor.after(events[0]) if events else LogCursor.before_everything(organisation_id)
