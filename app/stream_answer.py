"""A subscription over HTTP, answered by a stream that ends when its client's token expires."""

from collections.abc import AsyncIterator
from uuid import UUID

from graphql import GraphQLError
from strawberry.types import ExecutionResult

from app.sockets import Sockets
from app.streams import Framing, StreamSink
from app.tokens import Claims
from execution.subscriptions import Subscribed
from schema.delivery.encoded_event import as_json
from schema.request_errors import UNAUTHENTICATED

UNBUFFERED = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""Neither caches nor proxies may hold a stream back."""


async def listen(
    sockets: Sockets, subscribed: Subscribed, framing: Framing, claims: Claims, user_id: UUID
) -> AsyncIterator[bytes]:
    """Yield what a subscriber is sent.

    Args:
        sockets: What serves those who listen.
        subscribed: What they listen to.
        framing: How results are written into the stream.
        claims: Until when they may listen.
        user_id: Whose place is taken meanwhile.
    """
    sink = StreamSink(framing)
    try:
        leave = sockets.broadcast_groups.subscribe(subscribed, sink)
    except GraphQLError as refusal:
        yield framing.opening + framing.last(as_json(ExecutionResult(data=None, errors=[refusal])))
        return
    stay = claims.stay(lambda reason: sink.fail(_unauthenticated(reason)))
    sockets.places.take(user_id)
    sockets.streams += 1
    try:
        async for chunk in sink.chunks():
            yield chunk
    finally:
        stay.cancel()
        leave()
        sockets.streams -= 1
        sockets.places.leave(user_id)


def _unauthenticated(reason: str) -> bytes:
    error = GraphQLError(f"{reason}.", extensions={"code": UNAUTHENTICATED})
    return as_json(ExecutionResult(data=None, errors=[error]))
