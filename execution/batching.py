"""Fields whose values for many parents are had in one call."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias

Batch: TypeAlias = Callable[..., Awaitable[Sequence[Any]]]
"""Takes the info, the parents and the field's arguments by name; returns a value for each parent, in their order.

A value that is an exception fails that parent's field alone.
"""

_BATCH = "execution.batch"


def in_batches(batch: Batch) -> dict[str, Any]:
    """Return the `metadata` of a Strawberry field whose compiled form calls `batch` for all parents at once.

    The field keeps its resolver, which answers the same for one parent, for whoever does not compile.
    """
    return {_BATCH: batch}


def batch_of(metadata: Mapping[Any, Any]) -> Batch | None:
    """Return the batch that a field's metadata names."""
    found: Batch | None = metadata.get(_BATCH)
    return found
