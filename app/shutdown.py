"""How a server ends: a signal has it send what it owes, then exit with 0; a second signal ends it at once.

uvicorn drains, and then dies of the signal that it was sent, which looks like a crash to what started it.
"""

import signal
import time
from multiprocessing.util import Finalize
from types import FrameType

import uvicorn
from uvicorn.server import HANDLED_SIGNALS

from app.observability.logs import FLUSH_SECONDS, standard_error

_ONE_SIGNAL_SECONDS = 0.5
"""What comes twice within this time is one signal: `timeout` sends one to a process, and again to its group."""


class SignalCount:
    """Tells the second signal from the first one."""

    def __init__(self) -> None:
        """Count from 0."""
        self._first: float | None = None

    def is_second(self) -> bool:
        """Count a signal; return whether one came before it."""
        now = time.monotonic()
        if self._first is None:
            self._first = now
        return now - self._first > _ONE_SIGNAL_SECONDS


class Server(uvicorn.Server):
    """uvicorn's server, which a second signal ends at once."""

    def __init__(self, config: uvicorn.Config) -> None:
        """Create a server that does not serve yet.

        Args:
            config: What it serves, and where.
        """
        super().__init__(config)
        self._signals = SignalCount()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Drain by the first signal."""
        if self._signals.is_second():
            end_at_once(sig)
        # uvicorn would take one that comes twice for the wish to end without draining.
        if not self.should_exit:
            super().handle_exit(sig, frame)


class WorkerConfig(uvicorn.Config):
    """The configuration of several processes, each of which exits with 0 when its supervisor ends it."""

    def configure_logging(self) -> None:
        """Begin a process: uvicorn calls this first in each, before it takes over the signals."""
        exit_on_signals()
        Finalize(None, standard_error.flush, (FLUSH_SECONDS,), exitpriority=0)


def exit_on_signals() -> None:
    """Exit with 0 by a signal; uvicorn raises those that have ended it once more, when it has put this back."""
    for number in HANDLED_SIGNALS:
        signal.signal(number, _exit)


def end_at_once(number: int) -> None:
    """End by a signal, as a process does that has no handler for it.

    Args:
        number: The signal.
    """
    standard_error.flush(FLUSH_SECONDS)
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)


def _exit(*_: object) -> None:
    raise SystemExit(0)
