"""The servers of a run: PostgreSQL with a fresh database, NATS where it is wanted, and three replicas."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from tests.chaos.cast import populate
from tests.chaos.naive_log import SERIAL_ID
from tests.chaos.plan import Plan, SignalKind
from tests.chaos.replicas import Replica, running
from tests.nats_server import NatsServer
from tests.servers import EmbeddedPostgreSQL, migrate, plain_url, postgresql_database

# What is committed must outlive a crash of the server, so it is not as careless as that of other tests.
SETTINGS = {"fsync": "off", "max_connections": "200", "unix_socket_directories": ""}


@dataclass(frozen=True)
class Stage:
    """The servers of a run."""

    postgresql: EmbeddedPostgreSQL
    database_url: str
    nats: NatsServer | None
    replicas: list[Replica]

    @property
    def ports(self) -> list[int]:
        """Where the replicas serve."""
        return [replica.port for replica in self.replicas]


@contextmanager
def own_postgresql() -> Iterator[EmbeddedPostgreSQL]:
    """Have a server of PostgreSQL that may crash, in a directory that is deleted with it."""
    postgresql = EmbeddedPostgreSQL(Path(tempfile.mkdtemp(prefix="ordershare-chaos-postgresql-")), SETTINGS)
    try:
        yield postgresql
    finally:
        postgresql.stop()


@asynccontextmanager
async def set_up(plan: Plan, postgresql: EmbeddedPostgreSQL, logs: Path) -> AsyncIterator[Stage]:
    """Have replicas serve a database with the run's people and orders, as long as the context lasts.

    Args:
        plan: The run.
        postgresql: Where the database is.
        logs: The directory for the replicas' logs.
    """
    with ExitStack() as servers:
        server_url = await asyncio.to_thread(postgresql.url)
        making = postgresql_database(server_url)
        url = await asyncio.to_thread(making.__enter__)
        try:
            await asyncio.to_thread(migrate, url)
            await populate(url)
            if plan.naive:
                await _execute(url, SERIAL_ID)
            nats = NatsServer() if plan.signal is SignalKind.NATS else None
            if nats is not None:
                nats.start()
                servers.callback(nats.kill)
            replicas = [_replica(plan, number, url, nats, logs) for number in (1, 2, 3)]
            async with running(replicas):
                yield Stage(postgresql, url, nats, replicas)
        finally:
            await asyncio.to_thread(making.__exit__, None, None, None)


def _replica(plan: Plan, number: int, url: str, nats: NatsServer | None, logs: Path) -> Replica:
    options = [
        *([f"--clock={plan.clock}"] if number == 3 else []),
        *(["--own-signals"] if plan.signal is SignalKind.IN_PROCESS else []),
        *(["--naive-log"] if plan.naive else []),
    ]
    program = ["-m", "tests.chaos.start", *options] if options else ["-m", "app", "serve"]
    settings = {"DATABASE_URL": url, "SIGNAL_URL": nats.url if nats else ""}
    return Replica(f"replica {number}", program, settings, logs / f"{plan.signal}-replica-{number}.log")


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(plain_url(url))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
