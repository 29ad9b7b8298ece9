"""A crowd that claims, as the API hands its claims on: all that are given at once are one group."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from db.columns import new_id
from db.database import Database
from db.idempotency import KeyUse
from db.log_tables import IdempotencyKeyRow
from db.order_tables import OrderRow
from db.people_tables import UserRow
from db.plain_rows import PlainSharedOrder
from db.sharing_tables import SharedOrderRow
from domain.errors import DomainError
from domain.people import Viewer
from resolvers.claim_shared_order import ClaimAsked
from schema.global_id import decode_node_id
from schema.keys_once import Keyed
from schema.mutations.shared_order import CLAIMS
from tests.log_reader import told
from tests.world import World, row

CROWD = [f"person{number:02}" for number in range(40)]


@dataclass(frozen=True)
class Claimed:
    """A claim of the offer to `recipient`, or of nothing, by `viewer`."""

    viewer: str
    recipient: str | None
    key: str | None


class Stage:
    """A crowd, and orders that are offered to it."""

    def __init__(self, world: World, people: dict[str, UUID]) -> None:
        self.world = world
        self.people = people
        self.names = {user_id: name for name, user_id in people.items()}

    async def offers(self, order: str, seats: int, names: Sequence[str]) -> dict[str, str]:
        """Return the offers of a new order, by recipient."""
        await self.world.import_rows(row(order, "owner", max_shares=seats))
        return dict(zip(names, await self.world.share(*names, order=order), strict=True))

    def entry(self, claim: Claimed, offers: dict[str, str], order: str) -> Keyed[ClaimAsked]:
        """Return the claim as the API hands it on."""
        viewer = Viewer(self.people[claim.viewer])
        shared = new_id() if claim.recipient is None else decode_node_id(offers[claim.recipient])[1]
        use = None
        if claim.key is not None:
            use = KeyUse(viewer.user_id, f"{order} {claim.key}", "claimSharedOrder", f"{claim.recipient}")
        return Keyed(ClaimAsked(viewer, shared), use)

    async def claim(self, entry: Keyed[ClaimAsked], database: Database | None = None) -> Any:
        """Claim as the API does."""
        using = database or self.world.database
        return await CLAIMS.do(using, entry)

    def told(self, answer: Any) -> Any:
        """Return an answer without what differs between two orders that are alike."""
        if isinstance(answer, DomainError):
            facts = {name: value for name, value in asdict(answer).items() if name not in ("opens_at", "closes_at")}
            return type(answer), facts
        assert isinstance(answer, SharedOrderRow | PlainSharedOrder)
        return self.names[answer.recipient_id], answer.status, answer.claimed_at is not None

    async def outcome(self, order: str, since: int) -> Any:
        """Return all that has become of an order: itself, its offers, the kept answers, the log."""
        async with self.world.database.read() as session:
            [row] = (await session.exec(select(OrderRow).where(col(OrderRow.reference) == order))).all()
            of_order = select(SharedOrderRow).where(col(SharedOrderRow.order_id) == row.id)
            shares = (await session.exec(of_order.order_by(col(SharedOrderRow.id)))).all()
            mine = col(IdempotencyKeyRow.key).startswith(f"{order} ")
            kept = (await session.exec(select(IdempotencyKeyRow).where(mine))).all()
        keys = sorted((self.names[each.user_id], each.key.removeprefix(order), _gist(each.answer)) for each in kept)
        log = [line.replace(order, "ORDER") for line in await told(self.world, since)]
        offers = [(self.names[each.recipient_id], each.status, each.claimed_at is None) for each in shares]
        return row.status, row.version, row.shares_claimed, offers, keys, log


def _gist(kept: Any) -> tuple[bool, str]:
    return kept["refused"], kept["answer"]["code" if kept["refused"] else "status"]


async def crowded(world: World) -> Stage:
    """Return the world with the crowd in it."""
    await world.import_rows(*(row(f"O-{name}", name) for name in CROWD))
    async with world.database.read() as session:
        return Stage(world, dict((await session.exec(select(UserRow.reference, UserRow.id))).all()))
