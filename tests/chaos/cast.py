"""Who takes part in a run: organisations, one of them busy, their members and orders."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

import jwt

from db.database import Database
from domain.vocabulary import MemberRole, OrderStatus
from resolvers.import_order_types import OrderTypeToImport, import_order_types
from resolvers.import_orders import OrderToImport
from resolvers.import_platform_rows import PlatformRow, import_platform_rows
from tests.world import BEGAN, SECRET

ORDER_TYPE = "HOSPITAL"
_IMPORTED = BEGAN.isoformat()


@dataclass(frozen=True)
class Sizes:
    """How many members, of them admins, and orders an organisation has."""

    members: int
    admins: int
    orders: int


HOT = "hot"
ORGANISATIONS = {HOT: Sizes(12, 2, 30), "calm": Sizes(6, 1, 12), "quiet": Sizes(6, 1, 12)}


@dataclass(frozen=True)
class Person:
    """A member; `token` is what a header bears."""

    reference: str
    id: str
    is_admin: bool
    token: str


@dataclass
class KnownOrder:
    """An order as far as writers know it."""

    id: str
    owner: str
    status: str
    may_be_cancelled: bool = False


@dataclass
class Troupe:
    """One organisation and its people, as clients know them."""

    reference: str
    id: str
    beginning: str
    people: dict[str, Person]
    orders: dict[str, KnownOrder] = field(default_factory=dict)

    @property
    def admins(self) -> list[Person]:
        """Those who administer it."""
        return [person for person in self.people.values() if person.is_admin]


def bearer(reference: str) -> str:
    """Return the header of a user; it must hold where the clock is an hour off, so nothing says when it was made."""
    until = datetime.now(UTC) + timedelta(days=1)
    return "Bearer " + jwt.encode({"sub": reference, "exp": until}, SECRET, algorithm="HS256")


async def populate(url: str) -> None:
    """Make the organisations, their people and orders in the migrated database at `url`."""
    database = Database(url)
    try:
        await database.write(partial(import_order_types, types=[OrderTypeToImport(ORDER_TYPE, "Hospital cover", 10)]))
        answer = await database.write(partial(import_platform_rows, rows=_rows()))
        assert answer.orders.refusals == []
    finally:
        await database.close()


def _rows() -> list[PlatformRow]:
    return [_row(name, sizes, number) for name, sizes in ORGANISATIONS.items() for number in range(sizes.orders)]


def _row(organisation: str, sizes: Sizes, number: int) -> PlatformRow:
    member = number % sizes.members
    owner = f"{organisation}-{member}"
    role = MemberRole.ADMIN if member < sizes.admins else MemberRole.MEMBER
    order = OrderToImport(
        reference=f"{organisation}-O{number}",
        owner_reference=owner,
        type=ORDER_TYPE,
        title=f"Cover {number}",
        premium_minor=12_50,
        currency="EUR",
        status=OrderStatus.IN_FORCE,
        effective_at=BEGAN,
        expires_at=None,
        max_shares=1 + number % 3,
    )
    return PlatformRow(organisation, organisation.title(), owner.title(), role, order)
