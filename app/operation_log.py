"""A line in the log for each operation.

There are thousands of them in a second, so a line is put together from parts that are JSON already: what many lines
have in common is written out once.
"""

import time

import orjson

from app.observability.log_writer import LogWriter
from app.observing import FAILED, ObservedOperation


class OperationLog:
    """An `Observer` that writes a line of JSON for each operation."""

    def __init__(self, lines: LogWriter) -> None:
        """Write nothing yet.

        Args:
            lines: Where lines are written.
        """
        self._lines = lines
        self._second = 0
        self._instant = ""
        self._parts: dict[tuple[str, str, str, str], str] = {}

    def ended(self, operation: ObservedOperation) -> None:
        """Write a line."""
        now = time.time()
        second = int(now)
        if second != self._second:
            self._second = second
            self._instant = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        key = (operation.kind, operation.name, operation.transport, operation.outcome)
        part = self._parts.get(key)
        if part is None:
            part = self._parts[key] = _part(*key)
        trace = "" if operation.trace_id is None else f',"trace_id":"{operation.trace_id}"'
        self._lines.write(
            f'{{"time":"{self._instant}.{int((now - second) * 1000):03d}Z",{part},"ms":{operation.seconds * 1000:.3f},'
            f'"cost":{operation.cost},"request_id":"{operation.request_id}","user":"{operation.user_id}"{trace}}}\n'
        )


def _part(kind: str, name: str, transport: str, outcome: str) -> str:
    """Return what the lines of operations have in common that are alike in these."""
    alike = {
        "level": "ERROR" if outcome == FAILED else "INFO",
        "event": "operation",
        "operation": name,
        "kind": kind,
        "transport": transport,
        "outcome": outcome,
    }
    return orjson.dumps(alike)[1:-1].decode()
