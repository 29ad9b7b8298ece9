"""What is done to one shared order: claim, decline, release, revoke, extend."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from operator import attrgetter
from typing import Annotated, Any, Self, TypeVar
from uuid import UUID

import strawberry
from sqlmodel.ext.asyncio.session import AsyncSession

from db.plain_rows import AnySharedOrder
from db.sharing_tables import SharedOrderRow
from domain.errors import about
from domain.people import Viewer
from resolvers.claim_shared_order import ClaimAsked, ClaimFound, claim_of_nothing, claim_together, find_claims
from resolvers.end_shared_order import decline_shared_order, release_shared_order, revoke_shared_order
from resolvers.extend_claim_window import extend_claim_window
from schema.context import Info, OperationContext
from schema.global_id import decode_id
from schema.mutate import Outcome, mutate, mutate_together
from schema.mutations.payloads import INPUT, built_by, idempotency_key, user_errors
from schema.types.shared_order import SharedOrder
from schema.user_errors import UserError
from schema.work_together import WorkTogether

Payload = TypeVar("Payload")

_CLAIMED = "CLAIMED"

CLAIMS: WorkTogether[UUID, ClaimAsked, ClaimFound, AnySharedOrder] = WorkTogether(
    # To be read back for a repeated key; what is claimed now comes as a plain row with the same attributes.
    SharedOrderRow,
    find_claims,
    attrgetter("organisation_id"),
    claim_together,
    claim_of_nothing,
)


@strawberry.input(description="Which offer to claim.")
class ClaimSharedOrderInput:
    """The input."""

    shared_order_id: strawberry.ID = strawberry.field(description="The id of the offer; you must be its recipient.")
    idempotency_key: str | None = idempotency_key()

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """Return the input that a client gives: Strawberry's own way there costs more than to find the offer."""
        return cls(shared_order_id=given["sharedOrderId"], idempotency_key=given.get("idempotencyKey"))


built_by(ClaimSharedOrderInput, ClaimSharedOrderInput.of)


@strawberry.type(description="What became of a claim.")
class ClaimSharedOrderPayload:
    """The payload."""

    shared_order: SharedOrder | None = strawberry.field(
        default=None, description="The claimed shared order; null where the claim was refused."
    )
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="Which offer to turn down.")
class DeclineSharedOrderInput:
    """The input."""

    shared_order_id: strawberry.ID = strawberry.field(description="The id of the offer; you must be its recipient.")
    idempotency_key: str | None = idempotency_key()


@strawberry.type(description="What became of turning an offer down.")
class DeclineSharedOrderPayload:
    """The payload."""

    shared_order: SharedOrder | None = strawberry.field(
        default=None, description="The declined shared order; null where it was refused."
    )
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="Which claimed share to give back.")
class ReleaseSharedOrderInput:
    """The input."""

    shared_order_id: strawberry.ID = strawberry.field(
        description="The id of the shared order; you must have claimed it."
    )
    idempotency_key: str | None = idempotency_key()


@strawberry.type(description="What became of giving a share back.")
class ReleaseSharedOrderPayload:
    """The payload."""

    shared_order: SharedOrder | None = strawberry.field(
        default=None, description="The released shared order; null where it was refused."
    )
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="Which offer or claimed share to take back.")
class RevokeSharedOrderInput:
    """The input."""

    shared_order_id: strawberry.ID = strawberry.field(
        description="The id of the shared order; you must be its sender, the order's owner or an admin."
    )
    idempotency_key: str | None = idempotency_key()


@strawberry.type(description="What became of taking a share back.")
class RevokeSharedOrderPayload:
    """The payload."""

    shared_order: SharedOrder | None = strawberry.field(
        default=None, description="The revoked shared order; null where it was refused."
    )
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="Which claim window to extend, and until when.")
class ExtendClaimWindowInput:
    """The input."""

    shared_order_id: strawberry.ID = strawberry.field(
        description="The id of the offer, which may have expired; you must be its sender or an admin."
    )
    closes_at: datetime = strawberry.field(description="The new end of the window, in the future.")
    idempotency_key: str | None = idempotency_key()


@strawberry.type(description="What became of extending a claim window.")
class ExtendClaimWindowPayload:
    """The payload."""

    shared_order: SharedOrder | None = strawberry.field(
        default=None, description="The offer with its new window; null where it was refused."
    )
    user_errors: list[UserError] = user_errors()


async def _resolve(
    info: Info,
    given: Any,
    payload: Callable[..., Payload],
    use_case: Callable[[AsyncSession, Viewer, UUID], Awaitable[SharedOrderRow]],
) -> Payload:
    shared_order_id = decode_id("SharedOrder", given.shared_order_id)

    async def work(session: AsyncSession, viewer: Viewer) -> SharedOrderRow:
        with about("shared_order_id"):
            return await use_case(session, viewer, shared_order_id)

    return _payload(payload, await mutate(info, given, SharedOrderRow, work))


def _payload(payload: Callable[..., Payload], outcome: Outcome[AnySharedOrder]) -> Payload:
    row = outcome.answer
    return payload(shared_order=None if row is None else SharedOrder.from_row(row), user_errors=outcome.user_errors)


async def resolve_claim(info: Info, input: Annotated[ClaimSharedOrderInput, INPUT]) -> ClaimSharedOrderPayload:
    """Claim an offer."""
    return _payload(ClaimSharedOrderPayload, await claim(info.context, info.field_name, input))


async def claim(context: OperationContext, mutation: str, given: ClaimSharedOrderInput) -> Outcome[AnySharedOrder]:
    """Claim an offer, together with what else is claimed in its organisation."""
    asked = ClaimAsked(context.viewer, decode_id("SharedOrder", given.shared_order_id))
    outcome = await mutate_together(context, mutation, given, CLAIMS, asked)
    context.watcher.claim(str(outcome.user_errors[0].code.value) if outcome.user_errors else _CLAIMED)
    return outcome


def claim_payload(outcome: Outcome[AnySharedOrder]) -> ClaimSharedOrderPayload:
    """Return what became of a claim as its resolver answers it."""
    return _payload(ClaimSharedOrderPayload, outcome)


async def resolve_decline(info: Info, input: Annotated[DeclineSharedOrderInput, INPUT]) -> DeclineSharedOrderPayload:
    """Turn an offer down."""
    return await _resolve(info, input, DeclineSharedOrderPayload, decline_shared_order)


async def resolve_release(info: Info, input: Annotated[ReleaseSharedOrderInput, INPUT]) -> ReleaseSharedOrderPayload:
    """Give a claimed share back."""
    return await _resolve(info, input, ReleaseSharedOrderPayload, release_shared_order)


async def resolve_revoke(info: Info, input: Annotated[RevokeSharedOrderInput, INPUT]) -> RevokeSharedOrderPayload:
    """Take an offer or a claimed share back."""
    return await _resolve(info, input, RevokeSharedOrderPayload, revoke_shared_order)


async def resolve_extend(info: Info, input: Annotated[ExtendClaimWindowInput, INPUT]) -> ExtendClaimWindowPayload:
    """Extend a claim window."""

    async def extend(session: AsyncSession, viewer: Viewer, shared_order_id: UUID) -> SharedOrderRow:
        return await extend_claim_window(session, viewer, shared_order_id, input.closes_at)

    return await _resolve(info, input, ExtendClaimWindowPayload, extend)
