"""Ports for the servers that tests and benchmarks start."""

import os
import socket
from contextlib import closing, suppress
from itertools import cycle, islice

_PORTS = range(16_384, 32_768)
"""Below those that systems give to whoever connects: until the server listens, nobody comes by its port by chance."""

_APART = 997

# No process gives a port twice, and processes that start one after the other begin far from each other.
_candidates = islice(cycle(_PORTS), os.getpid() * _APART % len(_PORTS), None)


def free_port() -> int:
    """Return a port on which nothing listens."""
    while True:
        port = next(_candidates)
        with suppress(OSError), closing(socket.create_server(("127.0.0.1", port))):
            return port
