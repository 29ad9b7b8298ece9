"""Answers of a bounded length: one that may become too long is written in pieces, and ends where it is.

How long an answer may become is known from its document (`execution.cost`), so that what is surely short enough is
written in one go by the transport, as ever. orjson itself knows no bound: it writes whatever there is.
"""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import GraphQLError
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from schema.request_errors import QUERY_TOO_COMPLEX

_AT_ONCE = 20
"""So many objects of a list are written at once, where no further list is inside them."""

_SLICE_SECONDS = 0.004

_CONTAINERS = frozenset({dict, list})


@dataclass
class WrittenResult(ExecutionResult):
    """A result that has been written.

    Attributes:
        written: The result as it is sent.
    """

    written: bytes = b""


def as_map(result: ExecutionResult, *, located: bool = True) -> dict[str, Any]:
    """Return a result as the map that is sent (https://spec.graphql.org/draft/#sec-Response-Format).

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
    return answer


async def written(
    result: ExecutionResult, most_bytes: int, *, has_changed: bool, located: bool = True
) -> ExecutionResult:
    """Return a result that has been written as it is sent, or one that says that it is too long.

    Args:
        result: The result of an operation that was executed.
        most_bytes: How long it may be.
        has_changed: Whether it is that of a mutation, which is not undone.
        located: As for `as_map`.
    """
    pieces, size, due = list[bytes](), 0, time.perf_counter() + _SLICE_SECONDS
    for piece in _pieces(as_map(result, located=located)):
        size += len(piece)
        if size > most_bytes:
            return _too_long(result, most_bytes, has_changed=has_changed)
        pieces.append(piece)
        if time.perf_counter() >= due:
            await asyncio.sleep(0)
            due = time.perf_counter() + _SLICE_SECONDS
    return WrittenResult(result.data, result.errors, result.extensions, b"".join(pieces))


def _pieces(value: Any) -> Iterator[bytes]:
    """Yield JSON piece by piece, as orjson writes it in one go."""
    if value.__class__ is dict and _has_objects(value):
        yield from _pieces_of_object(value)
    elif value and value.__class__ is list:
        yield from _pieces_of_list(value)
    else:
        yield orjson.dumps(value)


def _pieces_of_object(value: dict[str, Any]) -> Iterator[bytes]:
    before, plain = b"{", dict[str, Any]()
    for name, each in value.items():
        if not _has_objects(each):
            plain[name] = each
            continue
        if plain:
            yield before + orjson.dumps(plain)[1:-1]
            before, plain = b",", {}
        yield before + orjson.dumps(name) + b":"
        yield from _pieces(each)
        before = b","
    yield before + orjson.dumps(plain)[1:] if plain else b"}"


def _pieces_of_list(values: list[Any]) -> Iterator[bytes]:
    before = b"["
    if any(map(_has_objects, values)):
        for each in values:
            yield before
            yield from _pieces(each)
            before = b","
    else:
        for start in range(0, len(values), _AT_ONCE):
            yield before + orjson.dumps(values[start : start + _AT_ONCE])[1:-1]
            before = b","
    yield b"]"


def _has_objects(value: Any) -> bool:
    """Return whether there is a list of objects, or of further lists, in a value: there may be any number of them."""
    if value.__class__ is dict:
        return any(map(_has_objects, value.values()))
    return value.__class__ is list and any(each.__class__ in _CONTAINERS for each in value)


def _too_long(result: ExecutionResult, most_bytes: int, *, has_changed: bool) -> ExecutionResult:
    message = f"The answer is longer than {most_bytes} bytes; ask for smaller pages, or for less of each object."
    if has_changed:
        message = f"The mutation was carried out. Its answer is longer than {most_bytes} bytes and is not sent."
    error = GraphQLError(message, extensions={"code": QUERY_TOO_COMPLEX})
    return ExecutionResult(data=None, errors=[error], extensions=result.extensions)
