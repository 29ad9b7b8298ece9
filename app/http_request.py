"""What an HTTP request asks, read by the letter of GraphQL over HTTP (https://graphql.github.io/graphql-over-http/draft/)."""

from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from typing import Any

import orjson
from starlette.requests import Request

from app.http.negotiation import JSON, media_type
from app.operation_request import MalformedRequest, OperationRequest, operation_request
from schema.request_errors import BAD_USER_INPUT

MAX_BODY_BYTES = 256 * 1024

_CHARSETS = ("utf-8", "utf8")


class RefusedRequest(Exception):
    """A request that is not carried out.

    Attributes:
        status: The status of the answer.
        code: The code of the error.
        message: A sentence that says what to do.
        headers: Headers of the answer.
    """

    def __init__(
        self, status: HTTPStatus, message: str, code: str = BAD_USER_INPUT, headers: Mapping[str, str] | None = None
    ) -> None:
        """Say why."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})


async def read_request(request: Request, most_bytes: int = MAX_BODY_BYTES) -> OperationRequest:
    """Return what a GET or POST asks.

    Args:
        request: The request.
        most_bytes: How long its body may be.

    Raises:
        RefusedRequest: Where it asks nothing that can be understood.
    """
    try:
        if request.method == "GET":
            asked = operation_request(_parameters(request))
        else:
            body = await _body(request, most_bytes)
            _require_json(request.headers.get("content-type"))
            asked = operation_request(orjson.loads(body))
    except orjson.JSONDecodeError:
        raise RefusedRequest(HTTPStatus.BAD_REQUEST, "The body is not JSON.") from None
    except MalformedRequest as fault:
        raise RefusedRequest(HTTPStatus.BAD_REQUEST, str(fault)) from None
    if not asked.query and asked.document_id is None:
        raise RefusedRequest(HTTPStatus.BAD_REQUEST, "There is no document to execute.")
    return asked


def _parameters(request: Request) -> dict[str, Any]:
    """Return what the parameters of a GET say: `variables` and `extensions` are JSON."""
    said: dict[str, Any] = dict(request.query_params)
    for name in ("variables", "extensions"):
        text = said.pop(name, "")
        if text:
            try:
                said[name] = orjson.loads(text)
            except orjson.JSONDecodeError:
                raise RefusedRequest(HTTPStatus.BAD_REQUEST, f"`{name}` must be JSON.") from None
    return {name: value for name, value in said.items() if value != ""}


def _require_json(content_type: str | None) -> None:
    sent = media_type(content_type or "")
    if (
        sent is None
        or sent.name != JSON
        or any(name == "charset" and value.lower() not in _CHARSETS for name, value in sent.parameters)
    ):
        raise RefusedRequest(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The content type of a request must be application/json, in UTF-8."
        )


async def _body(request: Request, most_bytes: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in _announced(request, most_bytes):
        size += len(part)
        if size > most_bytes:
            raise _too_large(most_bytes)
        parts.append(part)
    return b"".join(parts)


async def _announced(request: Request, most_bytes: int) -> AsyncIterator[bytes]:
    """Yield the body, unless it is announced as too long: then none of it is read."""
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and int(length) > most_bytes:
        raise _too_large(most_bytes)
    async for part in request.stream():
        yield part


def _too_large(most_bytes: int) -> RefusedRequest:
    message = f"The body is too long; at most {most_bytes} bytes are allowed."
    # What is left of the body is not read, so the connection serves nothing more.
    return RefusedRequest(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message, headers={"Connection": "close"})
