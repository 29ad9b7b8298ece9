"""Writes the lines of the log from a thread of its own, so that a pipe that is not read never stops the program.

A write to a full pipe blocks until the pipe is read. In the event loop it would hold up every client, for as long as
whatever collects the log stands still.
"""

import os
import select
import threading
from collections import deque
from collections.abc import Callable

STANDARD_ERROR = 2

CAPACITY_BYTES = 2 * 1024 * 1024
"""How much is kept while nothing can be written: about 7,000 lines of operations."""

_GATHER_SECONDS = 0.05
"""To write costs more than to make a line, so lines are gathered. They are lost only if the process is killed."""


class LogWriter:
    """A bounded queue of lines, and a thread that writes them. Lines that find the queue full are dropped and counted.

    Attributes:
        dropped: How many lines were dropped since the program began.
    """

    def __init__(
        self, notice: Callable[[int], str], descriptor: int = STANDARD_ERROR, capacity_bytes: int = CAPACITY_BYTES
    ) -> None:
        """Create an empty queue; the thread starts with the first line.

        Args:
            notice: Returns the line that says how many lines were dropped before it.
            descriptor: The file or pipe to write to.
            capacity_bytes: How much the queue holds.
        """
        self.dropped = 0
        self._notice = notice
        self._descriptor = descriptor
        self._capacity = capacity_bytes
        # A line, or an event to set when all lines before it are written. No lock: appending to a deque and taking from
        # it are atomic, and the size need not be exact.
        self._queue: deque[str | threading.Event] = deque()
        self._size = 0
        self._reported = 0
        self._is_awake = False
        self._wanted, self._urgent = threading.Event(), threading.Event()
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None

    def write(self, line: str) -> None:
        """Queue a line, which ends with a line break; this never waits for a reader."""
        if self._size >= self._capacity:
            self.dropped += 1
            return
        self._size += len(line)
        self._queue.append(line)
        if not self._is_awake:
            self._wake()

    def flush(self, seconds: float) -> bool:
        """Write what is queued now; return whether all of it is written.

        Args:
            seconds: How long this may take: a pipe that is not read stays full.
        """
        if self._thread is None:
            return True
        written = threading.Event()
        self._queue.append(written)
        self._urgent.set()
        self._wake()
        return written.wait(seconds)

    def _wake(self) -> None:
        self._is_awake = True
        self._wanted.set()
        if self._thread is None and self._start.acquire(blocking=False):
            # A daemon: the program ends also while the pipe is full.
            self._thread = threading.Thread(target=self._run, name="log writer", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            self._urgent.wait(_GATHER_SECONDS)
            self._wanted.clear()
            self._urgent.clear()
            # From here on whatever is queued wakes again, so that nothing is left behind.
            self._is_awake = False
            lines, flushed = self._take()
            if not write_all(self._descriptor, "".join(lines).encode()):
                self.dropped += len(lines)
            for each in flushed:
                each.set()

    def _take(self) -> tuple[list[str], list[threading.Event]]:
        """Take all that is queued: lines, and the events of those who wait for them.

        What was dropped came after what is queued, so its number is reported after these lines.
        """
        queued = [self._queue.popleft() for _ in range(len(self._queue))]
        self._size = 0
        lines = [each for each in queued if isinstance(each, str)]
        dropped, self._reported = self.dropped - self._reported, self.dropped
        if dropped:
            lines.append(self._notice(dropped))
        return lines, [each for each in queued if not isinstance(each, str)]


def write_all(descriptor: int, content: bytes) -> bool:
    """Write to a file or pipe, waiting for its reader; return False where there is no reader any more."""
    try:
        while content:
            try:
                content = content[os.write(descriptor, content) :]
            except BlockingIOError:
                # Another process that shares the pipe has made it non-blocking.
                select.select([], [descriptor], [])
    except OSError:
        return False
    return True
