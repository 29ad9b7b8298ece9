"""How a server ends by a signal: with exit code 0 after it has sent what it owes, at once by a second signal."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import jwt
import pytest

from tests.attacks.raw_client import connected
from tests.integration.served_demonstration import REPOSITORY, environment
from tests.ports import free_port
from tests.world import SECRET

_SECONDS = 60
_DRAIN_SECONDS = 10

_EACH = pytest.mark.parametrize(
    ("database_url", "workers", "number"),
    [
        pytest.param("sqlite", 1, signal.SIGTERM, id="SIGTERM"),
        pytest.param("sqlite", 1, signal.SIGINT, id="SIGINT"),
        pytest.param("postgresql", 2, signal.SIGTERM, id="SIGTERM, workers"),
    ],
    indirect=["database_url"],
)


class _Served:
    def __init__(self, process: "subprocess.Popen[bytes]", port: int) -> None:
        self.process, self.port = process, port
        self.lines: list[dict[str, object]] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def messages(self) -> list[object]:
        """Return all messages, once the log has ended."""
        self._reader.join()
        return [line["message"] for line in self.lines if line["event"] == "log"]

    def _read(self) -> None:
        assert self.process.stderr is not None
        self.lines.extend(map(json.loads, self.process.stderr))


@contextmanager
def _serving(database_url: str, workers: int) -> Iterator[_Served]:
    """Serve by processes that have all begun."""
    port = free_port()
    given = {"DATABASE_URL": database_url, "JWT_SECRET": SECRET, "PORT": str(port), "LOG": "json"}
    with subprocess.Popen(
        [sys.executable, "-m", "app", "serve", "--workers", str(workers)],
        cwd=REPOSITORY,
        env=environment(**{f"ORDERSHARE_{name}": value for name, value in given.items()}),
        stderr=subprocess.PIPE,
    ) as process:
        guard = threading.Timer(100, process.kill)
        guard.start()
        try:
            served = _Served(process, port)
            _wait(served, workers)
            yield served
        finally:
            guard.cancel()
            process.kill()


def _wait(served: _Served, workers: int) -> None:
    deadline = time.monotonic() + _SECONDS
    begun = "Application startup complete."
    while sum(line.get("message") == begun for line in served.lines) < workers:
        assert served.process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    while True:
        try:
            assert httpx.get(f"http://127.0.0.1:{served.port}/healthz").status_code == 200
        except httpx.TransportError:
            assert time.monotonic() < deadline
        else:
            return


@_EACH
def test_a_signal_has_a_server_drain_and_exit_with_0(database_url: str, workers: int, number: signal.Signals) -> None:
    with _serving(database_url, workers) as served:
        served.process.send_signal(number)
        assert served.process.wait(_SECONDS) == 0
    messages = served.messages()
    assert messages.count("Application shutdown complete.") == workers
    # The last line of each process is there, too.
    assert sum(str(each).startswith("Finished server process") for each in messages) == workers


@_EACH
def test_a_signal_that_comes_twice_at_once_is_one(database_url: str, workers: int, number: signal.Signals) -> None:
    with _serving(database_url, workers) as served:
        for _ in range(2):
            served.process.send_signal(number)
        assert served.process.wait(_SECONDS) == 0
    assert served.messages().count("Application shutdown complete.") == workers


@_EACH
def test_a_second_signal_ends_a_server_at_once(database_url: str, workers: int, number: signal.Signals) -> None:
    # Whose token it is would be looked up when the body is there.
    token = jwt.encode({"sub": "any", "exp": time.time() + _SECONDS}, SECRET, algorithm="HS256")
    with _serving(database_url, workers) as served, connected(served.port, token) as client:
        # Its body never comes, so it would hold up the end for as long as draining may take.
        client.socket.sendall(client.head(1000) + b"{")
        began = time.monotonic()
        while served.process.poll() is None:
            assert time.monotonic() < began + _DRAIN_SECONDS / 2
            served.process.send_signal(number)
            time.sleep(0.1)
        assert served.process.returncode == -number
