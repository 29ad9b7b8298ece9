"""A subscription over HTTP, answered by a stream that ends when its client's token expires."""

from collections.abc import AsyncIterator
from uuid import UUID

from graphql import GraphQLError
from strawberry.types import ExecutionResult

from app.sockets import Sockets
from app.streams import Framing, StreamOutlet
from app.tokens import Claims
from execution.subscriptions import Subscribed
from schema.request_errors import UNAUTHENTICATED
from schema.told import as_json

UNBUFFERED = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""Neither caches nor proxies may hold a stream back."""


async def listen(
    sockets: Sockets, subscribed: Subscribed, framing: Framing, claims: Claims, user_id: UUID
) -> AsyncIterator[bytes]:
    """Yield what a subscriber is told.

    Args:
        sockets: What serves those who listen.
        subscribed: What they listen to.
        framing: How results are written into the stream.
        claims: Until when they may listen.
        user_id: Whose place is taken meanwhile.
    """
    outlet = StreamOutlet(framing)
    leave = sockets.audiences.attend(subscribed, outlet)
    stay = claims.stay(lambda reason: outlet.fail(_unauthenticated(reason)))
    sockets.places.take(user_id)
    sockets.streams += 1
    try:
        async for chunk in outlet.chunks():
            yield chunk
    finally:
        stay.cancel()
        leave()
        sockets.streams -= 1
        sockets.places.leave(user_id)


def _unauthenticated(reason: str) -> bytes:
    error = GraphQLError(f"{reason}.", extensions={"code": UNAUTHENTICATED})
    return as_json(ExecutionResult(data=None, errors=[error]))
