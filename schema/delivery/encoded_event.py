"""Results as they are sent."""

from typing import Any, NamedTuple

import orjson
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError


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
        located: Whether errors say where in the document they are. Those of an event do not: it is answered for many
            documents, which ask the same in texts of their own.
    """
    # Where nothing was executed there is no data, not even null (GraphQL, section 7.1).
    answer: dict[str, Any] = {} if isinstance(result, PreExecutionError) else {"data": result.data}
    if result.errors:
        answer["errors"] = errors = [error.formatted for error in result.errors]
        if not located:
            for error in errors:
                error.pop("locations", None)
    if result.extensions:
        answer["extensions"] = result.extensions
    return orjson.dumps(answer)
