"""A server whose standard error is a pipe that is not read: it serves on, and counts what the log lacks."""

import json
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.settings import Settings
from app.tokens import Tokens
from tests.attacks.raw_client import connected
from tests.integration.served_demonstration import REPOSITORY, environment
from tests.metrics_reader import Read
from tests.ports import free_port
from tests.servers import sqlite_url
from tests.world import SECRET

_SECONDS = 60
_ME = "query Me { viewer { user { reference } } }"
_OPERATIONS = 9_000


class _Served:
    """A server, and the end of the pipe that it logs to."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int) -> None:
        self.process, self.port = process, port
        assert process.stderr is not None
        self._log = process.stderr

    def wait_until_it_serves(self) -> None:
        """Read the log up to the line that says so, and no further."""
        while b"Uvicorn running on" not in (line := self._log.readline()):
            assert line, "it has ended"

    def rest(self) -> list[dict[str, Any]]:
        """Read the log to its end."""
        return [json.loads(line) for line in self._log.read().splitlines()]

    def ask(self, token: str, times: int) -> None:
        """Send an operation again and again; each must be answered."""
        with connected(self.port, token) as client:
            for _ in range(times):
                assert client.ask(_ME).json["data"] == {"viewer": {"user": {"reference": "owner"}}}

    def dropped(self) -> float:
        """Return how many lines the log lacks, as the metrics report it."""
        return Read(httpx.get(f"http://127.0.0.1:{self.port}/metrics").text).one("log_lines_dropped_total")


@contextmanager
def _serving(database_url: str, **settings: str) -> Iterator[_Served]:
    port = free_port()
    given = {"DATABASE_URL": database_url, "JWT_SECRET": SECRET, "PORT": str(port), "LOG": "json", **settings}
    with subprocess.Popen(
        [sys.executable, "-m", "app", "serve"],
        cwd=REPOSITORY,
        env=environment(**{f"ORDERSHARE_{name}": value for name, value in given.items()}),
        stderr=subprocess.PIPE,
        bufsize=0,
    ) as process:
        guard = threading.Timer(110, process.kill)
        guard.start()
        try:
            served = _Served(process, port)
            served.wait_until_it_serves()
            yield served
        finally:
            guard.cancel()
            process.kill()


@pytest.fixture
def database(sqlite_world: Path, tmp_path: Path) -> str:
    """The URL of a database with the small world in it."""
    shutil.copyfile(sqlite_world, tmp_path / "ordershare.db")
    return sqlite_url(tmp_path / "ordershare.db")


def _token() -> str:
    settings = Settings(jwt_secret=SECRET)  # type: ignore[arg-type]  # pydantic makes it a SecretStr
    return Tokens(settings).sign("owner", timedelta(hours=1))


def test_thousands_of_operations_go_on_and_the_log_says_how_many_lines_it_lacks(database: str) -> None:
    with _serving(database) as served:
        token = _token()
        threads = [threading.Thread(target=served.ask, args=(token, _OPERATIONS // 3)) for _ in range(3)]
        for each in threads:
            each.start()
        for each in threads:
            each.join(_SECONDS)
        dropped = served.dropped()
        assert 0 < dropped < _OPERATIONS
        served.process.send_signal(signal.SIGTERM)
        lines = served.rest()
        assert served.process.wait(_SECONDS) == 0
    [notice] = [line for line in lines if "lines of the log were dropped" in line.get("message", "")]
    # What the server says of its end comes after, when there was room again, or is among what was dropped.
    assert (notice["level"], int(notice["message"].split()[0]) >= dropped) == ("WARNING", True)
    written = [line for line in lines if line["event"] == "operation"]
    assert len(written) == _OPERATIONS - dropped


def test_it_ends_with_0_though_its_log_is_not_read(database: str) -> None:
    with _serving(database) as served:
        served.ask(_token(), 1_000)
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(_SECONDS) == 0


@pytest.mark.parametrize("end", ["sys.exit(3)", "raise RuntimeError('the end')"])
def test_what_is_logged_just_before_a_crash_is_written(end: str) -> None:
    code = (
        "import logging, sys\n"
        "from app.observability.logs import log_through_queue\n"
        "log_through_queue('text')\n"
        "logging.getLogger('app').error('the reason')\n"
        f"{end}\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPOSITORY,
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=_SECONDS,
    )
    assert ended.returncode != 0
    assert "ERROR: the reason" in ended.stderr.splitlines()


def test_a_thread_that_writes_to_a_pipe_does_not_keep_a_crashed_program() -> None:
    """The pipe is full and never read, and the program ends all the same."""
    code = (
        "import logging\n"
        "from app.observability.logs import log_through_queue\n"
        "log_through_queue('text')\n"
        "for _ in range(100_000): logging.getLogger('app').error('a line')\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=REPOSITORY, stderr=subprocess.PIPE) as process:
        assert process.wait(_SECONDS) == 0


@pytest.mark.parametrize("form", ["json", "text"])
def test_what_python_itself_says_goes_the_same_way(form: str) -> None:
    code = (
        "import warnings\n"
        "from app.observability.logs import log_through_queue, standard_error\n"
        f"log_through_queue({form!r})\n"
        "class Falls:\n"
        "    def __del__(self): raise AttributeError('an attribute')\n"
        "Falls()\n"
        "warnings.warn('a warning', stacklevel=1)\n"
        "assert standard_error.flush(30)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
        encoding="utf-8",
        timeout=_SECONDS,
    )
    if form == "json":
        lines = [json.loads(line) for line in ended.stderr.splitlines()]
        assert [line["logger"] for line in lines] == ["app.observability.logs", "py.warnings"]
        assert lines[0]["faults"][0]["type"] == "AttributeError"
    else:
        assert ended.stderr.startswith("ERROR: an exception came up where nothing can catch it\n  AttributeError")
        assert "WARNING: <string>:7: UserWarning: a warning" in ended.stderr
