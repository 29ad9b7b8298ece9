"""What the tests of importing share: rows, the use case as a viewer calls it, and the log told in short."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.database import Database
from db.log_tables import EventRow
from db.order_tables import OrderRow
from db.people_tables import MembershipRow, OrganisationRow, UserRow
from domain.people import Viewer
from domain.vocabulary import ErrorCode, EventKind, MemberRole
from resolvers.import_orders import ImportAnswer, OrderToImport, import_orders
from resolvers.import_platform_rows import PlatformAnswer, PlatformRow, import_platform_rows
from tests.world import FAMILY, World, row

CHANGED, IMPORTED = EventKind.ORDER_STATUS_CHANGED, EventKind.ORDER_IMPORTED
SHARED, JOINED = EventKind.SHARED_ORDER_CHANGED, EventKind.MEMBERSHIP_CHANGED

Refusal = tuple[ErrorCode, tuple[str, ...]]


class Entry(NamedTuple):
    """An entry of the log: `about` is the reference of the order or, where there is none, of the user."""

    kind: EventKind
    about: str
    version: int | None
    actor: str | None
    payload: dict[str, Any]


def order(reference: str = "O-owner", owner: str = "owner", **changes: Any) -> OrderToImport:
    """Return the order that the world's row of that reference is about, with other values."""
    return row(reference, owner, **changes).order


def named(platform_row: PlatformRow, **changes: Any) -> PlatformRow:
    """Return a row with other names or another role."""
    return replace(platform_row, **changes)


async def import_as(world: World, viewer: str | None, *orders: OrderToImport) -> ImportAnswer:
    """Import orders into the family as one of its users, or as the operator."""
    organisation_id = await organisation_uuid(world, FAMILY)
    actor = None if viewer is None else Viewer(await user_uuid(world, viewer))

    async def work(session: AsyncSession) -> ImportAnswer:
        return await import_orders(session, actor, organisation_id, orders)

    return await world.database.write(work)


async def import_rows(database: Database, *rows: PlatformRow) -> PlatformAnswer:
    """Import rows as the operator."""

    async def work(session: AsyncSession) -> PlatformAnswer:
        return await import_platform_rows(session, rows)

    return await database.write(work)


def counts(answer: ImportAnswer) -> tuple[int, int, int]:
    """Return how many orders are new, changed and as they were; nothing may have been refused."""
    assert answer.refusals == []
    return answer.imported, answer.updated, answer.unchanged


def refusals(answer: ImportAnswer) -> list[Refusal]:
    """Return the codes and paths of the rows that were refused."""
    return [(refusal.code, refusal.path) for refusal in answer.refusals]


async def organisation_uuid(world: World, reference: str) -> UUID:
    async with world.database.read() as session:
        statement = select(OrganisationRow.id).where(col(OrganisationRow.reference) == reference)
        return (await session.exec(statement)).one()


async def user_uuid(world: World, reference: str) -> UUID:
    async with world.database.read() as session:
        return (await session.exec(select(UserRow.id).where(col(UserRow.reference) == reference))).one()


async def log_of(database: Database, organisation: str = FAMILY) -> Sequence[Entry]:
    """Return an organisation's log; its sequence must be 1, 2, 3 and so on."""
    async with database.read() as session:
        users = dict((await session.exec(select(UserRow.id, UserRow.reference))).all())
        orders = dict((await session.exec(select(OrderRow.id, OrderRow.reference))).all())
        statement = (
            select(EventRow)
            .join(OrganisationRow, col(OrganisationRow.id) == col(EventRow.organisation_id))
            .where(col(OrganisationRow.reference) == organisation)
            .order_by(col(EventRow.sequence))
        )
        events = (await session.exec(statement)).all()
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    return [
        Entry(
            kind=event.kind,
            about=orders[event.order_id] if event.order_id else users[event.subject_id or event.organisation_id],
            version=event.order_version,
            actor=users[event.actor_id] if event.actor_id else None,
            payload=event.payload,
        )
        for event in events
    ]


async def members_of(database: Database, organisation: str = FAMILY) -> dict[str, MemberRole]:
    """Return the roles of an organisation's present members by their references."""
    async with database.read() as session:
        statement = (
            select(UserRow.reference, col(MembershipRow.role))
            .join(MembershipRow, col(MembershipRow.user_id) == col(UserRow.id))
            .join(OrganisationRow, col(OrganisationRow.id) == col(MembershipRow.organisation_id))
            .where(col(OrganisationRow.reference) == organisation, col(MembershipRow.removed_at).is_(None))
        )
        return dict((await session.exec(statement)).all())
