"""A subscription over HTTP, answered by a stream that ends when its client's token expires."""

from collections.abc import AsyncGenerator

from fastapi.responses import StreamingResponse
from graphql import GraphQLError
from starlette.types import Receive, Scope, Send
from strawberry.types import ExecutionResult

from app.sockets import Sockets
from app.streams import Framing, StreamSink
from app.tokens import Claims
from app.websocket.quota import Reservation
from db.to_completion import to_completion
from execution.subscriptions import Subscribed
from schema.delivery.encoded_event import as_json
from schema.request_errors import UNAUTHENTICATED

_UNBUFFERED = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""Neither caches nor proxies may hold a stream back."""


class SubscriptionResponse(StreamingResponse):
    """The results of a subscription, as they come. It gives back its place however it ends, also before it begins."""

    def __init__(
        self, sockets: Sockets, subscribed: Subscribed, framing: Framing, claims: Claims, place: Reservation
    ) -> None:
        """Prepare the answer; it must be sent, or the place be released.

        Args:
            sockets: What serves subscribers.
            subscribed: The subscription.
            framing: How results are written into the stream.
            claims: Until when the client may listen.
            place: The place of the stream in the quota of its user.
        """
        self._place = place
        self._results = _results(sockets, subscribed, framing, claims)
        super().__init__(self._results, media_type=framing.media_type, headers=_UNBUFFERED)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the results."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            # Starlette leaves a generator whose client goes while it is sent something to the garbage collector, and
            # the generator's own `finally` does not run where the client is gone before the first result.
            self._place.release()
            await to_completion(self._end())

    async def _end(self) -> None:
        await self._results.aclose()


async def _results(
    sockets: Sockets, subscribed: Subscribed, framing: Framing, claims: Claims
) -> AsyncGenerator[bytes, None]:
    sink = StreamSink(framing)
    try:
        leave = sockets.broadcast_groups.subscribe(subscribed, sink)
    except GraphQLError as refusal:
        yield framing.opening + framing.last(as_json(ExecutionResult(data=None, errors=[refusal])))
        return
    stay = claims.stay(lambda reason: sink.fail(_unauthenticated(reason)))
    sockets.streams += 1
    try:
        async for chunk in sink.chunks():
            yield chunk
    finally:
        stay.cancel()
        leave()
        sockets.streams -= 1


def _unauthenticated(reason: str) -> bytes:
    error = GraphQLError(f"{reason}.", extensions={"code": UNAUTHENTICATED})
    return as_json(ExecutionResult(data=None, errors=[error]))
