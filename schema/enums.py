"""Registers the rules' words as GraphQL enums, before any type uses them, and describes each value."""

from enum import StrEnum

import strawberry

from domain.vocabulary import (
    ErrorCode,
    MemberRole,
    OrderAction,
    OrderStatus,
    SharedOrderStatus,
    SharePermission,
    SharePolicy,
    StatusCause,
    Terminal,
)
from resolvers.list_orders import OrderSort
from resolvers.list_shared_orders import SharedOrderBox


def _register(words: type[StrEnum], description: str, **values: str) -> None:
    registered = strawberry.enum(words, description=description)
    definition = registered.__strawberry_definition__  # type: ignore[attr-defined]  # set by the line above
    for value in definition.values:
        value.description = values[value.name]


_register(
    MemberRole,
    "What a member may do in an organisation.",
    ADMIN="Sees every shared order, processes every order, manages members, policy and imports.",
    MEMBER=(
        "Sees every order of the organisation, the shared orders they sent or received, and all those of "
        "orders they own."
    ),
)
_register(
    SharePolicy,
    "Who may share the orders of an organisation.",
    ANY_MEMBER="Every member may share every order.",
    OWNER_AND_ADMINS="Only the owner of an order and admins may share it.",
)
_register(
    SharePermission,
    "What a claimed shared order lets its recipient do.",
    VIEW="Follow the order's status.",
    PROCESS="Follow the status, and process the order through the shared order's id.",
)
_register(
    OrderStatus,
    "Where an order stands. `orderStateMachine` tells which action leads where.",
    PENDING="The order is there, but its cover is not active yet.",
    IN_FORCE="The cover is active.",
    LOSS_REPORTED="A loss was reported and is not settled or rejected yet.",
    GRACE_PERIOD="The cover has ended less than 30 days ago and can still be renewed.",
    SUSPENDED="The cover rests until it is reinstated.",
    LAPSED="The grace period has ended without a renewal.",
    CANCELLED="The cover was cancelled for good.",
)
_register(
    OrderAction,
    "What `processOrder` can do to an order; `orderStateMachine` tells in which status, and what follows.",
    ACTIVATE="Put a pending order in force.",
    RENEW="Give the cover a new end; needs `newExpiresAt`.",
    ENDORSE="Record a change of terms; the order stays in force.",
    REPORT_LOSS="Report an insured loss.",
    SETTLE_LOSS="Record that the reported loss was paid.",
    REJECT_LOSS="Record that the reported loss was refused.",
    SUSPEND="Interrupt the cover until it is reinstated.",
    REINSTATE=(
        "Put a suspended or lapsed order back in force. Give `newExpiresAt` where the cover has ended, "
        "or time ends it again at once."
    ),
    CANCEL="End the cover for good.",
)
_register(
    SharedOrderStatus,
    "Where a shared order stands.",
    OFFERED="The recipient is told to claim it.",
    CLAIMED="The recipient holds a seat, and both terminals follow the order.",
    DECLINED="The recipient turned the offer down.",
    RELEASED="The recipient gave the claimed share back.",
    REVOKED="The sender, the order's owner or an admin took it back, or the order or the recipient's membership ended.",
    EXPIRED="The claim window closed before it was claimed.",
)
_register(
    StatusCause,
    "Why an order has its status.",
    IMPORTED="The order platform said so.",
    PROCESSED="A terminal processed it.",
    TIME="Its cover, or the grace period after it, ended.",
)
_register(
    Terminal,
    "Through which of the two linked orders a result came.",
    FIRST_ORDER="Through the order itself: its owner or an admin.",
    SHARED_ORDER="Through a claimed shared order: its recipient.",
)
_register(
    OrderSort,
    "What a list of orders is sorted by.",
    TYPE_PRIORITY="The priority of the order type, lowest number first; then the newest `effectiveAt`; then the id.",
    EXPIRES_AT="The earliest `expiresAt` first, covers without end last; then the id.",
    EFFECTIVE_AT_DESC="The newest `effectiveAt` first; then the id.",
    PREMIUM_DESC="The highest premium in minor units first, whatever the currency; then the id, highest first.",
)
_register(
    SharedOrderBox,
    "Which of the viewer's shared orders.",
    RECEIVED="Those offered to the viewer.",
    SENT="Those the viewer offered to others.",
)
_register(
    ErrorCode,
    "Why a mutation, or a part of it, was refused. What is refused has changed nothing.",
    NOT_FOUND="There is no such thing, or the viewer may not see it.",
    FORBIDDEN="The viewer may see it, but may not do this with it.",
    INVALID_INPUT="A value cannot be accepted: `path` tells which, and `message` why.",
    OWN_ORDER="The recipient is the owner of the order.",
    NOT_A_MEMBER="The user is not a member of the organisation.",
    ALREADY_SHARED="The order is offered to, or claimed by, this recipient already.",
    ORDER_NOT_SHAREABLE=(
        "The order can be neither shared nor claimed unless it is IN_FORCE, GRACE_PERIOD or LOSS_REPORTED."
    ),
    CLAIM_WINDOW_NOT_OPEN="It is too early: the error is a `ClaimWindowError` with the window.",
    CLAIM_WINDOW_CLOSED="It is too late: the error is a `ClaimWindowError` with the window.",
    SHARES_EXHAUSTED="Every seat is taken: the error is a `SharesExhaustedError` with the numbers.",
    NOT_OFFERED="The shared order is not, or no longer, on offer.",
    NOT_CLAIMED="The shared order is not, or no longer, claimed.",
    ACTION_NOT_ALLOWED=(
        "The order's status does not allow the action: the error is an `ActionNotAllowedError` with "
        "those that it allows."
    ),
    VERSION_CONFLICT=(
        "The order has another version than `expectedVersion` by now: the error is a "
        "`VersionConflictError` with the present one."
    ),
    KEY_REUSED="The `idempotencyKey` was used before, with another input.",
)
