"""A shell that stays open while a page's commands are typed into it."""

import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

_PATIENCE_SECONDS = 240
_END = "--- the commands have ended:"


class Shell:
    """An open shell."""

    def __init__(self, typed: IO[str], printed: IO[str]) -> None:
        self._typed = typed
        self._printed = printed
        self.transcript: list[str] = []

    def run(self, commands: str) -> tuple[int, str]:
        """Type commands, and return the last one's exit code and what all of them print."""
        self._typed.write(f"{commands}\nprintf '\\n{_END} %s\\n' $?\n")
        self._typed.flush()
        lines: list[str] = []
        for line in self._printed:
            if line.startswith(_END):
                return int(line.removeprefix(_END)), "".join(lines)
            lines.append(line)
            self.transcript.append(line)
        raise AssertionError("The shell has ended:\n" + "".join(lines))

    def let(self, name: str, value: str) -> None:
        """Set a variable."""
        self.run(f"export {name}='{value}'")

    def wait_for(self, sign: str) -> str:
        """Return all that was printed, once there is a line with a sign: what goes on in the background prints late."""
        while not any(sign in line for line in self.transcript):
            line = self._printed.readline()
            assert line, "The shell has ended:\n" + "".join(self.transcript)
            self.transcript.append(line)
        return "".join(self.transcript)


@contextmanager
def open_shell(home: Path, environment: Mapping[str, str]) -> Iterator[Shell]:
    """Open a shell in a folder; whatever it has started ends with it."""
    with subprocess.Popen(
        "bash",
        cwd=home,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        # Then all that is started in it is one group.
        start_new_session=True,
    ) as process:
        guard = threading.Timer(_PATIENCE_SECONDS, os.killpg, (process.pid, signal.SIGKILL))
        guard.start()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Shell(process.stdin, process.stdout)
        finally:
            guard.cancel()
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
