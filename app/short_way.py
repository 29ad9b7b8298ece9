"""The short way through the server, for a request whose document has been seen before.

Whatever is first, irregular or refused takes the long way, through FastAPI and Strawberry: there a document is checked
and compiled, a bad request or token is told what is wrong with it. What has come through once is
remembered, and the next one like it costs an answer and nothing else. The short way decides nothing that the long way
would decide otherwise; it only leaves out deciding it again.
"""

import orjson
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.http.negotiation import JSON, accepted
from app.http_answer import HttpAnswer, http_answer
from app.metrics import Metrics
from app.operation_request import MalformedRequest, OperationRequest, operation_request
from app.sockets import Sockets
from app.tokens import Claims, InvalidToken
from domain.people import Viewer

_JSON = frozenset({b"application/json", b"application/json; charset=utf-8", b"application/json;charset=utf-8"})


class ShortWay:
    """Answers what it knows, and hands everything else on.

    Attributes:
        sockets: What serves the same over WebSocket.
        long_way: The application that everything else is handed on to.
    """

    def __init__(self, app: ASGIApp, sockets: Sockets, metrics: Metrics) -> None:
        """Stand before an application.

        Args:
            app: The long way.
            sockets: Serves the same at the same path over WebSocket.
            metrics: Counts what is answered here.
        """
        self._metrics = metrics
        self.sockets = sockets
        self.long_way = app
        self._path = sockets.path
        self._operations = sockets.operations
        self._sign_in = sockets.sign_in

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or socket."""
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] != self._path:
            await self.long_way(scope, receive, send)
            return
        authorization, media_type = self._wish(scope)
        viewer, claims = await self._look_at(authorization)
        if viewer is None and claims is None:
            await self.long_way(scope, receive, send)
            return
        taken = await _taken(receive, self.sockets.limits.message_bytes)
        asked = _asked(taken)
        known = None if asked is None else self._operations.known(asked)
        if known is not None and claims is not None:
            viewer = await self._admit(claims, authorization)
        if asked is None or known is None or known.is_subscription or viewer is None:
            await self.long_way(scope, _beginning_with(taken, receive), send)
            return
        connection = self.sockets.connection(viewer)
        connection.traceparent = self.sockets.traceparent(scope)
        result = await self._operations.begin_known(known, asked, connection)
        answer = http_answer(result, media_type)
        self._metrics.answered("POST", answer.status)
        await _respond(send, answer)

    def _wish(self, scope: Scope) -> tuple[bytes | None, str]:
        """Return the authorization of a request for JSON by JSON, and of which kind; None for one with other wishes."""
        authorization = content_type = None
        media_type: str | None = JSON
        for name, value in scope["headers"]:
            if name == b"authorization":
                authorization = value
            elif name == b"content-type":
                content_type = value
            elif name == b"accept":
                media_type = accepted(value.decode("latin-1")).json
            elif name == b"content-length" and int(value) > self.sockets.limits.message_bytes:
                # It is refused before anybody waits for it.
                return None, JSON
            elif name == b"origin" and self.sockets.origins.allowed:
                # Whether a page of another site may read the answer is told by the long way.
                return None, JSON
        if media_type is None or content_type not in _JSON or scope["query_string"]:
            return None, JSON
        return authorization, media_type

    async def _look_at(self, authorization: bytes | None) -> tuple[Viewer | None, Claims | None]:
        """Return whom a token is known to stand for, or what it says where that must be looked up; else neither."""
        if authorization is None:
            return None, None
        viewer = self._sign_in.remembered(authorization)
        if viewer is not None:
            return viewer, None
        try:
            return None, await self._sign_in.verify(authorization.decode("latin-1"))
        except InvalidToken:
            return None, None

    async def _admit(self, claims: Claims, authorization: bytes | None) -> Viewer | None:
        """Return the user of a token that was not remembered; None where the long way must say what is wrong."""
        try:
            return await self._sign_in.admit(claims, None if authorization is None else authorization.decode("latin-1"))
        except (InvalidToken, SQLAlchemyError, OSError):
            return None


async def _taken(receive: Receive, most_bytes: int) -> list[Message]:
    """Return the messages of a request's body: all of them, or as many as show that it is too large."""
    taken: list[Message] = []
    size = 0
    while size <= most_bytes:
        message = await receive()
        taken.append(message)
        size += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    return taken


def _asked(messages: list[Message]) -> OperationRequest | None:
    """Return what a request asks that came whole and says nothing unusual."""
    last = messages[-1]
    if last["type"] != "http.request" or last.get("more_body"):
        return None
    bodies = [message.get("body", b"") for message in messages]
    try:
        return operation_request(orjson.loads(bodies[0] if len(bodies) == 1 else b"".join(bodies)))
    except (orjson.JSONDecodeError, MalformedRequest):
        return None


def _beginning_with(taken: list[Message], receive: Receive) -> Receive:
    """Return a `receive` that gives the messages that were taken already, then the others."""
    again = iter(taken)

    async def receive_again() -> Message:
        message = next(again, None)
        return await receive() if message is None else message

    return receive_again


async def _respond(send: Send, answer: HttpAnswer) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    await send({"type": "http.response.body", "body": answer.body})
