"""`/metrics`, for Prometheus: the numbers of this process, or of all that share its port."""

import asyncio
import hmac
import logging
from contextlib import suppress

from prometheus_client import ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import CollectorRegistry
from pydantic import SecretStr
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.metric_families import Families, Snapshot, merged
from app.metrics import Metrics, executed, present
from app.shared_numbers import SharedNumbers
from app.sockets import Sockets

_LAG_SECONDS = 1.0
"""How long the database may take to tell how long the logs are: without it there are numbers enough."""

_SHARE_SECONDS = 1.0

_log = logging.getLogger(__name__)


class MetricsPage:
    """Answers with the metrics, as an ASGI application."""

    def __init__(
        self,
        metrics: Metrics,
        sockets: Sockets,
        token: SecretStr,
        shared: SharedNumbers | None,
        request_seconds: float,
    ) -> None:
        """Show what is counted.

        Args:
            metrics: What is counted.
            sockets: What serves those who listen.
            token: What must be given as bearer token; empty for nothing.
            shared: The numbers of the processes on the same port; None where there are no others.
            request_seconds: How long an operation may take.
        """
        self._metrics = metrics
        self._sockets = sockets
        secret = token.get_secret_value()
        self._authorization = f"Bearer {secret}".encode() if secret else None
        self._shared = shared
        self._request_seconds = request_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        response = await self._answer(Request(scope))
        await response(scope, receive, send)

    async def share_for_ever(self) -> None:
        """Leave the numbers of this process for the others on its port, again and again, and at its end."""
        if self._shared is None:
            return
        try:
            while True:
                numbers = {**self._counted(), **await self._present()}
                try:
                    await asyncio.to_thread(self._shared.leave, numbers)
                except OSError as fault:
                    _log.warning("other workers cannot be told what was counted: %s", type(fault).__name__)
                await asyncio.sleep(_SHARE_SECONDS)
        finally:
            with suppress(OSError):
                self._shared.leave(self._counted())

    async def _answer(self, request: Request) -> Response:
        if self._authorization is not None:
            given = request.headers.get("authorization", "").encode("latin-1")
            if not hmac.compare_digest(given, self._authorization):
                return PlainTextResponse("A valid bearer token is needed.\n", 401, {"WWW-Authenticate": "Bearer"})
        numbers = {**self._counted(), **await self._present()}
        # Not in the loop: thousands of lines would keep all others waiting.
        text = await asyncio.to_thread(_written, numbers, self._shared)
        return Response(text, headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    def _counted(self) -> Snapshot:
        return {**self._metrics.counted(), **executed(self._sockets)}

    async def _present(self) -> Snapshot:
        lag = float("nan")
        with suppress(SQLAlchemyError, OSError, TimeoutError):
            async with asyncio.timeout(_LAG_SECONDS):
                lag = await self._sockets.database.tails.most_behind()
        return present(self._sockets, lag, self._request_seconds)


class CountedRequests:
    """Counts how the requests to an application are answered."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        """Stand before an application."""
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._metrics.answered(scope["method"], message["status"])
            await send(message)

        await self._app(scope, receive, send_on)


def _written(numbers: Snapshot, shared: SharedNumbers | None) -> bytes:
    registry = CollectorRegistry()
    if shared is None:
        ProcessCollector(registry=registry)
    others = [] if shared is None else shared.of_others()
    registry.register(Families(merged([numbers, *others])))
    return generate_latest(registry)
