"""Refusals as clients see them: data in the payload, with a code, a sentence and the input's path."""

from dataclasses import fields
from datetime import datetime
from functools import lru_cache

import strawberry

import schema.enums  # noqa: F401 - registers the enums before a type uses them
from domain import errors
from domain.vocabulary import ErrorCode, OrderAction, OrderStatus


@strawberry.interface(description="Why a mutation, or a part of it, was refused. What is refused has changed nothing.")
class UserError:
    """What all refusals have."""

    code: ErrorCode = strawberry.field(description="The reason, for a program to decide by.")
    message: str = strawberry.field(description="The reason as an English sentence, for people and logs.")
    path: list[str] = strawberry.field(
        description=(
            'The part of the input that it is about, such as `["input", "recipientIds", "1"]` for the second recipient.'
        )
    )


@strawberry.type(description="A refusal that has no more to tell than its code and message.")
class GenericUserError(UserError):
    """Any refusal without data of its own."""


@strawberry.type(description="The claim came outside its window.")
class ClaimWindowError(UserError):
    """The refusal of a claim that is too early or too late."""

    opens_at: datetime = strawberry.field(description="The first instant at which a claim succeeds.")
    closes_at: datetime = strawberry.field(description="The first instant at which it no longer does.")


@strawberry.type(description="Every seat of the order is taken.")
class SharesExhaustedError(UserError):
    """The refusal of a claim without a free seat."""

    max_shares: int = strawberry.field(description="How many recipients may hold the order at once: its seats.")
    shares_claimed: int = strawberry.field(description="How many recipients hold the order now: seats taken.")


@strawberry.type(description="The order's status does not have this action.")
class ActionNotAllowedError(UserError):
    """The refusal of a result that is not, or no longer, possible."""

    current_status: OrderStatus = strawberry.field(description="The status that the order has now.")
    available_actions: list[OrderAction] = strawberry.field(description="The actions that are possible in this status.")


@strawberry.type(description="The order has another version by now than the one that was expected.")
class VersionConflictError(UserError):
    """The refusal of a result that was decided on an older version."""

    current_version: int = strawberry.field(description="The order's version: read it again, then decide again.")
    current_status: OrderStatus = strawberry.field(description="The status that the order has now.")


_SHAPES: dict[type[errors.DomainError], type[UserError]] = {
    errors.DomainError: GenericUserError,
    errors.ClaimWindowRefusal: ClaimWindowError,
    errors.SharesExhausted: SharesExhaustedError,
    errors.ActionNotAllowed: ActionNotAllowedError,
    errors.VersionConflict: VersionConflictError,
}
"""A refusal and its shape have the same fields; only the path is told differently."""

_FACTS = {refusal: [each.name for each in fields(refusal)] for refusal in _SHAPES}


def user_error(refusal: errors.DomainError) -> UserError:
    """Return a refusal as clients see it."""
    kind = type(refusal)
    facts = {name: getattr(refusal, name) for name in _FACTS[kind]}
    facts["path"] = ["input", *(_camel_case(step) for step in refusal.path)]
    return _SHAPES[kind](**facts)


@lru_cache
def _camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)
