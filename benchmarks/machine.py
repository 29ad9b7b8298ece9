"""The machine and the versions that figures hold for."""

import json
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from benchmarks.contestants import NODE, PEERS
from benchmarks.interpreter import describe_python
from tests.servers import postgresql_program

_GIGABYTE = 2**30


def describe_machine() -> str:
    """Return a sentence that names the machine and how busy it was."""
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.machine(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / _GIGABYTE
    return (
        f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB of memory, {platform.system()} {platform.release()}; "
        f"load average before the run {os.getloadavg()[0]:.1f}"
    )


def describe_versions() -> str:
    """Return a sentence with the versions of all that was measured."""
    pinned = json.loads((PEERS / "package.json").read_text())["dependencies"]
    named = [
        describe_python(),
        f"Strawberry {version('strawberry-graphql')}",
        _answer_of(postgresql_program("postgres")).replace("postgres (PostgreSQL)", "PostgreSQL"),
        f"Node.js {_answer_of(NODE)}",
        *(f"{name} {pinned[name]}" for name in ("mercurius", "graphql-yoga", "postgraphile", "graphql-ws")),
        f"picows {version('picows')}",
    ]
    return ", ".join(named)


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()


def _answer_of(program: Path) -> str:
    return subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout.strip()
