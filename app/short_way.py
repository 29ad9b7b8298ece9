"""The short way through the server, for a request whose document has been seen before.

Whatever is first, irregular or refused takes the long way, through FastAPI and Strawberry: there a document is checked
and compiled, a bad request or token is told what is wrong with it. What has come through once is
remembered, and the next one like it costs an answer and nothing else. The short way decides nothing that the long way
would decide otherwise; it only leaves out deciding it again.
"""

import orjson
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.operation_request import OperationRequest, operation_request
from app.sockets import Sockets
from app.tokens import Claims, InvalidToken
from domain.people import Viewer
from schema.context import ConnectionContext
from schema.told import as_json

_JSON = frozenset({b"application/json", b"application/json; charset=utf-8", b"application/json;charset=utf-8"})
_ANY = frozenset({b"*/*", b"application/json", b"application/json, */*", b"application/json, text/plain, */*"})
_USUAL = frozenset({"query", "variables", "operationName"})
_MAX_BODY_BYTES = 256 * 1024


class ShortWay:
    """Answers what it knows, and hands everything else on."""

    def __init__(self, app: ASGIApp, sockets: Sockets) -> None:
        """Stand before an application.

        Args:
            app: The long way.
            sockets: Serves the same at the same path over WebSocket.
        """
        self.sockets = sockets
        self._app = app
        self._path = sockets.path
        self._schema = sockets.schema
        self._database = sockets.database
        self._sign_in = sockets.sign_in

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or socket."""
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] != self._path:
            await self._app(scope, receive, send)
            return
        authorization = _authorization(scope)
        viewer, claims = self._look_at(authorization)
        if viewer is None and claims is None:
            await self._app(scope, receive, send)
            return
        taken = await _taken(receive)
        asked = _asked(taken)
        known = None if asked is None else self._schema.known(asked.query, asked.operation_name)
        if known is not None and claims is not None:
            viewer = await self._admit(claims, authorization)
        if asked is None or known is None or known.is_subscription or viewer is None:
            await self._app(scope, _beginning_with(taken, receive), send)
            return
        connection = ConnectionContext(self._database, viewer)
        result = await self._schema.execute_known(known, asked.variables, connection)
        await _respond(send, as_json(result))

    def _look_at(self, authorization: bytes | None) -> tuple[Viewer | None, Claims | None]:
        """Return whom a token is known to stand for, or what it says where that must be looked up; else neither."""
        if authorization is None:
            return None, None
        viewer = self._sign_in.remembered(authorization)
        if viewer is not None:
            return viewer, None
        try:
            return None, self._sign_in.verify(authorization.decode("latin-1"))
        except InvalidToken:
            return None, None

    async def _admit(self, claims: Claims, authorization: bytes | None) -> Viewer | None:
        """Return the user of a token that was not remembered; None where the long way must say what is wrong."""
        try:
            return await self._sign_in.admit(claims, None if authorization is None else authorization.decode("latin-1"))
        except (InvalidToken, SQLAlchemyError, OSError):
            return None


def _authorization(scope: Scope) -> bytes | None:
    """Return the authorization of a request that wants JSON for JSON; None for one with any other wish."""
    authorization: bytes | None = None
    content_type: bytes | None = None
    for name, value in scope["headers"]:
        if name == b"authorization":
            if authorization is not None:
                return None
            authorization = value
        elif name == b"content-type":
            content_type = value
        elif name == b"accept" and value not in _ANY:
            return None
    return authorization if content_type in _JSON and not scope["query_string"] else None


async def _taken(receive: Receive) -> list[Message]:
    """Return the messages of a request's body: all of them, or as many as show that it is too large."""
    taken: list[Message] = []
    size = 0
    while size <= _MAX_BODY_BYTES:
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
    body = b"".join(message.get("body", b"") for message in messages)
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(content, dict) or not content.keys() <= _USUAL:
        return None
    return operation_request(content)


def _beginning_with(taken: list[Message], receive: Receive) -> Receive:
    """Return a `receive` that gives the messages that were taken already, then the others."""
    again = iter(taken)

    async def receive_again() -> Message:
        message = next(again, None)
        return await receive() if message is None else message

    return receive_again


async def _respond(send: Send, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
