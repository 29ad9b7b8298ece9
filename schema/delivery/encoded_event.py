"""Results as they are sent."""

from typing import NamedTuple

import orjson
from strawberry.types import ExecutionResult

from schema.answer_size import WrittenResult, as_map


class EncodedEvent(NamedTuple):
    """An event as it is sent to each listener of a broadcast group.

    Attributes:
        cursor: The place in the log right after the event.
        payload: The result, as JSON.
    """

    cursor: str
    payload: bytes


def as_json(result: ExecutionResult, *, located: bool = True) -> bytes:
    """Return a result as it is sent.

    Args:
        result: The result.
        located: As for `as_map`.
    """
    return result.written if isinstance(result, WrittenResult) else orjson.dumps(as_map(result, located=located))
