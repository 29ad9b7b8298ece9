"""The server in a process of its own, as an operator starts it, and what it has written and taken."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

from app.settings import Settings
from app.tokens import Tokens
from tests.integration.served_demonstration import REPOSITORY, environment
from tests.ports import free_port
from tests.served_world import Server
from tests.world import SECRET

_SERVES = "Uvicorn running on"
_START_SECONDS = 60
_LOG_SECONDS = 10


class Served(Server):
    """A server that runs.

    Attributes:
        process: The process.
    """

    def __init__(self, port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
        """Name it.

        Args:
            port: Where it listens.
            process: The process.
            log: Where it writes what happens.
        """
        super().__init__(port)
        self.process = process
        self._log = log
        self._tokens = Tokens(Settings(jwt_secret=SECRET))  # type: ignore[arg-type]  # pydantic makes it a SecretStr

    def token(self, viewer: str) -> str:
        """Return a token for a user."""
        return self._tokens.sign(viewer, timedelta(hours=1))

    def memory(self) -> int:
        """Return how many bytes of memory it has taken."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def descriptors(self, kind: str = "") -> int:
        """Return how many descriptors it has open.

        Args:
            kind: How the names of those that count begin, such as `socket`.
        """
        count = 0
        for each in Path(f"/proc/{self.process.pid}/fd").iterdir():
            with suppress(FileNotFoundError):
                count += str(each.readlink()).startswith(kind)
        return count

    def kept_waiting(self) -> float:
        """Return how many seconds it was ready to go on, and the machine had no processor for it."""
        process = self.process.pid
        return int(Path(f"/proc/{process}/task/{process}/schedstat").read_text().split()[1]) / 1e9

    def log(self) -> str:
        """Return what it has written; the last lines are written a moment after they are logged."""
        return self._log.read_text(encoding="utf-8")

    def wait_for_log(self, text: str) -> None:
        """Return when it has written a text.

        Raises:
            TimeoutError: Where it does not in time.
        """
        deadline = time.monotonic() + _LOG_SECONDS
        while text not in self.log():
            if time.monotonic() > deadline:
                raise TimeoutError(text)
            time.sleep(0.01)  # a file tells no one that it has grown


@contextmanager
def served(database_url: str, log: Path, **settings: object) -> Iterator[Served]:
    """Serve a database that is migrated.

    Args:
        database_url: The database.
        log: The file that what it writes goes to.
        settings: Settings, each without its prefix and in small letters.
    """
    port = free_port()
    given = {"database_url": database_url, "jwt_secret": SECRET, "port": port, **settings}
    variables = {f"ORDERSHARE_{name.upper()}": str(value) for name, value in given.items()}
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [sys.executable, "-m", "app", "serve"], cwd=REPOSITORY, env=environment(**variables), stderr=subprocess.PIPE
        ) as process,
    ):
        assert process.stderr is not None
        guard = threading.Timer(_START_SECONDS, process.kill)
        guard.start()
        said = b""
        for line in process.stderr:
            said += line
            if _SERVES.encode() in line:
                break
        guard.cancel()
        assert process.poll() is None, said.decode()
        # Whatever it writes must be read, or it would wait for that.
        writing = threading.Thread(target=_copy, args=(process.stderr, output))
        writing.start()
        try:
            yield Served(port, process, log)
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
            writing.join()


def _copy(source: object, target: object) -> None:
    for line in source:  # type: ignore[attr-defined]  # both are files
        target.write(line)  # type: ignore[attr-defined]
        target.flush()  # type: ignore[attr-defined]
