"""How the result of an operation is answered over HTTP, in one piece."""

from http import HTTPStatus
from typing import NamedTuple

from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from app.http.negotiation import GRAPHQL_JSON, JSON
from schema.delivery.encoded_event import as_json
from schema.request_errors import INTERNAL, RATE_LIMITED, TIMEOUT, UNAVAILABLE

_OF_CODES = {
    RATE_LIMITED: HTTPStatus.TOO_MANY_REQUESTS,
    TIMEOUT: HTTPStatus.GATEWAY_TIMEOUT,
    INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
    UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
}


_CONTENT_TYPES = {name: (b"content-type", b"%b; charset=utf-8" % name.encode()) for name in (JSON, GRAPHQL_JSON)}


class HttpAnswer(NamedTuple):
    """A whole answer, as ASGI wants it."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


def http_answer(result: ExecutionResult, media_type: str) -> HttpAnswer:
    """Return the answer of a result.

    A client that names the newer media type is told by the status whether the request was refused; of the older one
    the status is 200 whenever the request could be read, as its clients expect. That a server is overcharged, late or
    faulty is told to either: proxies go by it. So is a database that was away for all that was asked; an answer with
    something in it is 200.
    """
    body = as_json(result)
    headers = [
        _CONTENT_TYPES[media_type],
        (b"content-length", b"%d" % len(body)),
    ]
    status = HTTPStatus.OK
    if isinstance(result, PreExecutionError) or (result.errors and _is_unavailable(result)):
        extensions = (result.errors[0].extensions or {}) if result.errors else {}
        otherwise = HTTPStatus.BAD_REQUEST if media_type == GRAPHQL_JSON else HTTPStatus.OK
        status = _OF_CODES.get(str(extensions.get("code")), otherwise)
        if "retryAfter" in extensions:
            headers.append((b"retry-after", b"%d" % extensions["retryAfter"]))
    return HttpAnswer(status, headers, body)


def _is_unavailable(result: ExecutionResult) -> bool:
    """Return whether an operation that was executed has answered nothing, for the database was away."""
    if result.data is not None and any(value is not None for value in result.data.values()):
        return False
    return all((error.extensions or {}).get("code") == UNAVAILABLE for error in result.errors or ())
