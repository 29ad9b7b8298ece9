"""A subscription over HTTP, answered by a stream that ends when its client's token expires."""

from collections.abc import AsyncGenerator
from uuid import UUID

from fastapi.responses import StreamingResponse
from graphql import GraphQLError
from starlette.types import Receive, Scope, Send
from strawberry.types import ExecutionResult

from app.sockets import Sockets
from app.streams import Framing, StreamOutlet
from app.tokens import Claims
from db.to_completion import to_completion
from execution.subscriptions import Subscribed
from schema.request_errors import UNAUTHENTICATED
from schema.told import as_json

UNBUFFERED = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""Neither caches nor proxies may hold a stream back."""


class StreamAnswer(StreamingResponse):
    """An answer that goes on, and gives back what it holds as soon as it ends.

    Starlette leaves a generator whose client goes while it is being sent to for the garbage collector to end.
    """

    def __init__(self, chunks: AsyncGenerator[bytes, None], media_type: str) -> None:
        """Stream what a generator yields.

        Args:
            chunks: The generator, which has not begun.
            media_type: What it yields.
        """
        super().__init__(chunks, media_type=media_type, headers=UNBUFFERED)
        self._chunks = chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await to_completion(self._end())

    async def _end(self) -> None:
        await self._chunks.aclose()


async def listen(
    sockets: Sockets, subscribed: Subscribed, framing: Framing, claims: Claims, user_id: UUID
) -> AsyncGenerator[bytes, None]:
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
