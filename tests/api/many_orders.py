"""Hundreds of orders for lists to be sorted, filtered and paged: full of ties, gaps and odd words."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy

from domain.vocabulary import OrderStatus
from resolvers.import_order_types import OrderTypeToImport, import_order_types
from resolvers.import_platform_rows import PlatformRow
from tests.world import World, row

# CRITICAL and DENTAL have the same priority; TRAVEL comes before all that were there.
TYPES = (OrderTypeToImport("CRITICAL", "Critical illness", 20), OrderTypeToImport("TRAVEL", "Travel cover", 5))
CODES = ("HOSPITAL", "DENTAL", "CRITICAL", "TRAVEL")
OWNERS = ("admin", "owner", "sender", "recipient", "member", "äbtissin")
LATER = datetime(2500, 6, 1, tzinfo=UTC)
"""When covers end, some of them: so far off that no time passes for them here."""

ENDLESS = 1_000
"""No list of these tests has so many entries: whoever has read so many has read in circles."""

_MOMENTS = (
    datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2000, 2, 29, 12, tzinfo=UTC),
    datetime(2026, 1, 1, tzinfo=UTC),
    datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
    datetime(2026, 5, 4, 3, 2, 1, 500000, tzinfo=UTC),
)
_ENDS = (
    None,
    LATER - timedelta(days=1),
    LATER,
    LATER + timedelta(microseconds=1),
    LATER + timedelta(days=400),
    datetime(9999, 12, 31, tzinfo=UTC),
)


def many_orders(count: int, seed: int = 7) -> list[PlatformRow]:
    """Return rows of the family in an order that has nothing to do with any sort, among some of the strangers'."""
    choice = random.Random(seed)
    rows = []
    for number in range(count):
        reference, owner = f"M-{number:04}", choice.choice(OWNERS)
        said: dict[str, Any] = {
            "type": choice.choice(CODES),
            "title": f"{choice.choice(('Family', 'Größe', 'MÜLLER'))} {number}",
            "premium_minor": choice.choice((0, 1, 12_50, 2**31 - 1)),
            "currency": choice.choice(("EUR", "CHF")),
            "status": choice.choice(list(OrderStatus)),
            "effective_at": choice.choice(_MOMENTS),
            "expires_at": choice.choice(_ENDS),
            "max_shares": choice.choice((0, 1, 5)),
        }
        rows.append(row(reference, owner, **said))
        if number % 5 == 0:
            rows.append(row(f"S-{number:04}", "outsider", organisation="strangers", **said))
    return rows


async def fill(world: World, count: int) -> list[PlatformRow]:
    """Import many orders into the family, and some into another organisation; return the family's."""
    await world.database.write(lambda session: import_order_types(session, TYPES))
    rows = many_orders(count)
    await world.import_rows(*rows)
    return [made for made in rows if made.organisation == "family"]


async def by_hand(world: World, statement: str) -> list[tuple[Any, ...]]:
    """Return what a plain SQL statement answers."""
    async with world.database.engine.connect() as connection:
        return [tuple(found) for found in await connection.execute(sqlalchemy.text(statement))]


async def walk(world: World, viewer: str, fields: str, size: int = 100, **arguments: Any) -> list[dict[str, Any]]:
    """Return all orders of the family's list, page after page."""
    document = (
        "query($id: ID!, $where: OrderFilter, $by: OrderSort! = TYPE_PRIORITY, $first: Int, $after: String) {"
        " organisation(id: $id) { orders(where: $where, orderBy: $by, first: $first, after: $after) {"
        f" nodes {{ {fields} }} pageInfo {{ hasNextPage endCursor }} }} }} }}"
    )
    given = {"id": await world.organisation_id(), "first": size, **arguments}
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = (await world.ask(viewer, document, **given, after=cursor))["organisation"]["orders"]
        found += page["nodes"]
        assert len(found) < ENDLESS
        if not page["pageInfo"]["hasNextPage"]:
            return found
        cursor = page["pageInfo"]["endCursor"]
