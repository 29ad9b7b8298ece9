"""How long the server takes, less what the machine takes: it also serves whatever else runs on it."""

import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tests.attacks.served import Served


class Start(NamedTuple):
    """When a request began, and how many seconds client and server waited for a processor before."""

    at: float
    client_waited: float
    server_waited: float


class Stopwatch:
    """Takes the times of a client's requests; of one thread."""

    def __init__(self, server: Served) -> None:
        """Measure a server from the thread that calls this."""
        self._server = server
        self._own = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")

    def start(self) -> Start:
        """Return the beginning of a request."""
        return Start(time.monotonic(), *self._waited())

    def seconds(self, start: Start) -> float:
        """Return how long a request has taken.

        Client and server may wait at the same time, so only the longer of their waits counts as the machine's.
        """
        client, server = self._waited()
        waited = max(client - start.client_waited, server - start.server_waited)
        return max(time.monotonic() - start.at - waited, 0.0)

    def _waited(self) -> tuple[float, float]:
        client = int(self._own.read_text().split()[1]) / 1e9
        # A server that has ended waits for nothing.
        with suppress(OSError):
            return client, self._server.kept_waiting()
        return client, 0.0
