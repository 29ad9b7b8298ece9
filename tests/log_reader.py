"""An organisation's log as lines that a test can compare, and the proof that something has left no trace."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from sqlmodel import col, select

from db.database import Database
from db.log_tables import EventRow, StreamRow
from db.order_tables import OrderRow
from db.people_tables import OrganisationRow, UserRow
from domain.vocabulary import EventKind
from resolvers.verify_organisations import verify_organisations
from tests.world import FAMILY, World


async def told(world: World, after: int = 0, organisation: str = FAMILY) -> list[str]:
    """Return what the log tells after a sequence, a line for each event; it must run without a gap up to its head."""
    async with world.database.read() as session:
        of_reference = select(OrganisationRow.id).where(col(OrganisationRow.reference) == organisation)
        organisation_id = (await session.exec(of_reference)).one()
        in_order = select(EventRow).order_by(col(EventRow.sequence))
        following = in_order.where(col(EventRow.organisation_id) == organisation_id, col(EventRow.sequence) > after)
        events = (await session.exec(following)).all()
        end = (await session.get_one(StreamRow, organisation_id)).head
        orders = dict((await session.exec(select(OrderRow.id, OrderRow.reference))).all())
        people = dict((await session.exec(select(UserRow.id, UserRow.reference))).all())
    assert [event.sequence for event in events] == list(range(after + 1, end + 1))
    return [_line(event, orders, people) for event in events]


async def head(world: World, organisation: str = FAMILY) -> int:
    """Return how many events the log has."""
    return len(await told(world, organisation=organisation))


async def findings(database: Database) -> Sequence[str]:
    """Return what a recount of every organisation finds to be off."""
    async with database.read() as session:
        return await verify_organisations(session)


@asynccontextmanager
async def nothing_changes(world: World) -> AsyncIterator[None]:
    """Prove that what happens inside changes no row of any table."""
    before = await world.dump()
    yield
    assert await world.dump() == before


def _line(event: EventRow, orders: Mapping[UUID, str], people: Mapping[UUID, str]) -> str:
    actor = "nobody" if event.actor_id is None else people[event.actor_id]
    said = dict(event.payload)
    match event.kind:
        case EventKind.MEMBERSHIP_CHANGED:
            assert event.subject_id is not None
            line = f"{actor}: {people[event.subject_id]} is {said.pop('role')}"
        case EventKind.SHARE_POLICY_CHANGED:
            line = f"{actor}: {said.pop('previous_policy')} > {said.pop('policy')}"
        case _:
            line = f"{actor}: {_order(event, orders)} {_change(event, said, people)}"
    assert said == {}
    return line


def _order(event: EventRow, orders: Mapping[UUID, str]) -> str:
    assert event.order_id is not None
    return f"{orders[event.order_id]} v{event.order_version}"


def _change(event: EventRow, said: dict[str, object], people: Mapping[UUID, str]) -> str:
    if event.kind is EventKind.ORDER_IMPORTED:
        return "imported"
    change = f"{said.pop('previous_status')} > {said.pop('status')}"
    if event.kind is EventKind.SHARED_ORDER_CHANGED:
        assert event.shared_order_id is not None
        assert event.sender_id is not None
        assert event.recipient_id is not None
        return f"from {people[event.sender_id]} to {people[event.recipient_id]} {change}"
    reason = said.pop("reason")
    assert isinstance(reason, dict)
    assert reason.pop("actor_id") == (event.actor_id and str(event.actor_id))
    assert reason.pop("at") == event.occurred_at.isoformat()
    why = " ".join(str(reason.pop(name)) for name in ("cause", "action", "via"))
    assert reason == {}
    return f"{change} ({why})"
