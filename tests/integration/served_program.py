"""The program as an operator runs it: a process of its own, of which all that it says is kept."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from tests.integration.served_demonstration import REPOSITORY, environment
from tests.ports import free_port
from tests.world import SECRET

_PATIENCE_SECONDS = 60


class Program:
    """A program that serves.

    Attributes:
        process: Its process, the supervisor where there are several.
        http: A client of it.
    """

    def __init__(self, process: subprocess.Popen[bytes], http: httpx.Client, said: Path) -> None:
        """Take what serves."""
        self.process = process
        self.http = http
        self._said = said

    @property
    def said(self) -> list[str]:
        """The lines that it has said so far."""
        return self._said.read_text(encoding="utf-8").splitlines()

    def end(self) -> None:
        """Have it end, and return when it has said all."""
        self.process.terminate()
        self.process.wait(_PATIENCE_SECONDS)


@contextmanager
def serving_program(said: Path, database_url: str, *arguments: str, **settings: str) -> Iterator[Program]:
    """Serve for as long as the context lasts.

    Args:
        said: The file for what it says.
        database_url: Where its database is.
        arguments: What follows `serve`.
        settings: Its settings, each without its prefix.
    """
    given = {"DATABASE_URL": database_url, "JWT_SECRET": SECRET, "PORT": str(free_port()), **settings}
    with (
        said.open("wb") as output,
        subprocess.Popen(
            [sys.executable, "-m", "app", "serve", *arguments],
            cwd=REPOSITORY,
            env=environment(**{f"ORDERSHARE_{name}": value for name, value in given.items()}),
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            # A connection for each request: several workers take turns then.
            limits = httpx.Limits(max_keepalive_connections=0)
            with httpx.Client(base_url=f"http://127.0.0.1:{given['PORT']}", timeout=30, limits=limits) as http:
                _wait(process, http, said)
                yield Program(process, http, said)
        finally:
            process.terminate()


def _wait(process: subprocess.Popen[bytes], http: httpx.Client, said: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        assert process.poll() is None, said.read_text()
        assert time.monotonic() < deadline
        with suppress(httpx.TransportError):
            http.get("/healthz")
            return
