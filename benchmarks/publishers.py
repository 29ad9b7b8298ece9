"""The process that publishes, as the benchmark holds it."""

import json
import os
import subprocess
import sys
from types import TracebackType
from typing import IO, Self

from benchmarks.processes import ROOT
from benchmarks.publisher import DATABASE, METHOD, TARGET, Task

_STOP_SECONDS = 10.0


class Publisher:
    """Publishes for one server, for as long as the `with` block lasts."""

    def __init__(self, database_url: str, method: str, target: str) -> None:
        """Describe the process.

        Args:
            database_url: Where our log is.
            method: How a peer is asked; empty for our log.
            target: The organisation, or the peer's port.
        """
        self._environment = {DATABASE: database_url, METHOD: method, TARGET: target}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "benchmarks.publisher"]
        environment = {**os.environ, **self._environment}
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._line()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        if self._process is None:
            return
        self._pipe(self._process.stdin).close()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._pipe(self._process.stdout).close()

    def begin(self, task: Task) -> None:
        """Have events published, and do not wait for it."""
        pipe = self._pipe(self._process.stdin if self._process else None)
        pipe.write(json.dumps(task).encode() + b"\n")
        pipe.flush()

    def published(self) -> list[int]:
        """Return when the events of the task were published, by the monotonic clock in nanoseconds."""
        times: list[int] = json.loads(self._line())
        return times

    def _line(self) -> bytes:
        line = self._pipe(self._process.stdout if self._process else None).readline()
        if not line:
            raise RuntimeError("the process that publishes has ended; what it printed says why")
        return line

    @staticmethod
    def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
        assert pipe is not None
        return pipe
