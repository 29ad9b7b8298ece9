"""How often writers have waited for each other: the lock order is to make that impossible."""

import asyncpg
from sqlalchemy import make_url

from db.database import Database
from tests.rooms import CLEANER
from tests.servers import plain_url

_OTHERS = (
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name <> $1"
)
_DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


async def deadlocks(database: Database, url: str) -> int:
    """Return how many deadlocks PostgreSQL has broken up; none on SQLite, which has one writer at a time."""
    if make_url(url).get_backend_name() != "postgresql":
        return 0
    # A connection reports what it has counted when it ends, at the latest.
    await database.close()
    connection = await asyncpg.connect(plain_url(url))
    try:
        while await connection.fetchval(_OTHERS, CLEANER):
            pass
        counted: int = await connection.fetchval(_DEADLOCKS)
        return counted
    finally:
        await connection.close()
