"""Importing orders into one organisation: their owners are members already."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.new_events import NewEvent
from db.people_tables import OrganisationRow, UserRow
from domain.errors import DomainError, invalid_input
from domain.importing import MAX_IMPORT_ROWS, ImportedOrder, require_reference
from domain.people import Viewer, not_a_member, require_admin
from domain.vocabulary import OrderStatus
from resolvers.access import lock_member, lock_memberships, lock_organisation
from resolvers.incoming_rows import IncomingRow, Judgement, Outcome
from resolvers.order_intake import take_in


@dataclass(frozen=True)
class OrderToImport:
    """One order, as the platform has it.

    Attributes:
        reference: The order's reference, unique in its organisation.
        owner_reference: The reference of the user who owns it.
        type: The code of an order type.
        title: What people call it.
        premium_minor: The premium in minor units of `currency`.
        currency: An ISO 4217 code.
        status: Its status on the platform.
        effective_at: When the cover begins, with zone.
        expires_at: When it ends, with zone; None for a cover without end.
        max_shares: How many recipients may hold it at once.
    """

    reference: str
    owner_reference: str
    type: str
    title: str
    premium_minor: int
    currency: str
    status: OrderStatus
    effective_at: datetime
    expires_at: datetime | None
    max_shares: int

    def require_sound(self) -> None:
        """Refuse references and instants that the database could not even be asked about.

        Raises:
            DomainError: INVALID_INPUT.
        """
        require_reference(self.reference, "reference")
        require_reference(self.owner_reference, "owner_reference")
        _require_representable(self.effective_at, "effective_at")
        if self.expires_at is not None:
            _require_representable(self.expires_at, "expires_at")

    def owned_by(self, owner_id: UUID) -> ImportedOrder:
        """Return the row with its owner found."""
        return ImportedOrder(
            owner_id=owner_id,
            type_code=self.type,
            title=self.title,
            premium_minor=self.premium_minor,
            currency=self.currency,
            status=self.status,
            effective_at=self.effective_at,
            expires_at=self.expires_at,
            max_shares=self.max_shares,
        )


def _require_representable(instant: datetime, name: str) -> None:
    try:
        instant.astimezone(UTC)
    except OverflowError:
        raise invalid_input("This instant is outside the years 1 to 9999 in UTC.", name) from None


@dataclass(frozen=True)
class ImportAnswer:
    """How many orders are new, changed and as they were, and why the other rows were refused.

    The path of a refusal begins with "orders" and the row's position.
    """

    imported: int = 0
    updated: int = 0
    unchanged: int = 0
    refusals: list[DomainError] = field(default_factory=list)


async def import_orders(
    session: AsyncSession, actor: Viewer | None, organisation_id: UUID, rows: Sequence[OrderToImport]
) -> ImportAnswer:
    """Import orders of members: the rows that can hold are taken in, each other one is refused by its position.

    A row equal to the one imported last changes nothing; of any other, only what differs from that one is applied, so
    the platform never undoes a result.

    Args:
        session: The transaction.
        actor: An admin of the organisation; None for the operator, who may import anywhere.
        organisation_id: Whose orders.
        rows: The orders; a later row about the same order applies after the earlier one.

    Raises:
        DomainError: NOT_FOUND or FORBIDDEN; INVALID_INPUT for too many rows.
    """
    if len(rows) > MAX_IMPORT_ROWS:
        raise invalid_input(f"At most {MAX_IMPORT_ROWS} orders at once.", "orders")
    if actor is not None:
        # Imports into one organisation take turns: two of them could make the same order otherwise.
        await lock_organisation(session, actor, organisation_id)
        require_admin(await lock_member(session, actor, organisation_id))
    refusals: dict[int, DomainError] = {}
    sound = await _sound_rows(session, organisation_id, rows, refusals)
    actor_id = None if actor is None else actor.user_id
    intake = await take_in(session, sound, _OwnersWhoAreMembers(organisation_id), actor_id)
    return ImportAnswer(
        imported=intake.count(Outcome.IMPORTED),
        updated=intake.count(Outcome.UPDATED),
        unchanged=intake.count(Outcome.UNCHANGED),
        refusals=in_order(refusals | intake.refusals),
    )


def in_order(refusals: Mapping[int, DomainError]) -> list[DomainError]:
    """Return refusals by the positions of their rows, each with its position in its path."""
    return [refusals[position].at("orders", position, *refusals[position].path) for position in sorted(refusals)]


async def _sound_rows(
    session: AsyncSession,
    organisation_id: UUID,
    rows: Sequence[OrderToImport],
    refusals: dict[int, DomainError],
) -> dict[int, IncomingRow]:
    """Return the rows with their owners found, by position; note why the others are refused."""
    sound: dict[int, OrderToImport] = {}
    for position, row in enumerate(rows):
        try:
            row.require_sound()
        except DomainError as refusal:
            refusals[position] = refusal
        else:
            sound[position] = row
    users = select(UserRow.reference, UserRow.id).where(
        col(UserRow.reference).in_({row.owner_reference for row in sound.values()})
    )
    user_ids = dict((await session.exec(users)).all())
    found: dict[int, IncomingRow] = {}
    for position, row in sound.items():
        if row.owner_reference in user_ids:
            order = row.owned_by(user_ids[row.owner_reference])
            found[position] = IncomingRow(organisation_id, row.reference, order)
        else:
            refusals[position] = not_a_member("owner_reference")
    return found


class _OwnersWhoAreMembers:
    """Owners must be members already."""

    def __init__(self, organisation_id: UUID) -> None:
        self._organisation_id = organisation_id
        self._members: Collection[UUID] = ()

    async def lock(self, session: AsyncSession, rows: Collection[IncomingRow]) -> None:
        # Imports into one organisation take turns: two of them could make the same order otherwise.
        turn = select(OrganisationRow.id).where(col(OrganisationRow.id) == self._organisation_id)
        await session.exec(turn.with_for_update(key_share=True))
        owner_ids = {row.order.owner_id for row in rows}
        self._members = await lock_memberships(session, self._organisation_id, owner_ids)

    def admit(self, judgement: Judgement, at: datetime) -> None:  # noqa: ARG002 - what the protocol says
        # The owner of an order that is here already may have been removed since; that is no reason to refuse news.
        if judgement.says("owner_id") and judgement.row.order.owner_id not in self._members:
            raise not_a_member("owner_reference")

    async def write(self, session: AsyncSession, at: datetime) -> list[NewEvent]:  # noqa: ARG002 - as above
        return []
