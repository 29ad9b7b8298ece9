"""`/graphql`: who may come in, over HTTP and over WebSocket."""

import asyncio
import logging
from datetime import UTC, datetime
from typing import Any

import orjson
from cross_web import HTTPException
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import ClientDisconnect, Request
from starlette.websockets import WebSocket
from strawberry.exceptions import ConnectionRejectionError
from strawberry.fastapi import GraphQLRouter
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import ConnectionInitMessage
from strawberry.types.unset import UNSET, UnsetType
from uuid_utils.compat import uuid4

from app.sign_in import SignIn
from app.tokens import Claims, InvalidToken
from db.database import Database
from schema.build import OrderShareSchema
from schema.context import ConnectionContext
from schema.request_errors import BAD_USER_INPUT

GRAPHQL_PATH = "/graphql"

_FORBIDDEN = 4403
_OUR_FAULT = 1011
_CLIENT_GONE = 499

_log = logging.getLogger(__name__)


class SignedInContext(ConnectionContext):
    """The context of a request or socket, with the time until which its token holds."""

    expires_at: datetime | None = None


class ExpiringSocket(BaseGraphQLTransportWSHandler[SignedInContext, None]):
    """A socket that closes with 4403 when the token it was opened with expires."""

    _expiry: asyncio.Task[None] | None = None

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        """Open the socket, and set its end."""
        try:
            await super().handle_connection_init(message)
        except (SQLAlchemyError, OSError):
            _log.exception("a socket could not be opened")
            await self.websocket.close(_OUR_FAULT, "Something failed on our side.")
            return
        if self.connection_acknowledged and self._expiry is None:
            self._expiry = asyncio.create_task(self._close_at_expiry())

    async def shutdown(self) -> None:
        """End the socket's operations and the wait for its end."""
        if self._expiry is not None:
            self._expiry.cancel()
        await super().shutdown()

    async def _close_at_expiry(self) -> None:
        if self.context.expires_at is None:
            return
        await asyncio.sleep((self.context.expires_at - datetime.now(UTC)).total_seconds())
        try:
            await self.websocket.close(_FORBIDDEN, "Token expired")
        except (WebSocketDisconnected, RuntimeError):
            return


class GraphQLEndpoint(GraphQLRouter[SignedInContext, None]):
    """Strawberry's router, behind a token; GraphiQL itself opens without one."""

    graphql_transport_ws_handler_class = ExpiringSocket

    def __init__(self, schema: OrderShareSchema, database: Database, sign_in: SignIn) -> None:
        """Serve the schema over the database to those whose tokens verify."""
        self._database = database
        self._sign_in = sign_in
        super().__init__(
            schema,
            path=GRAPHQL_PATH,
            context_getter=self._new_context,
            subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL],
        )

    async def _new_context(self) -> SignedInContext:
        # A coroutine function: FastAPI would run a plain one in a thread, and the client may be gone meanwhile.
        return SignedInContext(self._database)

    async def run(self, request: Any, context: Any = UNSET, root_value: Any = UNSET) -> Any:
        """Answer a request, or serve a socket."""
        if isinstance(request, WebSocket):
            return await super().run(request, context, root_value)
        try:
            if not self.should_render_graphql_ide(self.request_adapter_class(request)):
                authorization = request.headers.get("authorization")
                claims = self._sign_in.verify(authorization)
                # Before anything else is waited for: what was sent whole is done, though its sender hangs up.
                await request.body()
                await self._admit(context, claims, authorization)
            return await super().run(request, context, root_value)
        except ClientDisconnect:
            return Response(status_code=_CLIENT_GONE)
        except InvalidToken:
            refusal = _error_response(401, "UNAUTHENTICATED", "A valid bearer token is needed.")
            refusal.headers["WWW-Authenticate"] = "Bearer"
            return refusal
        except HTTPException as fault:
            return _error_response(fault.status_code, BAD_USER_INPUT, fault.reason)
        except (SQLAlchemyError, OSError):
            request_id = uuid4().hex
            _log.exception("request %s failed", request_id)
            return _error_response(500, "INTERNAL", "Something failed on our side.", requestId=request_id)

    async def on_ws_connect(self, context: SignedInContext) -> UnsetType | dict[str, object] | None:
        """Admit a socket by the token in its `connection_init` payload, or in the handshake's header.

        Raises:
            ConnectionRejectionError: Where no token verifies; the socket closes with 4403.
        """
        offered = context.connection_params or {}
        authorization = next((value for name, value in offered.items() if name.lower() == "authorization"), None)
        if authorization is None and isinstance(context.request, Request | WebSocket):
            authorization = context.request.headers.get("authorization")
        try:
            await self._admit(context, self._sign_in.verify(authorization))
        except InvalidToken:
            raise ConnectionRejectionError from None
        answered: UnsetType = UNSET
        return answered

    async def _admit(self, context: SignedInContext, claims: Claims, authorization: object = None) -> None:
        context.viewer = await self._sign_in.admit(claims, authorization)
        context.expires_at = claims.expires_at

    async def parse_http_body(self, request: Any) -> Any:
        """Read the request.

        Raises:
            HTTPException: 400 where the body is JSON, but no request.
        """
        try:
            return await super().parse_http_body(request)
        except (AttributeError, TypeError, UnicodeDecodeError):
            raise HTTPException(400, "The body must be a JSON object with a `query`.") from None

    def decode_json(self, data: str | bytes) -> object:
        """Read JSON; what is not JSON by the letter, such as half a surrogate pair, is refused."""
        return orjson.loads(data)

    def encode_json(self, data: object) -> str:
        """Write JSON, as text for a socket's frames."""
        return orjson.dumps(data).decode()


def _error_response(status: int, code: str, message: str, **extensions: str) -> Response:
    return JSONResponse({"errors": [{"message": message, "extensions": {"code": code, **extensions}}]}, status)
