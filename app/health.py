"""What a process tells of itself to whoever decides where requests go."""

from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.routing import Route

from app.sign_in import Verifier
from db.database import Database
from db.migrations.runner import has_newest_revision


def health_routes(database: Database, tokens: Verifier) -> list[Route]:
    """Return `/healthz`, that the process lives, and `/readyz`, that it can serve.

    Args:
        database: Must answer, with the current schema.
        tokens: Must be able to verify tokens.
    """

    async def healthz(_: Request) -> JSONResponse:
        return JSONResponse({"status": "alive"})

    async def readyz(_: Request) -> JSONResponse:
        hindrance = await _hindrance(database, tokens)
        return JSONResponse({"status": hindrance or "ready"}, 503 if hindrance else 200)

    return [Route("/healthz", healthz), Route("/readyz", readyz)]


async def _hindrance(database: Database, tokens: Verifier) -> str | None:
    """Return why nothing can be served now, or None."""
    try:
        async with database.engine.connect() as connection:
            current = await connection.run_sync(has_newest_revision)
    except (SQLAlchemyError, OSError):
        return "the database does not answer"
    if not current:
        return "the database's schema is not current"
    return None if tokens.is_ready else "the issuer's keys are not there"
