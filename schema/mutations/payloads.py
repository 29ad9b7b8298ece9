"""What every mutation's input and payload have."""

import strawberry

from schema.user_errors import UserError

INPUT = strawberry.argument(description="What to do.")


def idempotency_key() -> str | None:
    """Return the field of an input that makes the mutation safe to repeat."""
    key: str | None = strawberry.field(
        default=None,
        description=(
            "1 to 128 characters of your choice. The same key with the same input answers what the first answered "
            "and does nothing again, also after a crash; with another input it is KEY_REUSED."
        ),
    )
    return key


def user_errors() -> list[UserError]:
    """Return the field of a payload that tells why it was refused."""
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why it was refused, or refused a part; empty where it was done."
    )
    return errors
