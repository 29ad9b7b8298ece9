"""Several processes that serve one port."""

from uvicorn.config import STARTUP_FAILURE, Config
from uvicorn.supervisors import Multiprocess


class Workers(Multiprocess):
    """uvicorn's supervisor, which replaces a worker as soon as it dies, whatever it was doing."""

    def __init__(self, config: Config) -> None:
        """Take the port; no worker runs yet.

        Args:
            config: What each worker serves, and how many there are.
        """
        super().__init__(config, [config.bind_socket()])

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
