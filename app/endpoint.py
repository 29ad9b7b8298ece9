"""`/graphql` over HTTP: who may come in, and what comes of a request that is none."""

import logging
from typing import Any

import orjson
from cross_web import HTTPException
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import ClientDisconnect
from strawberry.fastapi import GraphQLRouter
from strawberry.types.unset import UNSET
from uuid_utils.compat import uuid4

from app.sockets import Sockets
from app.stream_requests import answer_stream, stream_request
from app.tokens import InvalidToken
from schema.context import ConnectionContext
from schema.request_errors import BAD_USER_INPUT

_CLIENT_GONE = 499

_log = logging.getLogger(__name__)


class GraphQLEndpoint(GraphQLRouter[ConnectionContext, None]):
    """Strawberry's router, behind a token; GraphiQL itself opens without one."""

    def __init__(self, sockets: Sockets) -> None:
        """Serve those whose tokens verify.

        Args:
            sockets: Serves the same over WebSocket, and all who listen.
        """
        self._sockets = sockets
        self._database = sockets.database
        self._sign_in = sockets.sign_in
        super().__init__(
            sockets.schema,
            path=sockets.path,
            context_getter=self._new_context,
            subscription_protocols=[],
        )

    async def _new_context(self) -> ConnectionContext:
        # A coroutine function: FastAPI would run a plain one in a thread, and the client may be gone meanwhile.
        return ConnectionContext(self._database)

    async def run(self, request: Any, context: Any = UNSET, root_value: Any = UNSET) -> Any:
        """Answer a request."""
        try:
            if not self.should_render_graphql_ide(self.request_adapter_class(request)):
                authorization = request.headers.get("authorization")
                claims = self._sign_in.verify(authorization)
                # Before anything else is waited for: what was sent whole is done, though its sender hangs up.
                await request.body()
                context.viewer = await self._sign_in.admit(claims, authorization)
                asked = await stream_request(request)
                if asked is not None:
                    context.resume_after = request.headers.get("last-event-id") or None
                    return await answer_stream(self._sockets, asked, context, claims)
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
