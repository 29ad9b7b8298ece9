"""Organisations of any size, made by SQL in seconds and within every constraint; `python -m app verify` agrees.

Everything about an order follows from its place in the list, so that each page of 50 holds 80 shared orders. Orders
are stored in another order than they are listed in, as those of a real organisation are.
"""

from dataclasses import dataclass
from uuid import UUID

from benchmarks.database import BenchmarkDatabase

MEMBERS = 3_000
"""How many users there are; each is a member of every organisation, the first an administrator."""

ADMINISTRATOR = "member-0"
"""The reference of the user who reads: an administrator sees every shared order, and so does a peer without rules."""

_TYPES = ("HOSPITAL", "DENTAL", "TRAVEL", "HOUSEHOLD", "LIFE")
# A factor that shares no divisor with the sizes: it deals the places in the list out to the stored rows.
_STRIDE = 7_919


@dataclass(frozen=True)
class Organisation:
    """An organisation to make.

    Attributes:
        number: Tells it from the others.
        orders: How many it has.
    """

    number: int
    orders: int

    @property
    def id(self) -> UUID:
        """Its id in the database."""
        return row_id(0xA0, self.number, 0)


def row_id(kind: int, group: int, number: int) -> UUID:
    """Return the id of a row: a UUID of version 7 whose last digits count."""
    return UUID(f"{kind:04x}{group:04x}-0000-7000-8000-{number:012x}")


def sql_id(kind: int, group: int, number: str) -> str:
    """Return the same as SQL, where `number` is an expression."""
    prefix = f"{kind:04x}{group:04x}-0000-7000-8000-"
    return f"('{prefix}' || lpad(to_hex({number}), 12, '0'))::uuid"


USER, ORDER, EVENT, SHARED = 0xB0, 0xC0, 0xD0, 0xE0

_PEOPLE = f"""
INSERT INTO app_user (id, reference, name, search_name, search_reference, created_at)
SELECT {sql_id(USER, 0, "n")}, 'member-' || n, 'Member ' || n, 'member ' || n, 'member-' || n, '2026-01-01Z'
FROM generate_series(0, {MEMBERS - 1}) AS n
"""


def _types() -> str:
    rows = (f"('{code}', '{code.title()} cover', {10 * place})" for place, code in enumerate(_TYPES, start=1))
    return f"INSERT INTO order_type (code, name, priority) VALUES {', '.join(rows)}"


def organisation_rows(organisation: Organisation) -> list[str]:
    """Return the statements that make an organisation, its members and the head of its log."""
    number, of = organisation.number, f"'{organisation.id}'"
    return [
        f"""INSERT INTO organisation (id, reference, name, share_policy, created_at)
        VALUES ({of}, 'organisation-{number}', 'Organisation {number}', 'ANY_MEMBER', '2026-01-01Z')""",
        f"""INSERT INTO membership (organisation_id, user_id, role, joined_at)
        SELECT {of}, id, CASE reference WHEN '{ADMINISTRATOR}' THEN 'ADMIN' ELSE 'MEMBER' END, '2026-01-01Z'
        FROM app_user""",
        f"INSERT INTO stream (organisation_id, head, first_sequence) VALUES ({of}, {organisation.orders}, 1)",
    ]


def order_rows(organisation_id: UUID, group: int, described: str) -> str:
    """Return the statement that makes orders.

    Args:
        organisation_id: Whose they are.
        group: Goes into their ids.
        described: A query of what differs: n, place, kind, begins, ends, max_shares and shares_claimed.
    """
    codes = ", ".join(f"'{code}'" for code in _TYPES)
    return f"""
INSERT INTO orders (
    id, organisation_id, owner_id, reference, type_code, type_priority, title, premium_minor, currency,
    effective_at, expires_at, created_at, updated_at, status, max_shares, shares_claimed, version,
    reason_cause, reason_at, newest_first, expires_last, search_title, search_reference)
SELECT
    {sql_id(ORDER, group, "n")}, '{organisation_id}', {sql_id(USER, 0, "1 + place * 37 % 999")},
    'PO-{group}-' || place, (ARRAY[{codes}])[1 + kind], 10 * (1 + kind), 'Cover number ' || place, 900 + place % 9000,
    'EUR', begins, ends, begins, begins, CASE WHEN place % 7 = 3 THEN 'LOSS_REPORTED' ELSE 'IN_FORCE' END,
    max_shares, shares_claimed, 1, 'IMPORTED', begins,
    -extract(epoch FROM begins)::bigint * 1000000, extract(epoch FROM ends)::bigint * 1000000,
    'cover number ' || place, 'po-{group}-' || place
FROM ({described}) AS described
"""


def _described(size: int) -> str:
    return f"""
SELECT n, place, (place * {len(_TYPES)} / {size})::int AS kind,
    timestamptz '2026-06-01Z' - place * interval '1 second' AS begins,
    timestamptz '2046-06-01Z' + place * interval '1 second' AS ends,
    3 AS max_shares, CASE place % 5 WHEN 0 THEN 2 WHEN 2 THEN 1 ELSE 0 END AS shares_claimed
FROM (SELECT n, n::bigint * {_STRIDE} % {size} AS place FROM generate_series(0, {size - 1}) AS n) AS dealt
"""


def _shared_order_rows(organisation: Organisation) -> str:
    # For each five places in the list 3, 0, 2, 1 and 2 shared orders, of which 2, 0, 1, 0 and 0 are claimed.
    return f"""
INSERT INTO shared_order (
    id, organisation_id, order_id, sender_id, recipient_id, permission, status, opens_at, closes_at, claimed_at,
    created_at)
SELECT
    {sql_id(SHARED, organisation.number, "n * 4 + share")}, organisation_id, id, owner_id,
    {sql_id(USER, 0, "1000 + (n * 3 + share) % 1000")}, CASE share WHEN 1 THEN 'PROCESS' ELSE 'VIEW' END,
    CASE WHEN share < shares_claimed THEN 'CLAIMED' ELSE 'OFFERED' END, '2026-06-02Z', '2046-06-02Z',
    CASE WHEN share < shares_claimed THEN timestamptz '2026-06-03Z' END, '2026-06-02Z'
FROM generate_series(0, {organisation.orders - 1}) AS n
JOIN orders ON orders.id = {sql_id(ORDER, organisation.number, "n")}
CROSS JOIN generate_series(0, 2) AS share
WHERE share < (ARRAY[3, 0, 2, 1, 2])[1 + n::bigint * {_STRIDE} % {organisation.orders} % 5]
"""


def _event_rows(organisation: Organisation) -> str:
    return f"""
INSERT INTO event (organisation_id, sequence, event_id, kind, order_id, order_version, payload, occurred_at)
SELECT '{organisation.id}', n + 1, {sql_id(EVENT, organisation.number, "n")}, 'ORDER_IMPORTED',
    {sql_id(ORDER, organisation.number, "n")}, 1, '{{}}', '2026-06-01Z'
FROM generate_series(0, {organisation.orders - 1}) AS n
"""


async def make_people(database: BenchmarkDatabase) -> None:
    """Make the users and the order types."""
    await database.execute(_PEOPLE, _types())


async def make_organisation(database: BenchmarkDatabase, organisation: Organisation) -> None:
    """Make an organisation with its orders, their shared orders and its log."""
    await database.execute(
        *organisation_rows(organisation),
        order_rows(organisation.id, organisation.number, _described(organisation.orders)),
        _shared_order_rows(organisation),
        _event_rows(organisation),
    )


async def settle(database: BenchmarkDatabase) -> None:
    """Do now what PostgreSQL would do sooner or later, so that it does not fall into somebody's round."""
    await database.execute("VACUUM (ANALYZE)", "CHECKPOINT")
