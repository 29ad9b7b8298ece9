"""What a subscriber hears: the entries of an organisation's log that they may see, each once and in order."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from uuid import UUID

from db.database import Database
from db.event_log import log_head
from db.follower import follow
from db.log_cursor import verified_sequence
from db.log_tables import EventRow
from domain.errors import AccessEnded
from domain.people import Member, Viewer, may_see_event
from domain.vocabulary import EventKind, MemberRole
from resolvers.access import require_member


@dataclass(frozen=True)
class Listening:
    """Where and as whom a subscriber begins to listen.

    Attributes:
        member: The viewer as a member of the organisation.
        after: The sequence after which they hear events.
        known_until: The head of the log when the membership was read: later entries may change it.
    """

    member: Member
    after: int
    known_until: int


async def begin_listening(database: Database, viewer: Viewer, organisation_id: UUID, cursor: str | None) -> Listening:
    """Return where a subscriber begins: after `cursor`, or from now.

    Raises:
        DomainError: NOT_FOUND.
        CursorInvalid: Where the log does not know the cursor.
    """
    async with database.read() as session:
        member = await require_member(session, viewer, organisation_id)
        head = await log_head(session, member.organisation_id)
        after = head
        if cursor is not None:
            after = await verified_sequence(session, member.organisation_id, cursor)
    return Listening(member, after, head)


async def follow_events(database: Database, listening: Listening) -> AsyncGenerator[EventRow, None]:
    """Yield what the subscriber may see from there on, for as long as they are a member.

    What they may see goes by their role now. From the place in the log where their role changes, it goes by the new
    one; where they are removed, it ends. Entries about the role that are older than what is known of it say nothing
    new.

    Raises:
        AccessEnded: At the viewer's removal.
    """
    member = listening.member
    async for batch in follow(database, member.organisation_id, listening.after):
        for entry in batch:
            event = entry.event
            if _is_about(event, member) and event.sequence > listening.known_until:
                role = event.payload["role"]
                if role is None:
                    raise AccessEnded
                member = Member(member.user_id, member.organisation_id, MemberRole(role))
            if may_see_event(
                member,
                event.kind,
                owner_id=entry.owner_id,
                sender_id=event.sender_id,
                recipient_id=event.recipient_id,
            ):
                yield event


def _is_about(event: EventRow, member: Member) -> bool:
    return event.kind is EventKind.MEMBERSHIP_CHANGED and event.subject_id == member.user_id
