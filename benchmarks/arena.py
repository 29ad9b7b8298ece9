"""Fresh orders and offers for every round of claims, in an organisation of their own, and a count of who got a seat."""

from dataclasses import dataclass
from uuid import UUID

from benchmarks.database import BenchmarkDatabase
from benchmarks.organisations import (
    EVENT,
    ORDER,
    SHARED,
    USER,
    Organisation,
    order_rows,
    organisation_rows,
    row_id,
    sql_id,
)

_ORGANISATION = Organisation(0x7FFF, 0)
_FIRST_GROUP = 0x8000
_RECIPIENTS = 1_999


@dataclass(frozen=True)
class Shape:
    """What is fought for.

    Attributes:
        name: What the tables call it.
        orders: Over how many orders the offers are dealt out in turn.
        seats: How many seats each order has.
        offers: How many offers there are; each is claimed once.
    """

    name: str
    orders: int
    seats: int
    offers: int


@dataclass(frozen=True)
class Arena:
    """The orders and offers of one turn.

    Attributes:
        group: Goes into the ids, so that each turn has rows of its own.
        shape: What is fought for.
    """

    group: int
    shape: Shape

    def offer_id(self, number: int) -> UUID:
        """Return the id of an offer."""
        return row_id(SHARED, self.group, number)

    def recipient(self, number: int) -> str:
        """Return the reference of the user that an offer is for."""
        return f"member-{1_000 + number % _RECIPIENTS}"

    async def claimed_by_order(self, database: BenchmarkDatabase) -> tuple[int, int]:
        """Return the fewest and the most claimed offers of an order, having compared them with the order's own count.

        Raises:
            RuntimeError: Where an order counts other than what is claimed.
        """
        counted = f"""
            SELECT o.shares_claimed AS counted, count(*) FILTER (WHERE s.status = 'CLAIMED') AS claimed
            FROM orders o JOIN shared_order s ON s.order_id = o.id
            WHERE o.id BETWEEN '{row_id(ORDER, self.group, 0)}' AND '{row_id(ORDER, self.group, self.shape.orders)}'
            GROUP BY o.id"""
        if await database.value(f"SELECT count(*) FROM ({counted}) AS c WHERE counted <> claimed"):
            raise RuntimeError("an order counts other than what is claimed of it")
        fewest = await database.value(f"SELECT min(claimed) FROM ({counted}) AS c")
        return fewest, await database.value(f"SELECT max(claimed) FROM ({counted}) AS c")


async def make_arena_organisation(database: BenchmarkDatabase) -> None:
    """Make the organisation that all arenas are in."""
    await database.execute(*organisation_rows(_ORGANISATION))


async def make_arena(database: BenchmarkDatabase, number: int, shape: Shape) -> Arena:
    """Make the orders and offers of a turn; `number` tells it from the others."""
    arena = Arena(_FIRST_GROUP + number, shape)
    of = _ORGANISATION.id
    described = f"""
        SELECT n, n * 7 AS place, 0 AS kind, timestamptz '2026-06-01Z' AS begins, timestamptz '2046-06-01Z' AS ends,
            {shape.seats} AS max_shares, 0 AS shares_claimed
        FROM generate_series(0, {shape.orders - 1}) AS n"""
    await database.execute(
        order_rows(of, arena.group, described),
        f"""
        INSERT INTO shared_order (
            id, organisation_id, order_id, sender_id, recipient_id, permission, status, opens_at, closes_at, created_at)
        SELECT {sql_id(SHARED, arena.group, "n")}, '{of}', {sql_id(ORDER, arena.group, f"n % {shape.orders}")},
            {sql_id(USER, 0, "0")}, {sql_id(USER, 0, f"1000 + n % {_RECIPIENTS}")}, 'VIEW', 'OFFERED', '2026-06-02Z',
            '2046-06-02Z', '2026-06-02Z'
        FROM generate_series(0, {shape.offers - 1}) AS n""",
        f"""
        WITH raised AS (
            UPDATE stream SET head = head + {shape.orders} WHERE organisation_id = '{of}' RETURNING head)
        INSERT INTO event (organisation_id, sequence, event_id, kind, order_id, order_version, payload, occurred_at)
        SELECT '{of}', head - {shape.orders} + 1 + n, {sql_id(EVENT, arena.group, "n")}, 'ORDER_IMPORTED',
            {sql_id(ORDER, arena.group, "n")}, 1, '{{}}', '2026-06-01Z'
        FROM raised, generate_series(0, {shape.orders - 1}) AS n""",
        "VACUUM (ANALYZE) orders, shared_order, stream, event",
        "CHECKPOINT",
    )
    return arena
