"""Importing rows of the platform's file: orders, and with them the organisations and members they name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlmodel.ext.asyncio.session import AsyncSession

from domain.errors import DomainError
from domain.importing import require_name, require_reference
from domain.vocabulary import MemberRole
from resolvers.import_members import Enrolment
from resolvers.import_orders import ImportAnswer, OrderToImport, in_order
from resolvers.incoming_rows import IncomingRow, Outcome, PeopleSaid
from resolvers.order_intake import take_in


@dataclass(frozen=True)
class PlatformRow:
    """One row of the platform's file.

    Attributes:
        organisation: The organisation's reference.
        organisation_name: What it is called.
        member_name: What the order's owner is called.
        role: The owner's role in the organisation; None keeps it, and is MEMBER for a new member.
        order: The order.
    """

    organisation: str
    organisation_name: str
    member_name: str
    role: MemberRole | None
    order: OrderToImport

    def require_sound(self) -> None:
        """Refuse references, names and instants that nothing can have.

        Raises:
            DomainError: INVALID_INPUT.
        """
        require_reference(self.organisation, "organisation")
        require_name(self.organisation_name, "organisation_name")
        require_name(self.member_name, "member_name")
        self.order.require_sound()


@dataclass(frozen=True)
class PlatformAnswer:
    """What became of the rows: of the orders, of the organisations, and of the members.

    Attributes:
        orders: What became of each row's order.
        organisations_imported: How many organisations are new.
        organisations_updated: How many have another name.
        members_imported: How many memberships are new, or hold again.
        members_updated: How many members have another role or name.
    """

    orders: ImportAnswer = field(default_factory=ImportAnswer)
    organisations_imported: int = 0
    organisations_updated: int = 0
    members_imported: int = 0
    members_updated: int = 0


async def import_platform_rows(session: AsyncSession, rows: Sequence[PlatformRow]) -> PlatformAnswer:
    """Import rows for the operator: whoever a row names is made a member where they are not one.

    A row equal to the one imported last changes nothing, neither the order nor its people. Of any other, only what
    differs from that one is applied. A row that is refused makes nobody and changes nothing.

    Args:
        session: The transaction.
        rows: Rows of any organisations; a later row about the same order applies after the earlier one.
    """
    refusals: dict[int, DomainError] = {}
    sound: dict[int, PlatformRow] = {}
    for position, row in enumerate(rows):
        try:
            row.require_sound()
        except DomainError as refusal:
            refusals[position] = refusal
        else:
            sound[position] = row
    enrolment = Enrolment()
    await enrolment.find(
        session,
        {row.organisation for row in sound.values()},
        {row.order.owner_reference for row in sound.values()},
    )
    intake = await take_in(session, _incoming(sound, enrolment), enrolment, None)
    return PlatformAnswer(
        orders=ImportAnswer(
            imported=intake.count(Outcome.IMPORTED),
            updated=intake.count(Outcome.UPDATED),
            unchanged=intake.count(Outcome.UNCHANGED),
            refusals=in_order(refusals | intake.refusals),
        ),
        organisations_imported=enrolment.organisations_made,
        organisations_updated=enrolment.organisations_renamed,
        members_imported=len(enrolment.joined),
        members_updated=len(enrolment.changed - enrolment.joined),
    )


def _incoming(rows: Mapping[int, PlatformRow], enrolment: Enrolment) -> dict[int, IncomingRow]:
    return {
        position: IncomingRow(
            organisation_id=enrolment.organisation_id(row.organisation),
            reference=row.order.reference,
            order=row.order.owned_by(enrolment.user_id(row.order.owner_reference)),
            people=PeopleSaid(row.organisation_name, row.member_name, row.role),
        )
        for position, row in rows.items()
    }
