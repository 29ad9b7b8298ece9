"""A PostgreSQL database that is away for a while."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from sqlalchemy import make_url

from tests.servers import plain_url


@asynccontextmanager
async def outage(server_url: str, url: str) -> AsyncIterator[None]:
    """End all connections to the database at `url`, and let nobody connect as long as the context lasts."""
    name = make_url(url).database
    connection = await asyncpg.connect(plain_url(server_url))
    try:
        await connection.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false')
        try:
            await connection.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = $1", name
            )
            yield
        finally:
            await connection.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS true')
    finally:
        await connection.close()
