"""What a subscriber hears: the entries of an organisation's log that they may see, each once and in order."""

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from uuid import UUID

from db.database import Database
from db.event_log import LogEntry
from db.follower import follow
from db.log_cursor import LogCursor
from db.log_places import PlaceAsked, find_log_places
from db.log_tables import EventRow
from domain.errors import AccessEnded, CursorInvalid, not_found
from domain.people import Member, Viewer, everybody_sees, may_see_event
from domain.vocabulary import EventKind, MemberRole


class Follower:
    """A subscriber's place in an organisation's log, and as whom they read on from there.

    What they may see goes by their role now. From the place in the log where their role changes, it goes by the new
    one; where they are removed, it ends.
    """

    __slots__ = ("_known_until", "has_ended", "member", "position")

    def __init__(self, member: Member, position: int, known_until: int) -> None:
        """Begin at a place.

        Args:
            member: The subscriber as a member of the organisation.
            position: The sequence after which they hear entries.
            known_until: The head of the log when the membership was read: later entries may change it, and older ones
                say nothing new of it.
        """
        self.member = member
        self.position = position
        self.has_ended = False
        self._known_until = known_until

    def copy(self) -> "Follower":
        """Return another follower at the same place, which can go ahead alone."""
        return Follower(self.member, self.position, self._known_until)

    def pass_by(self, entries: Iterable[LogEntry]) -> list[LogEntry]:
        """Go past the entries that come next and return those that the subscriber may see, up to their removal."""
        seen: list[LogEntry] = []
        for entry in entries:
            event = entry.event
            if event.sequence <= self.position:
                continue
            self.position = event.sequence
            if self._is_about_me(event) and not self._takes_role(event.payload["role"]):
                break
            if self._may_see(entry):
                seen.append(entry)
        return seen

    def _is_about_me(self, event: EventRow) -> bool:
        if event.kind is not EventKind.MEMBERSHIP_CHANGED or event.sequence <= self._known_until:
            return False
        return event.subject_id == self.member.user_id

    def _takes_role(self, role: str | None) -> bool:
        """Go by another role from here on; return whether they are a member at all."""
        if role is None:
            self.has_ended = True
            return False
        self.member = Member(self.member.user_id, self.member.organisation_id, MemberRole(role))
        return True

    def _may_see(self, entry: LogEntry) -> bool:
        event = entry.event
        return may_see_event(
            self.member,
            event.kind,
            owner_id=entry.owner_id,
            sender_id=event.sender_id,
            recipient_id=event.recipient_id,
        )


def are_for_everybody(entries: Sequence[LogEntry]) -> bool:
    """Return whether every member sees all these entries, and is after them what they were before."""
    return all(
        everybody_sees(entry.event.kind) and entry.event.kind is not EventKind.MEMBERSHIP_CHANGED for entry in entries
    )


async def begin_following(database: Database, viewer: Viewer, organisation_id: UUID, cursor: str | None) -> Follower:
    """Return a subscriber who begins after `cursor`, or now; those who come at the same moment are looked up together.

    Raises:
        DomainError: NOT_FOUND where the viewer is no member, or the cursor is of another organisation's log.
        CursorInvalid: Where the log does not know the cursor.
    """
    place = _parsed(cursor)
    found = await database.read_together(find_log_places, PlaceAsked(viewer.user_id, organisation_id, place))
    if found.role is None or found.head is None:
        raise not_found("organisation", "organisation_id")
    member = Member(viewer.user_id, organisation_id, found.role)
    if cursor is None:
        return Follower(member, found.head, found.head)
    if place is None or found.cursor_log is None:
        raise CursorInvalid
    if place.organisation_id != organisation_id:
        raise not_found("organisation", "after")
    if not (found.first_sequence or 1) - 1 <= place.sequence <= found.head or not place.is_after(found.event_id):
        raise CursorInvalid
    return Follower(member, place.sequence, found.head)


def _parsed(cursor: str | None) -> LogCursor | None:
    """Return a cursor's place; None where there is none, or the text is no cursor."""
    try:
        return None if cursor is None else LogCursor.parse(cursor)
    except CursorInvalid:
        return None


async def follow_events(database: Database, follower: Follower) -> AsyncGenerator[EventRow, None]:
    """Yield what the subscriber may see, for as long as they are a member.

    Raises:
        AccessEnded: At the viewer's removal.
    """
    following = follow(database, follower.member.organisation_id, follower.position)
    async with aclosing(following):
        async for entries in following:
            for entry in follower.pass_by(entries):
                yield entry.event
            if follower.has_ended:
                raise AccessEnded
