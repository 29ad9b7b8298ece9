"""`/graphql` over HTTP: who may come in, what they ask, and how they are answered.

What request and answer look like is said by https://graphql.github.io/graphql-over-http/draft/. No form of another site
can ask in a user's name: a token comes in a header, which a form cannot send, and never by itself, as a cookie does.
"""

import logging
from http import HTTPStatus
from uuid import UUID

from fastapi.responses import JSONResponse, Response
from graphql import GraphQLError
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType
from uuid_utils.compat import uuid4

from app.graphiql import GraphiQL
from app.http.negotiation import JSON, Accepted, accepted
from app.http_answer import http_answer
from app.http_request import RefusedRequest, read_request
from app.sockets import Sockets
from app.stream_answer import SubscriptionResponse
from app.streams import FRAMINGS, Framing
from app.tokens import Claims, InvalidToken, SignInUnavailable
from domain.people import Viewer
from execution.subscriptions import Subscribed
from schema.delivery.encoded_event import as_json
from schema.request_errors import INTERNAL, RATE_LIMITED, UNAUTHENTICATED, UNAVAILABLE

_CLIENT_GONE = 499
_METHODS = "GET, POST"
_HTML = "text/html"

_log = logging.getLogger(__name__)


class GraphQLEndpoint:
    """Answers HTTP requests, as an ASGI application."""

    def __init__(self, sockets: Sockets, *, graphiql: GraphiQL | None, most_bytes: int) -> None:
        """Serve those whose tokens verify.

        Args:
            sockets: Serves the same over WebSocket, and all who listen.
            graphiql: What a browser is shown, which opens without a token; None for nothing.
            most_bytes: How long the body of a request may be.
        """
        self._sockets = sockets
        self._sign_in = sockets.sign_in
        self._most_bytes = most_bytes
        self._graphiql = graphiql

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        request = Request(scope, receive)
        try:
            response = self._shown(request) or await self._answer(request)
        except ClientDisconnect:
            response = Response(status_code=_CLIENT_GONE)
        except SignInUnavailable:
            away = "Tokens cannot be verified at the moment."
            refusal = RefusedRequest(HTTPStatus.SERVICE_UNAVAILABLE, away, UNAVAILABLE, {"Retry-After": "10"})
            response = _refused(request, refusal)
        except InvalidToken:
            refusal = RefusedRequest(HTTPStatus.UNAUTHORIZED, "A valid bearer token is needed.", UNAUTHENTICATED)
            refusal.headers["WWW-Authenticate"] = "Bearer"
            response = _refused(request, refusal)
        except RefusedRequest as refusal:
            response = _refused(request, refusal)
        except Exception:
            request_id = uuid4().hex
            _log.exception("request %s failed", request_id)
            fault = RefusedRequest(HTTPStatus.INTERNAL_SERVER_ERROR, "Something failed on our side.", INTERNAL)
            response = _refused(request, fault, requestId=request_id)
        await response(scope, receive, send)

    def _shown(self, request: Request) -> Response | None:
        """Return the page for a browser that asks for nothing."""
        wanted = accepted(request.headers.get("accept")).best(_HTML)
        if self._graphiql is None or wanted is None or request.method != "GET" or "query" in request.query_params:
            return None
        return self._graphiql.page(request.headers.get("host", ""))

    async def _answer(self, request: Request) -> Response:
        if request.method not in _METHODS.split(", "):
            message = f"Send a request by {_METHODS.replace(', ', ' or ')}."
            raise RefusedRequest(HTTPStatus.METHOD_NOT_ALLOWED, message, headers={"Allow": _METHODS})
        authorization = request.headers.get("authorization")
        claims = await self._sign_in.verify(authorization)
        wanted = accepted(request.headers.get("accept"))
        stream = wanted.best(*FRAMINGS)
        if wanted.json is None and stream is None:
            raise RefusedRequest(HTTPStatus.NOT_ACCEPTABLE, f"Accept {JSON}, or a stream for a subscription.")
        # Before anything else is waited for: what was sent whole is done, though its sender hangs up.
        try:
            asked = await read_request(request, self._most_bytes)
        except RefusedRequest as refusal:
            return await self._refuse(request, refusal, await self._sign_in.admit(claims, authorization))
        viewer = await self._sign_in.admit(claims, authorization)
        connection = self._sockets.connection(viewer)
        connection.traceparent = self._sockets.traceparent(request.scope)
        connection.resume_after = request.headers.get("last-event-id") or None
        try:
            result = await self._sockets.operations.begin(asked, connection, _allowed(request, stream))
        except InvalidOperationTypeError as fault:
            raise _not_here(fault.operation_type) from None
        framing = None if stream is None else FRAMINGS[stream]()
        subscribed = Subscribed.within(result.data)
        if subscribed is not None and framing is not None:
            return self._stream(subscribed, framing, claims, viewer.user_id)
        if wanted.json is None and framing is not None:
            return Response(framing.opening + framing.last(as_json(result)), media_type=framing.media_type)
        return _in_one_piece(result, wanted)

    async def _refuse(self, request: Request, refusal: RefusedRequest, viewer: Viewer) -> Response:
        """Return the answer to a request that cannot be read, which is charged like a document that is refused."""
        error = GraphQLError(refusal.message, extensions={"code": refusal.code})
        result = await self._sockets.operations.schema.refuse("", error, self._sockets.connection(viewer))
        if result.errors == [error]:
            return _refused(request, refusal)
        response = _in_one_piece(result, accepted(request.headers.get("accept")))
        # Among them that the connection closes, where the body is not read.
        response.headers.update(refusal.headers)
        return response

    def _stream(self, subscribed: Subscribed, framing: Framing, claims: Claims, user_id: UUID) -> Response:
        place = self._sockets.connection_quota.reserve(user_id)
        if place is None:
            raise RefusedRequest(
                HTTPStatus.TOO_MANY_REQUESTS,
                "You have too many streams open; end one.",
                RATE_LIMITED,
                {"Retry-After": "1"},
            )
        return SubscriptionResponse(self._sockets, subscribed, framing, claims, place)


def _allowed(request: Request, stream: str | None) -> frozenset[OperationType]:
    """Return which kinds of operations a request may ask for."""
    kinds = {OperationType.QUERY}
    if request.method == "POST":
        kinds.add(OperationType.MUTATION)
    if stream is not None:
        kinds.add(OperationType.SUBSCRIPTION)
    return frozenset(kinds)


def _not_here(kind: OperationType) -> RefusedRequest:
    if kind is OperationType.MUTATION:
        return RefusedRequest(HTTPStatus.METHOD_NOT_ALLOWED, "Send a mutation by POST.", headers={"Allow": "POST"})
    return RefusedRequest(
        HTTPStatus.NOT_ACCEPTABLE,
        f"A subscription needs a WebSocket, or a request that accepts {' or '.join(FRAMINGS)}.",
    )


def _in_one_piece(result: ExecutionResult, wanted: Accepted) -> Response:
    answer = http_answer(result, wanted.json or JSON)
    response = Response(answer.body, answer.status)
    response.raw_headers = answer.headers
    return response


def _refused(request: Request, refusal: RefusedRequest, **extensions: str) -> Response:
    error = {"message": refusal.message, "extensions": {"code": refusal.code, **extensions}}
    media_type = accepted(request.headers.get("accept")).json or JSON
    return JSONResponse({"errors": [error]}, refusal.status, refusal.headers, f"{media_type}; charset=utf-8")
