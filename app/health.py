"""What a process tells of itself to whoever decides where requests go."""

import asyncio

from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.routing import Route

from app.sign_in import Verifier
from db.database import Database
from db.migrations.runner import has_newest_revision, newest_revision

_ANSWER_SECONDS = 2.0
"""How long the database may take to answer: who probes gives up soon after."""

_NO_ANSWER = "the database does not answer"


def health_routes(database: Database, tokens: Verifier) -> list[Route]:
    """Return `/healthz`, that the process lives, and `/readyz`, that it can serve.

    Args:
        database: Must answer within two seconds, with the current schema.
        tokens: Must be able to verify tokens.
    """
    probe = _DatabaseProbe(database)

    async def healthz(_: Request) -> JSONResponse:
        return JSONResponse({"status": "alive"})

    async def readyz(_: Request) -> JSONResponse:
        hindrance = await probe.hindrance()
        if hindrance is None and not tokens.is_ready:
            hindrance = "the issuer's keys are not there"
        return JSONResponse({"status": hindrance or "ready"}, 503 if hindrance else 200)

    return [Route("/healthz", healthz), Route("/readyz", readyz)]


class _DatabaseProbe:
    """Asks the database whether it can be used; those who ask at the same time share one question.

    So a database that hangs has one connection of the pool waiting for it, however often it is asked for.
    """

    def __init__(self, database: Database) -> None:
        """Ask nothing yet, but know what to ask for."""
        newest_revision()
        self._database = database
        self._asking: asyncio.Task[str | None] | None = None

    async def hindrance(self) -> str | None:
        """Return why the database cannot be used, or None; within two seconds, whatever the database does."""
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
            self._asking.add_done_callback(self._asked)
        done, _ = await asyncio.wait((self._asking,), timeout=_ANSWER_SECONDS)
        return done.pop().result() if done else _NO_ANSWER

    async def _ask(self) -> str | None:
        try:
            async with asyncio.timeout(_ANSWER_SECONDS), self._database.engine.connect() as connection:
                current = await connection.run_sync(has_newest_revision)
        except (SQLAlchemyError, OSError):
            return _NO_ANSWER
        return None if current else "the database's schema is not current"

    def _asked(self, _: asyncio.Task[str | None]) -> None:
        self._asking = None
