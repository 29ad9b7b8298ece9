"""Who takes part in a soak: the organisation of the honest, and those of the attackers with much in them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from uuid import UUID

from sqlmodel import col, select

from db.database import Database
from db.log_cursor import LogCursor
from db.order_tables import OrderRow
from db.people_tables import OrganisationRow
from domain.vocabulary import MemberRole
from resolvers.import_order_types import import_order_types
from resolvers.import_platform_rows import PlatformRow, import_platform_rows
from schema.global_id import encode_id
from tests.chaos.cast import bearer
from tests.soak.target import ATTACKERS, Target, attacking_member
from tests.world import TYPES, row

HONEST = "honest"
ARCHIVE = "archive"
CATALOGUE = "catalogue"

MEMBERS = 50
"""Honest users; the first two of them are admins."""

_ADMINS = 2
_ORDERS = 100
_BATCH = 1_000


@dataclass(frozen=True)
class Stock:
    """How much is in the organisations of the attackers.

    Attributes:
        events: Events in the log of the archive.
        orders: Orders in the catalogue.
    """

    events: int
    orders: int


FULL = Stock(events=3_000, orders=10_000)


def honest_member(number: int) -> str:
    """Return the reference of an honest user."""
    return f"honest-{number % MEMBERS}"


async def populate(url: str, stock: Stock) -> None:
    """Fill the migrated database at `url`."""
    database = Database(url)
    try:
        await database.write(partial(import_order_types, types=TYPES))
        rows = _rows(stock)
        while batch := list(islice(rows, _BATCH)):
            answer = await database.write(partial(import_platform_rows, rows=batch))
            assert answer.orders.refusals == []
    finally:
        await database.close()


def _rows(stock: Stock) -> Iterator[PlatformRow]:
    for number in range(_ORDERS):
        role = MemberRole.ADMIN if number % MEMBERS < _ADMINS else MemberRole.MEMBER
        yield row(f"{HONEST}-{number}", honest_member(number), organisation=HONEST, role=role)
    for organisation, count in ((ARCHIVE, stock.events), (CATALOGUE, stock.orders)):
        for number in range(count):
            role = MemberRole.MEMBER if number % ATTACKERS else MemberRole.ADMIN
            yield row(f"{organisation}-{number}", attacking_member(number), organisation=organisation, role=role)


async def target(url: str, port: int, proxy_port: int) -> Target:
    """Return what attackers know of a server.

    Args:
        url: Its database.
        port: Where it serves.
        proxy_port: Where the proxy before it does.
    """
    database = Database(url)
    try:
        async with database.read() as session:
            found = await session.exec(select(OrganisationRow.reference, OrganisationRow.id))
            organisations: dict[str, UUID] = dict(found.all())
            references = [f"{ARCHIVE}-{number}" for number in range(ATTACKERS)]
            chosen = col(OrderRow.reference).in_(references)
            ids = dict((await session.exec(select(OrderRow.reference, OrderRow.id).where(chosen))).all())
    finally:
        await database.close()
    return Target(
        port=port,
        proxy_port=proxy_port,
        archive=encode_id("Organisation", organisations[ARCHIVE]),
        beginning=str(LogCursor.before_everything(organisations[ARCHIVE])),
        catalogue=encode_id("Organisation", organisations[CATALOGUE]),
        orders={
            attacking_member(number): encode_id("Order", ids[reference]) for number, reference in enumerate(references)
        },
        tokens={each: bearer(each) for each in map(attacking_member, range(ATTACKERS))},
    )
