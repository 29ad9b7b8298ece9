"""What every mutation's input and payload have."""

from collections.abc import Callable, Mapping
from typing import Any

import strawberry
from strawberry.types import get_object_definition

from schema.user_errors import UserError

INPUT = strawberry.argument(name="input", description="What to do.")


def built_by(input_type: type, build: Callable[[Mapping[str, Any]], Any]) -> None:
    """Have an input type built by a function of its values, which the schema has checked, by the names in the schema.

    Field by field, as is done otherwise, every name and type is looked up anew for each input.
    """
    get_object_definition(input_type, strict=True).from_input = lambda _type, given, _context: build(given)


def idempotency_key() -> str | None:
    """Return the field of an input that makes the mutation safe to repeat."""
    key: str | None = strawberry.field(
        default=None,
        description=(
            "A key of your own of 1 to 128 characters, such as a UUID made once for what a user does. Sent "
            "again with the same input, it answers what was answered first and does nothing again, even "
            "after a crash; with another input it is refused with KEY_REUSED."
        ),
    )
    return key


def user_errors() -> list[UserError]:
    """Return the field of a payload that tells why it was refused."""
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why it, or a part of it, was refused; empty where all was done."
    )
    return errors
