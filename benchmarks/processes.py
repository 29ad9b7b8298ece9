"""Server processes of this machine: started, made to pause while others are measured, and what CPU they have used."""

import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).parent.parent
"""The directory of the project, from which servers are started."""

_MILLISECONDS_PER_TICK = 1000 / os.sysconf("SC_CLK_TCK")
_START_SECONDS = 60.0
_STOP_SECONDS = 20.0


def _fields_of(process_id: int) -> list[str]:
    """Return the fields of `/proc/PID/stat` from the state on; the name before them may hold anything."""
    return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()


def children_of(process_id: int) -> list[int]:
    """Return the ids of the processes that a process has started and that still live."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int(_fields_of(int(entry.name))[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
            if parent == process_id:
                found.append(int(entry.name))
    return found


def cpu_milliseconds(process_id: int) -> float:
    """Return what a process and its children have used so far, user and system, also those that have ended."""
    total = 0
    for member in (process_id, *children_of(process_id)):
        try:
            fields = _fields_of(member)
        except (FileNotFoundError, ProcessLookupError):
            continue  # It ended between the two looks; its parent counts it from now on.
        # utime and stime; of the parent cutime and cstime too, which are those of children that have ended.
        total += sum(int(field) for field in fields[11 : 15 if member == process_id else 13])
    return total * _MILLISECONDS_PER_TICK


class ServerProcess:
    """A server that listens on 127.0.0.1, for as long as the `with` block lasts."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], port: int, log: Path) -> None:
        """Describe the process.

        Args:
            command: The program and its arguments.
            environment: What is set on top of this process's environment.
            port: Where it will listen.
            log: The file that takes what it prints.
        """
        self.port = port
        self._command = command
        self._environment = environment
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env={**os.environ, **self._environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            self._wait_until_it_answers()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self._end()

    @property
    def process_id(self) -> int:
        """The id of the running process."""
        assert self._process is not None
        return self._process.pid

    def pause(self) -> None:
        """Take the CPU away, so that what the server does beside requests is not counted in another's round."""
        os.kill(self.process_id, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it run again."""
        os.kill(self.process_id, signal.SIGCONT)

    def _wait_until_it_answers(self) -> None:
        ends = time.monotonic() + _START_SECONDS
        while time.monotonic() < ends:
            if self._process is None or self._process.poll() is not None:
                break
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5).close()
            except urllib.error.HTTPError:
                return  # Not found is an answer too.
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError(f"{' '.join(self._command)} did not start:\n{self._log.read_text()}")

    def _end(self) -> None:
        if self._process is None:
            return
        if self._process.poll() is None:
            self.resume()
            self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
