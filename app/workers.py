"""Several processes that serve one port."""

import signal
from types import FrameType

from uvicorn.config import STARTUP_FAILURE, Config
from uvicorn.server import HANDLED_SIGNALS
from uvicorn.supervisors import Multiprocess

from app.shutdown import SignalCount, end_at_once


class Workers(Multiprocess):
    """uvicorn's supervisor, which replaces a worker as soon as it dies, and ends at once by a second signal."""

    def __init__(self, config: Config) -> None:
        """Take the port; no worker runs yet.

        Args:
            config: What each worker serves, and how many there are.
        """
        super().__init__(config, [config.bind_socket()])
        self._signals = SignalCount()
        for number in HANDLED_SIGNALS:
            signal.signal(number, self._take_signal)

    @property
    def failed_to_start(self) -> bool:
        """Whether the workers have ended because one could not start serving."""
        return any(process.exitcode == STARTUP_FAILURE for process in self.processes)

    def keep_subprocess_alive(self) -> None:
        """Replace the workers that are dead, or do not answer."""
        for process in self.processes:
            # The supervisor has the worker's end of their pipe as well. While that is open, the answer of a worker
            # that has died is waited for as long as one that is slow may take, and no other worker is looked after.
            process.child_conn.close()
        super().keep_subprocess_alive()

    def _take_signal(self, number: int, _frame: FrameType | None) -> None:
        """Have the workers drain by the first signal; kill them by the second."""
        if self._signals.is_second():
            for process in self.processes:
                process.kill()
            end_at_once(number)
        self.signal_queue.append(number)
