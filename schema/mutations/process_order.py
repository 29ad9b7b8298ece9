"""The result that a terminal sends for its own order."""

from datetime import datetime
from typing import Annotated

import strawberry
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.errors import about, not_found
from domain.people import Viewer
from domain.vocabulary import OrderAction
from resolvers.process_order import ProcessAnswer, Result, process_order, process_shared_order
from schema.context import Info
from schema.global_id import decode_node_id
from schema.mutate import mutate
from schema.mutations.payloads import INPUT, idempotency_key, user_errors
from schema.types.order import Order
from schema.types.processing_result import ProcessingResult
from schema.user_errors import UserError

_USE_CASES = {"Order": process_order, "SharedOrder": process_shared_order}


@strawberry.input(description="What to do to an order, and through which id.")
class ProcessOrderInput:
    """The result as clients give it."""

    order_id: strawberry.ID = strawberry.field(
        description=(
            "The id of your own order: the `Order` where you are its owner or an admin, the claimed "
            "`SharedOrder` where you are its recipient."
        )
    )
    action: OrderAction = strawberry.field(description="What to do; one of the `availableActions` of that order.")
    expected_version: int | None = strawberry.field(
        default=None,
        description=(
            "The order's `version` that you decided by. Where it has another by now, nothing is done and the "
            "error is VERSION_CONFLICT; left out, any will do."
        ),
    )
    new_expires_at: datetime | None = strawberry.field(
        default=None, description="The new end of the cover: RENEW needs it, REINSTATE takes it, no other action does."
    )
    note: str | None = strawberry.field(
        default=None, description="A note to keep with the result, of at most 1000 characters."
    )
    idempotency_key: str | None = idempotency_key()


@strawberry.type(description="What became of processing an order.")
class ProcessOrderPayload:
    """The payload."""

    order: Order | None = strawberry.field(
        default=None, description="The order with its derived status; null where the result was refused."
    )
    processing_result: ProcessingResult | None = strawberry.field(
        default=None, description="The result as it is kept; null where it was refused."
    )
    user_errors: list[UserError] = user_errors()


async def resolve_process_order(info: Info, input: Annotated[ProcessOrderInput, INPUT]) -> ProcessOrderPayload:
    """Apply a result."""
    type_name, row_id = decode_node_id(input.order_id)
    result = Result(input.action, input.expected_version, input.new_expires_at, input.note)

    async def process(session: AsyncSession, viewer: Viewer) -> ProcessAnswer:
        if type_name not in _USE_CASES:
            raise not_found("order", "order_id")
        with about("order_id"):
            return await _USE_CASES[type_name](session, viewer, row_id, result)

    outcome = await mutate(info, input, ProcessAnswer, process)
    if outcome.answer is None:
        return ProcessOrderPayload(user_errors=outcome.user_errors)
    return ProcessOrderPayload(
        order=Order.from_row(outcome.answer.order),
        processing_result=ProcessingResult.from_row(outcome.answer.processing_result),
        user_errors=outcome.user_errors,
    )
