"""Loads the demonstration, and lets its people share, claim and process through the real use cases.

All of it is one transaction: a load that is cut off leaves nothing, and the next start loads it. It appends to the logs
more than once; nobody else knows these organisations yet, so nobody waits for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.demonstration_orders import (
    AMARA,
    DIEGO,
    FAMILY,
    FANG,
    FUND,
    GUODONG,
    JUN,
    KWAME,
    MEI,
    PRIYA,
    SOFIA,
    TOMAS,
    TYPES,
    WEI,
    XIAOYU,
    Person,
    demonstration_rows,
)
from db.database import present
from db.order_tables import OrderRow, OrderTypeRow
from db.people_tables import MembershipRow, OrganisationRow, UserRow
from db.sharing_tables import SharedOrderRow
from domain.people import Viewer
from domain.vocabulary import MemberRole, OrderAction, SharePermission, SharePolicy
from resolvers.claim_shared_order import claim_shared_order
from resolvers.end_shared_order import decline_shared_order, release_shared_order, revoke_shared_order
from resolvers.import_order_types import import_order_types
from resolvers.import_platform_rows import import_platform_rows
from resolvers.process_order import Result, process_order, process_shared_order
from resolvers.set_share_policy import set_share_policy
from resolvers.share_order import Instruction, share_order

OFFERED_ORDER = "LIN-101"
"""The order that `MEI` offers to `WEI`, who may claim it for a year."""

_LONG = timedelta(days=365)


@dataclass(frozen=True)
class Player:
    """A member of the family."""

    id: UUID
    reference: str
    name: str
    role: MemberRole


@dataclass(frozen=True)
class Scene:
    """What there is to try things out with.

    Attributes:
        organisation_id: The family, whose log tells of it.
        shared_order_id: The offer that waits for the second terminal.
        people: The members of the family; the admin, who is the first terminal, comes first, the second one next.
        orders: The family's orders, by their references.
    """

    organisation_id: UUID
    shared_order_id: UUID
    people: Sequence[Player]
    orders: Mapping[str, UUID]


async def load_demonstration(session: AsyncSession) -> Scene:
    """Load the demonstration unless it is there, and return what to try things out with.

    Kinds of cover that the database knows already stay as they are: they are everybody's.
    """
    there = select(OrganisationRow.id).where(col(OrganisationRow.reference) == FAMILY.reference)
    if (await session.exec(there)).first() is None:
        now = await present(session)
        known = set(await session.exec(select(OrderTypeRow.code)))
        await import_order_types(session, [each for each in TYPES if each.code not in known])
        answer = await import_platform_rows(session, list(demonstration_rows(now)))
        for refusal in answer.orders.refusals:
            raise refusal
        cast = await Cast.find(session, now)
        await _family_life(cast)
        await _fund_life(cast)
    organisation_id, shared_order_id = await _waiting_offer(session)
    people = await _family(session, organisation_id)
    orders = select(OrderRow.reference, OrderRow.id).where(col(OrderRow.organisation_id) == organisation_id)
    return Scene(organisation_id, shared_order_id, people, dict((await session.exec(orders)).all()))


async def _family(session: AsyncSession, organisation_id: UUID) -> list[Player]:
    members = (
        select(UserRow.id, UserRow.reference, UserRow.name, MembershipRow.role)
        .join(MembershipRow, col(MembershipRow.user_id) == col(UserRow.id))
        .where(col(MembershipRow.organisation_id) == organisation_id, col(MembershipRow.removed_at).is_(None))
        .order_by(col(UserRow.id))
    )
    terminals = [MEI.reference, WEI.reference]
    found = (await session.exec(members)).all()
    people = [Player(user_id, reference, name, MemberRole(role)) for user_id, reference, name, role in found]
    return sorted(people, key=lambda each: terminals.index(each.reference) if each.reference in terminals else 2)


async def _waiting_offer(session: AsyncSession) -> tuple[UUID, UUID]:
    """Return the family, and the offer to `WEI`."""
    offers = (
        select(OrganisationRow.id, SharedOrderRow.id)
        .join(SharedOrderRow, col(SharedOrderRow.organisation_id) == col(OrganisationRow.id))
        .join(OrderRow, col(OrderRow.id) == col(SharedOrderRow.order_id))
        .join(UserRow, col(UserRow.id) == col(SharedOrderRow.recipient_id))
        .where(
            col(OrganisationRow.reference) == FAMILY.reference,
            col(OrderRow.reference) == OFFERED_ORDER,
            col(UserRow.reference) == WEI.reference,
        )
        # The newest: an offer that has ended may have been made again.
        .order_by(col(SharedOrderRow.id).desc())
        .limit(1)
    )
    return (await session.exec(offers)).one()


@dataclass(frozen=True)
class Cast:
    """The people of the demonstration at work on its orders.

    Attributes:
        session: The transaction.
        now: When it is loaded.
        viewers: The people, by their references.
        orders: The ids of the orders, by their references.
        organisations: The ids of the organisations, by their references.
    """

    session: AsyncSession
    now: datetime
    viewers: dict[str, Viewer]
    orders: dict[str, UUID]
    organisations: dict[str, UUID]

    @classmethod
    async def find(cls, session: AsyncSession, now: datetime) -> "Cast":
        """Look up everybody and everything that was imported."""
        groups = select(OrganisationRow.reference, OrganisationRow.id).where(
            col(OrganisationRow.reference).in_([FAMILY.reference, FUND.reference])
        )
        organisations = dict((await session.exec(groups)).all())
        members = select(MembershipRow.user_id).where(col(MembershipRow.organisation_id).in_(organisations.values()))
        users = await session.exec(select(UserRow.reference, UserRow.id).where(col(UserRow.id).in_(members)))
        orders = select(OrderRow.reference, OrderRow.id).where(
            col(OrderRow.organisation_id).in_(organisations.values())
        )
        return cls(
            session,
            now,
            {reference: Viewer(user_id) for reference, user_id in users},
            dict((await session.exec(orders)).all()),
            organisations,
        )

    def viewer(self, person: Person) -> Viewer:
        """Return somebody as a viewer."""
        return self.viewers[person.reference]

    async def offer(
        self,
        sender: Person,
        order: str,
        recipients: Sequence[Person],
        permission: SharePermission = SharePermission.VIEW,
        message: str | None = None,
        opens_in: timedelta = timedelta(),
    ) -> list[UUID]:
        """Share an order, and return the ids of the shared orders in the order of the recipients."""
        opens_at = self.now + opens_in
        instruction = Instruction(
            order_id=self.orders[order],
            recipient_ids=[self.viewer(recipient).user_id for recipient in recipients],
            permission=permission,
            opens_at=opens_at,
            closes_at=opens_at + _LONG,
            message=message,
        )
        answer = await share_order(self.session, self.viewer(sender), instruction)
        for refusal in answer.refusals:
            raise refusal
        return [shared.id for shared in answer.shared_orders]

    async def claim(self, recipient: Person, shared_order_id: UUID) -> None:
        """Let the recipient claim an offer."""
        await claim_shared_order(self.session, self.viewer(recipient), shared_order_id)


async def _family_life(cast: Cast) -> None:
    await cast.offer(GUODONG, "LIN-402", [WEI, MEI], message="下周起可以领取。", opens_in=timedelta(days=3))
    to_jun, _ = await cast.offer(FANG, "LIN-303", [JUN, WEI], message="Only one of you gets the car.")
    await cast.claim(JUN, to_jun)
    [to_wei] = await cast.offer(XIAOYU, "LIN-602", [WEI])
    await cast.claim(WEI, to_wei)
    [to_fang] = await cast.offer(JUN, "LIN-502", [FANG], SharePermission.PROCESS)
    await cast.claim(FANG, to_fang)
    loss = Result(OrderAction.REPORT_LOSS, note="Broken wrist at the away game.")
    await process_shared_order(cast.session, cast.viewer(FANG), to_fang, loss)
    [to_mei] = await cast.offer(GUODONG, "LIN-403", [MEI])
    await decline_shared_order(cast.session, cast.viewer(MEI), to_mei)
    # The last: the newest offer is the first that a terminal shows, and this one can be claimed at once.
    await cast.offer(
        MEI,
        OFFERED_ORDER,
        [WEI, FANG],
        SharePermission.PROCESS,
        "出差期间请帮忙处理理赔。Please handle it while I am away.",
    )


async def _fund_life(cast: Cast) -> None:
    session, amara = cast.session, cast.viewer(AMARA)
    await set_share_policy(session, amara, cast.organisations[FUND.reference], SharePolicy.OWNER_AND_ADMINS)
    to_priya, _ = await cast.offer(AMARA, "HSF-012", [PRIYA, SOFIA], SharePermission.PROCESS)
    await cast.claim(PRIYA, to_priya)
    terms = Result(OrderAction.ENDORSE, note="Second director added.")
    await process_shared_order(session, cast.viewer(PRIYA), to_priya, terms)
    [to_diego] = await cast.offer(TOMAS, "HSF-022", [DIEGO])
    await cast.claim(DIEGO, to_diego)
    await release_shared_order(session, cast.viewer(DIEGO), to_diego)
    [to_kwame] = await cast.offer(SOFIA, "HSF-053", [KWAME])
    await revoke_shared_order(session, cast.viewer(SOFIA), to_kwame)
    pause = Result(OrderAction.SUSPEND, note="In the workshop until spring.")
    await process_order(session, cast.viewer(WEI), cast.orders["HSF-073"], pause)
