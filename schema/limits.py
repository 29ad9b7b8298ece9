"""What a client may ask for."""

from dataclasses import dataclass, field

from execution.limits import DocumentLimits


@dataclass(frozen=True)
class Limits:
    """What a client may ask for.

    Attributes:
        document: How large a document may be.
        cost: How many objects one answer may have.
        bytes: How long one answer may be, as JSON.
        introspection: Whether the schema tells of itself, and what a misspelled name was meant to be.
    """

    document: DocumentLimits = field(default_factory=DocumentLimits)
    cost: int = 35_000
    bytes: int = 32 * 1024 * 1024
    introspection: bool = True


DEFAULT_LIMITS = Limits()
