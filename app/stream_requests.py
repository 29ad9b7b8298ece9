"""Requests whose client accepts a stream: a subscription is answered by one, anything else as usual."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import NamedTuple

import orjson
from fastapi.responses import Response, StreamingResponse
from graphql import GraphQLError
from starlette.requests import Request
from strawberry.types import ExecutionResult

from app.accepted import Accepted
from app.operation_request import OperationRequest, operation_request
from app.sockets import Sockets
from app.streams import FRAMINGS, Framing, StreamOutlet
from app.tokens import Claims
from execution.subscriptions import Subscribed
from schema.context import ConnectionContext
from schema.told import as_json

_EXPIRED = ExecutionResult(
    data=None, errors=[GraphQLError("The token has expired.", extensions={"code": "UNAUTHENTICATED"})]
)
_UNBUFFERED = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""Neither caches nor proxies may hold a stream back."""


class StreamRequest(NamedTuple):
    """A request whose client accepts a stream.

    Attributes:
        framing: How results are written into it.
        accepts_json: Whether an answer in one piece is accepted as well.
        asked: What is to be executed.
    """

    framing: Framing
    accepts_json: bool
    asked: OperationRequest


async def stream_request(request: Request) -> StreamRequest | None:
    """Return a request that may be answered by a stream; None where it is not one, or is for others to refuse."""
    accepted = Accepted(request.headers.get("accept"))
    media_type = accepted.best(*FRAMINGS)
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type is None or request.method != "POST" or content_type != "application/json":
        return None
    try:
        asked = operation_request(orjson.loads(await request.body()))
    except orjson.JSONDecodeError:
        return None
    return None if asked is None else StreamRequest(FRAMINGS[media_type](), accepted.json, asked)


async def answer_stream(
    sockets: Sockets, request: StreamRequest, connection: ConnectionContext, claims: Claims
) -> Response:
    """Return the answer to a request whose client accepts a stream.

    Args:
        sockets: What serves those who listen.
        request: The request.
        connection: Whose it is, and where they have read to.
        claims: Until when they may listen.
    """
    framing = request.framing
    query, variables, name = request.asked
    result = await sockets.schema.begin(query, variables, connection, name)
    subscribed = Subscribed.within(result.data)
    if subscribed is not None:
        listening = _listen(sockets, subscribed, StreamOutlet(framing), claims)
        return StreamingResponse(listening, media_type=framing.media_type, headers=_UNBUFFERED)
    if request.accepts_json:
        return Response(as_json(result), media_type="application/json")
    return Response(framing.opening + framing.last(as_json(result)), media_type=framing.media_type)


async def _listen(
    sockets: Sockets, subscribed: Subscribed, outlet: StreamOutlet, claims: Claims
) -> AsyncIterator[bytes]:
    seconds = (claims.expires_at - datetime.now(UTC)).total_seconds()
    leave = sockets.audiences.attend(subscribed, outlet)
    expiry = asyncio.get_running_loop().call_later(seconds, outlet.fail, as_json(_EXPIRED))
    try:
        async for chunk in outlet.chunks():
            yield chunk
    finally:
        expiry.cancel()
        leave()
