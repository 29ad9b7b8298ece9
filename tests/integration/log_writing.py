"""Writing to a log without a use case: what the tests of the log and of its followers share."""

from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from db.database import Database
from db.event_log import append
from db.log_tables import StreamRow
from db.new_events import NewEvent
from db.people_tables import OrganisationRow
from domain.vocabulary import EventKind


async def new_organisation(database: Database, reference: str = "family") -> UUID:
    """Make an organisation whose log is empty."""
    organisation = OrganisationRow(reference=reference, name=reference, created_at=datetime.now(UTC))

    async def make(session: AsyncSession) -> None:
        session.add(organisation)
        await session.flush()
        session.add(StreamRow(organisation_id=organisation.id))

    await database.write(make)
    return organisation.id


def new_event(organisation_id: UUID) -> NewEvent:
    """Return an entry for the organisation's log."""
    return NewEvent(
        organisation_id=organisation_id,
        kind=EventKind.SHARE_POLICY_CHANGED,
        actor_id=None,
        payload={"previous_policy": "ANY_MEMBER", "policy": "OWNER_AND_ADMINS"},
        occurred_at=datetime.now(UTC),
    )


async def write(database: Database, organisation_id: UUID, count: int = 1) -> list[UUID]:
    """Append events in one transaction, and return their ids."""
    events = [new_event(organisation_id) for _ in range(count)]
    await database.write(partial(_append, organisation_id, events))
    return [event.event_id for event in events]


async def _append(organisation_id: UUID, events: list[NewEvent], session: AsyncSession) -> None:
    await append(session, organisation_id, events)
