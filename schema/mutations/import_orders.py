"""Orders from the platform, through the API."""

from datetime import datetime
from typing import Annotated

import strawberry
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.people import Viewer
from domain.vocabulary import OrderStatus
from resolvers.import_orders import ImportAnswer, OrderToImport, import_orders
from schema.context import Info
from schema.global_id import decode_id
from schema.inputs import built_at_once
from schema.mutate import mutate
from schema.mutations.payloads import INPUT, idempotency_key, user_errors
from schema.user_errors import UserError


@built_at_once
@strawberry.input(description="An amount of money.")
class MoneyInput:
    """Minor units and their currency."""

    amount_minor: int = strawberry.field(description="The amount in the smallest unit: 1250 in `EUR` is 12.50 euros.")
    currency: str = strawberry.field(description="The ISO 4217 code, such as `EUR`.")


@built_at_once
@strawberry.input(description="An order, as the platform has it.")
class OrderImport:
    """One row of an import."""

    reference: str = strawberry.field(
        description="The order platform's key, unique in the organisation, of at most 200 characters."
    )
    owner_reference: str = strawberry.field(description="The `reference` of the member who owns it.")
    type: str = strawberry.field(description="The code of one of the organisation's `orderTypes`.")
    title: str = strawberry.field(description="What people call it, in at most 500 characters.")
    premium: MoneyInput = strawberry.field(description="What the cover costs.")
    status: OrderStatus = strawberry.field(description="Its status on the platform.")
    effective_at: datetime = strawberry.field(description="When the cover begins.")
    expires_at: datetime | None = strawberry.field(
        default=None, description="When the cover ends; null for one without end."
    )
    max_shares: int = strawberry.field(description="How many recipients may hold it at once, 0 to 10000.")

    def plain(self) -> OrderToImport:
        """Return the row as the use case takes it."""
        return OrderToImport(
            reference=self.reference,
            owner_reference=self.owner_reference,
            type=self.type,
            title=self.title,
            premium_minor=self.premium.amount_minor,
            currency=self.premium.currency,
            status=self.status,
            effective_at=self.effective_at,
            expires_at=self.expires_at,
            max_shares=self.max_shares,
        )


@strawberry.input(description="Orders from the platform.")
class ImportOrdersInput:
    """The import as clients give it."""

    organisation_id: strawberry.ID = strawberry.field(
        description="The id of the organisation; you must be one of its admins."
    )
    orders: list[OrderImport] = strawberry.field(
        description=(
            "At most 1000. An order that equals its last import changes nothing, whatever has happened to it "
            "here; of one that differs, what differs is applied. An invalid one is a user error with its "
            "index in `path`, and the others are imported."
        )
    )
    idempotency_key: str | None = idempotency_key()


@strawberry.type(description="What became of an import.")
class ImportOrdersPayload:
    """The payload."""

    imported: int = strawberry.field(default=0, description="How many orders are new.")
    updated: int = strawberry.field(default=0, description="How many known orders were changed.")
    unchanged: int = strawberry.field(default=0, description="How many known orders are as they were.")
    user_errors: list[UserError] = user_errors()


async def resolve_import_orders(info: Info, input: Annotated[ImportOrdersInput, INPUT]) -> ImportOrdersPayload:
    """Import orders."""
    organisation_id = decode_id("Organisation", input.organisation_id)
    rows = [order.plain() for order in input.orders]

    async def work(session: AsyncSession, viewer: Viewer) -> ImportAnswer:
        return await import_orders(session, viewer, organisation_id, rows)

    outcome = await mutate(info, input, ImportAnswer, work)
    if outcome.answer is None:
        return ImportOrdersPayload(user_errors=outcome.user_errors)
    return ImportOrdersPayload(
        imported=outcome.answer.imported,
        updated=outcome.answer.updated,
        unchanged=outcome.answer.unchanged,
        user_errors=outcome.user_errors,
    )
