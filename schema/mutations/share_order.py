"""The instruction to share an order."""

from datetime import datetime
from typing import Annotated

import strawberry

from domain.vocabulary import SharePermission
from resolvers.share_order import Instruction, ShareAnswer, share_order
from schema.context import Info
from schema.global_id import decode_id
from schema.mutate import mutate
from schema.mutations.payloads import INPUT, idempotency_key, user_errors
from schema.types.order import Order
from schema.types.shared_order import SharedOrder
from schema.user_errors import UserError


@strawberry.input(description="When an offer can be claimed.")
class ClaimWindowInput:
    """The window as clients give it."""

    opens_at: datetime | None = strawberry.field(
        default=None, description="When claiming begins; at once where not given."
    )
    closes_at: datetime | None = strawberry.field(
        default=None,
        description="When claiming ends, after `opensAt` and in the future; 7 days after `opensAt` where not given.",
    )


@strawberry.input(description="An instruction to share an order.")
class ShareOrderInput:
    """The instruction as clients give it."""

    order_id: strawberry.ID = strawberry.field(description="The order to share.")
    recipient_ids: list[strawberry.ID] = strawberry.field(
        description=(
            "The user ids of 1 to 100 members of the organisation. They may be more than `maxShares`: the "
            "first to claim get the seats."
        )
    )
    permission: SharePermission = strawberry.field(
        default=SharePermission.VIEW,
        description=(
            "What a recipient may do once they have claimed. Only those who may process the order can grant PROCESS."
        ),
    )
    claim_window: ClaimWindowInput | None = strawberry.field(
        default=None, description="When the offers can be claimed; from now on, for 7 days, where not given."
    )
    message: str | None = strawberry.field(
        default=None, description="A message to the recipients, of at most 1000 characters."
    )
    idempotency_key: str | None = idempotency_key()


@strawberry.type(description="What became of an instruction to share.")
class ShareOrderPayload:
    """The payload."""

    order: Order | None = strawberry.field(default=None, description="The order; null where nobody was offered it.")
    shared_orders: list[SharedOrder] = strawberry.field(
        default_factory=list, description="The offers, one for each recipient who was not refused."
    )
    user_errors: list[UserError] = user_errors()


async def resolve_share_order(info: Info, input: Annotated[ShareOrderInput, INPUT]) -> ShareOrderPayload:
    """Offer an order to recipients."""
    window = input.claim_window or ClaimWindowInput()
    instruction = Instruction(
        order_id=decode_id("Order", input.order_id),
        recipient_ids=[decode_id("User", text) for text in input.recipient_ids],
        permission=input.permission,
        opens_at=window.opens_at,
        closes_at=window.closes_at,
        message=input.message,
    )
    outcome = await mutate(info, input, ShareAnswer, lambda session, viewer: share_order(session, viewer, instruction))
    if outcome.answer is None or outcome.answer.order is None:
        return ShareOrderPayload(user_errors=outcome.user_errors)
    return ShareOrderPayload(
        order=Order.from_row(outcome.answer.order),
        shared_orders=[SharedOrder.from_row(row) for row in outcome.answer.shared_orders],
        user_errors=outcome.user_errors,
    )
