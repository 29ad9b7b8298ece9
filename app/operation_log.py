"""A line in the log for each operation.

There are thousands of them in a second, so a line is put together from parts that are JSON already: what many lines
have in common is written out once.
"""

import time

import orjson

from app.log_lines import GatheredLines
from app.observing import FAILED, ObservedOperation


class OperationLog:
    """An `Observer` that writes a line of JSON for each operation."""

    def __init__(self, lines: GatheredLines) -> None:
        """Write nothing yet.

        Args:
            lines: Where lines are written.
        """
        self._lines = lines
        self._second = 0
        self._instant = b""
        self._parts: dict[tuple[str, str, str, str], bytes] = {}

    def ended(self, operation: ObservedOperation) -> None:
        """Write a line."""
        now = time.time()
        second = int(now)
        if second != self._second:
            self._second = second
            self._instant = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)).encode()
        key = (operation.kind, operation.name, operation.transport, operation.outcome)
        part = self._parts.get(key)
        if part is None:
            part = self._parts[key] = _part(*key)
        trace = b"" if operation.trace_id is None else b',"trace_id":"%b"' % operation.trace_id.encode()
        line = b'{"time":"%b.%03dZ",%b,"ms":%.3f,"cost":%d,"request_id":"%b","user":"%b"%b}\n'
        self._lines.add(
            line
            % (
                self._instant,
                (now - second) * 1000,
                part,
                operation.seconds * 1000,
                operation.cost,
                operation.request_id.encode(),
                str(operation.user_id).encode(),
                trace,
            )
        )


def _part(kind: str, name: str, transport: str, outcome: str) -> bytes:
    """Return what the lines of operations have in common that are alike in these."""
    alike = {
        "level": "ERROR" if outcome == FAILED else "INFO",
        "event": "operation",
        "operation": name,
        "kind": kind,
        "transport": transport,
        "outcome": outcome,
    }
    return orjson.dumps(alike)[1:-1]
