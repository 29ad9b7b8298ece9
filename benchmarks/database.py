"""The PostgreSQL server that everything runs on, as durable as its users have it."""

import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from benchmarks.processes import ROOT, cpu_milliseconds
from tests.servers import EmbeddedPostgreSQL, plain_url

_SETTINGS = {
    "max_connections": "200",
    "unix_socket_directories": "",
    # All data fits, for every server alike; the rest, fsync and synchronous_commit among it, is PostgreSQL's default.
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "1h",
}


@dataclass(frozen=True)
class BenchmarkDatabase:
    """A migrated database on a PostgreSQL server of its own.

    Attributes:
        url: As the product's setting spells it.
        server: The server.
    """

    url: str
    server: EmbeddedPostgreSQL

    @property
    def plain_url(self) -> str:
        """The URL as PostgreSQL's own tools spell it."""
        return plain_url(self.url)

    def cpu_milliseconds(self) -> float:
        """Return what all processes of PostgreSQL have used so far."""
        return cpu_milliseconds(self.server.process_id())

    async def execute(self, *statements: str) -> None:
        """Run statements, each in a transaction of its own."""
        connection = await asyncpg.connect(self.plain_url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def value(self, query: str, *arguments: object) -> int:
        """Return the one number that a query answers."""
        connection = await asyncpg.connect(self.plain_url)
        try:
            return int(await connection.fetchval(query, *arguments))
        finally:
            await connection.close()

    def run_command(self, *arguments: str) -> str:
        """Run one of the product's own commands on the database, and return what it prints.

        Raises:
            RuntimeError: Where it fails.
        """
        finished = subprocess.run(
            [sys.executable, "-m", "app", *arguments],
            check=False,
            cwd=ROOT,
            env={**os.environ, "ORDERSHARE_DATABASE_URL": self.url},
            capture_output=True,
            text=True,
        )
        if finished.returncode != 0:
            raise RuntimeError(f"{' '.join(arguments)} failed:\n{finished.stdout}{finished.stderr}")
        return finished.stdout.strip()


@asynccontextmanager
async def benchmark_database() -> AsyncIterator[BenchmarkDatabase]:
    """Start a server, make the product's tables in it, and delete everything on leaving."""
    server = EmbeddedPostgreSQL(Path(tempfile.mkdtemp(prefix="ordershare-bench-")), _SETTINGS)
    try:
        database = BenchmarkDatabase(server.url(), server)
        database.run_command("migrate")
        yield database
    finally:
        server.stop()
