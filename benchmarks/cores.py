"""A core for the server and one for everything else, and what a process takes of the machine."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.processes import children_of


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """Run this process on one core for the `with` block; what it starts there stays on that core with all threads."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def pinned(process_id: int, core: int) -> Iterator[None]:
    """Keep processes of one thread each, one and those that it has started, on one core for the `with` block."""
    before = {each: os.sched_getaffinity(each) for each in (process_id, *children_of(process_id))}
    for each in before:
        os.sched_setaffinity(each, {core})
    try:
        yield
    finally:
        for each in (process_id, *children_of(process_id)):
            os.sched_setaffinity(each, before.get(each, before[process_id]))


def two_cores() -> tuple[int, int]:
    """Return a core for the server and one for the load.

    Raises:
        RuntimeError: Where there is one only.
    """
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise RuntimeError("To measure deliveries takes two cores: one for the server, one for the listeners.")
    return cores[0], cores[1]


def allow_many_files() -> None:
    """Let this process, and those that it starts, have as many sockets open as the system allows at all."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def resident_bytes(process_id: int) -> int:
    """Return how much memory a process has in use."""
    pages = int(Path(f"/proc/{process_id}/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def open_files(process_id: int) -> int:
    """Return how many files and sockets a process has open."""
    return len(os.listdir(f"/proc/{process_id}/fd"))
