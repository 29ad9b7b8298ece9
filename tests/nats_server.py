"""A server of NATS from its wheel, for the tests of one process."""

import socket
import subprocess
import sysconfig
import time
from contextlib import suppress
from pathlib import Path

from tests.ports import free_port

_PROGRAM = Path(sysconfig.get_path("scripts")) / "nats-server"
_START_SECONDS = 20.0


class NatsServer:
    """A server on a port of its own, which can be killed and started again."""

    def __init__(self) -> None:
        """Choose the port; nothing runs yet."""
        self.port = free_port()
        self.url = f"nats://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *arguments: str) -> None:
        """Start it, by other arguments than its own where some are given, and return when it takes connections."""
        command = [str(_PROGRAM), *(arguments or ("--addr", "127.0.0.1", "--port", str(self.port)))]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
        raise TimeoutError("NATS has not started")

    def kill(self) -> None:
        """End it without a word to its clients."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
