"""How several processes on one port answer as one when they are asked for their metrics.

Whoever of them is asked knows its own numbers as they are. Those of the others are in files, at most a second old;
what a process had counted stays when it ends.
"""

import json
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from app.metric_families import DESCRIBED, Snapshot

_DIRECTORY = "ORDERSHARE_SHARED_NUMBERS"


class SharedNumbers:
    """The files of the processes that share a port.

    Attributes:
        file: The one of this process.
    """

    def __init__(self, directory: Path) -> None:
        """Be one of them, which has left nothing yet.

        Args:
            directory: Where all of them leave their numbers.
        """
        self._directory = directory
        # A process may get the id of one that has ended.
        self.file = directory / f"{os.getpid()}-{time.time_ns()}"

    def leave(self, numbers: Snapshot) -> None:
        """Leave the numbers of this process: the others see all of them, or those before."""
        content = {name: [[labels, list(each)] for labels, each in given.items()] for name, given in numbers.items()}
        unfinished = self.file.with_suffix(".new")
        unfinished.write_text(json.dumps(content))
        unfinished.rename(self.file)

    def of_others(self) -> Sequence[Snapshot]:
        """Return what the other processes have left; of those that live no more, only what they had counted."""
        files = [file for file in self._directory.iterdir() if not file.suffix and file != self.file]
        return [_read(file, lives=_lives(int(file.name.partition("-")[0]))) for file in sorted(files)]


def shared_numbers() -> SharedNumbers | None:
    """Return where this process leaves its numbers; None where it has its port for itself."""
    directory = os.environ.get(_DIRECTORY)
    return None if directory is None else SharedNumbers(Path(directory))


@contextmanager
def sharing_numbers() -> Iterator[None]:
    """Have the processes that are begun meanwhile share their numbers."""
    with tempfile.TemporaryDirectory(prefix="ordershare-metrics-", ignore_cleanup_errors=True) as directory:
        os.environ[_DIRECTORY] = directory
        try:
            yield
        finally:
            del os.environ[_DIRECTORY]


def _read(file: Path, *, lives: bool) -> Snapshot:
    content = json.loads(file.read_text())
    return {
        name: {tuple(labels): numbers for labels, numbers in given}
        for name, given in content.items()
        if name in DESCRIBED and (lives or not DESCRIBED[name].is_present)
    }


def _lives(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True
