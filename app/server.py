"""The HTTP server."""

import asyncio
import gc
import logging
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import uvicorn
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from sqlalchemy import make_url
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp
from uvicorn.config import STARTUP_FAILURE

from app.budgets import Budgets
from app.choose_signals import choose_signals
from app.choose_verifier import choose_verifier
from app.demonstration_data import ACCESS_PATH, DemonstrationData
from app.endpoint import GraphQLEndpoint
from app.graphiql import GraphiQL
from app.health import health_routes
from app.http.uvicorn_protocol import CoalescingHttpProtocol
from app.metrics_page import CountedRequests, MetricsPage
from app.observability.logs import FLUSH_SECONDS, log_through_queue, standard_error
from app.observers import Observers
from app.operations import Operations
from app.settings import Settings, SettingsError, load_settings, unknown_settings
from app.shared_numbers import shared_numbers, sharing_numbers
from app.short_way import ShortWay
from app.shutdown import Server, WorkerConfig, exit_on_signals
from app.sign_in import SignIn, Verifier
from app.sockets import Sockets
from app.sweeper import sweep_for_ever
from app.terminals_page import terminals_routes
from app.websocket.protocol import WebSocketProtocol
from app.workers import Workers
from db.database import Database
from schema.build import build_schema

_GRAPHQL_PATH = "/graphql"
_DRAIN_SECONDS = 10
_WORKER_STARTS_SECONDS = 60
"""A worker that does not answer its supervisor for so long is replaced. On a machine with much to do it needs long to
start, and would otherwise be replaced again and again before it has."""

_OBJECTS_BETWEEN_COLLECTIONS = 20_000

_log = logging.getLogger(__name__)


def create_app(
    database: Database, tokens: Verifier, settings: Settings, demonstration: DemonstrationData | None = None
) -> ShortWay:
    """Return the application: `/graphql`, `/healthz`, `/readyz` and `/metrics`; `WebSocketProtocol` serves sockets.

    Args:
        database: Where everything is kept; closed when the application ends.
        tokens: Verifies who comes in.
        settings: What is open, and how much a client may do.
        demonstration: What is told to the pages of a demonstration; None where it is none.

    Raises:
        SettingsError: Where a setting has the wrong form.
    """
    app = FastAPI(title="ordershare", lifespan=_lifespan, openapi_url=None, docs_url=None, redoc_url=None)
    observers = Observers(settings)
    sockets = _sockets(database, tokens, settings, observers)
    sockets.is_traced = observers.traces is not None
    seconds = settings.request_seconds
    page = MetricsPage(observers.metrics, sockets, settings.checked_metrics_token(), shared_numbers(), seconds)
    app.state.database, app.state.tokens = database, tokens
    app.state.observers, app.state.metrics_page, app.state.request_seconds = observers, page, seconds
    graphiql = _graphiql(settings, demonstration)
    endpoint = GraphQLEndpoint(sockets, graphiql=graphiql, most_bytes=settings.max_request_bytes)
    app.router.routes += [*health_routes(database, tokens), *_pages(graphiql, demonstration)]
    app.router.routes.append(Route(_GRAPHQL_PATH, CountedRequests(endpoint, observers.metrics)))
    if settings.shows_metrics:
        app.router.routes.append(Route("/metrics", page, methods=["GET"]))
    if sockets.origins.allowed:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=sorted(sockets.origins.allowed),
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "Last-Event-ID"],
            expose_headers=["Retry-After"],
        )
    # Before the application and all its middleware: what it knows needs none of them.
    return ShortWay(app, sockets, observers.metrics)


def _graphiql(settings: Settings, demonstration: DemonstrationData | None) -> GraphiQL | None:
    if not settings.shows_graphiql:
        return None
    return GraphiQL(settings.checked_graphiql_cdn(), "" if demonstration is None else ACCESS_PATH)


def _pages(graphiql: GraphiQL | None, demonstration: DemonstrationData | None) -> Sequence[BaseRoute]:
    """Return what browsers are served beside the API."""
    return [
        *([] if graphiql is None else graphiql.routes),
        *([] if demonstration is None else [*demonstration.routes, *terminals_routes()]),
    ]


def _sockets(database: Database, tokens: Verifier, settings: Settings, observers: Observers) -> Sockets:
    schema = build_schema(settings.limits(introspection=settings.shows_schema))
    budgets = Budgets(
        database,
        settings.checked_budget("user"),
        settings.checked_budget("organisation"),
        settings.checked_budget_store(),
    )
    return Sockets(
        _GRAPHQL_PATH,
        Operations(schema, settings.checked_documents(), settings.request_seconds, observers.all),
        database,
        SignIn(tokens, database),
        spend=budgets.spend,
        origins=settings.checked_origins(),
        limits=settings.socket_limits,
        watcher=observers.metrics,
    )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    database: Database = app.state.database
    tokens: Verifier = app.state.tokens
    try:
        await database.signals.start()
        await tokens.start()
    except Exception:
        # uvicorn tells of it in a text, which the log leaves out.
        _log.exception("the application cannot start")
        raise
    chores = [
        sweep_for_ever(database),
        app.state.metrics_page.share_for_ever(),
        database.loans.report_for_ever(app.state.request_seconds),
    ]
    tasks = [asyncio.create_task(chore) for chore in chores]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await tokens.stop()
        await database.signals.stop()
        await database.close()
        await asyncio.to_thread(app.state.observers.end)


def _leave_what_is_there_to_itself() -> None:
    """Have the garbage collector look at what requests leave behind, seldom, and not at the program again and again.

    An answer of hundreds of small objects, which are gone with it, would set it off with nearly every request.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)


def application() -> ASGIApp:
    """Return the application of one worker, by the settings of the environment.

    Raises:
        SettingsError: Where a setting is missing or unsafe.
    """
    settings = load_settings()
    log_through_queue(settings.log_form)
    return _application(settings)


def _application(settings: Settings, demonstration: DemonstrationData | None = None) -> ASGIApp:
    tokens = choose_verifier(settings)
    database = Database(settings.checked_database_url(), choose_signals(settings), settings.timeouts)
    app = create_app(database, tokens, settings, demonstration)
    _leave_what_is_there_to_itself()
    return app


def serve(settings: Settings, workers: int = 1, demonstration: DemonstrationData | None = None) -> None:
    """Serve until the process is told to stop.

    Args:
        settings: The settings; several workers read those of the environment.
        workers: How many processes serve.
        demonstration: What is told to the pages of a demonstration, which one process serves.

    Raises:
        SettingsError: Where a setting is missing or unsafe.
    """
    if workers > 1 and make_url(settings.checked_database_url()).get_backend_name() == "sqlite":
        raise SettingsError("Several workers need PostgreSQL: set ORDERSHARE_DATABASE_URL, or serve by one.")
    log_through_queue(settings.log_form)
    for name in unknown_settings():
        _log.warning("%s is no setting", name)
    try:
        if not _run(_config(settings, workers, _application(settings, demonstration))):
            sys.exit(STARTUP_FAILURE)
    finally:
        standard_error.flush(FLUSH_SECONDS)


def _config(settings: Settings, workers: int, app: ASGIApp) -> uvicorn.Config:
    _log.info("serving on http://%s:%d/graphql", settings.host, settings.port)
    kind = uvicorn.Config if workers == 1 else WorkerConfig
    return kind(
        app if workers == 1 else "app.server:application",
        factory=workers > 1,
        workers=workers,
        host=settings.host,
        port=settings.port,
        http=CoalescingHttpProtocol,
        ws=WebSocketProtocol,  # type: ignore[arg-type]  # uvicorn's types know no buffered protocol
        # What uvicorn tells goes the way of all other lines.
        log_config=None,
        access_log=False,
        server_header=False,
        # Nothing here asks for the client's address, which a proxy would tell in headers.
        proxy_headers=False,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
        timeout_worker_healthcheck=_WORKER_STARTS_SECONDS,
    )


def _run(config: uvicorn.Config) -> bool:
    """Serve until a signal ends the process; return whether serving had begun at all."""
    exit_on_signals()
    if config.workers > 1:
        with sharing_numbers():
            workers = Workers(config)
            workers.run()
        return not workers.failed_to_start
    server = Server(config)
    server.run()
    return server.started
