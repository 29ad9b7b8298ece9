"""The Python that servers are measured with: the fastest that the machine has, as the Node.js of the peers is one.

How CPython was built matters: builds with profile-guided optimisation, which distributions and container images have
and version managers often leave out, run the same loop in three quarters of the time.
"""

import json
import platform
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

from benchmarks.processes import ROOT

_NAME = f"python{sys.version_info.major}.{sys.version_info.minor}"
_HOME = Path(__file__).parent / ".build" / "python"
_LOCK = ROOT / "requirements.lock"
_WORTH_IT = 0.9
"""Another interpreter is taken where it needs at most this share of the time."""

_TIMED = """
import json, platform, time

def work():
    total = 0
    for number in range(200_000):
        total += len({"number": number, "text": str(number)})
    return total

def timed():
    begin = time.process_time()
    work()
    return time.process_time() - begin

print(json.dumps([platform.python_version(), min(timed() for _ in range(7))]))
"""


class Interpreter(NamedTuple):
    """A Python.

    Attributes:
        program: It.
        version: Its version.
        seconds: What a loop takes.
    """

    program: Path
    version: str
    seconds: float


@cache
def server_python() -> Interpreter:
    """Return the Python that runs this, or another of the same version that is clearly faster.

    What the servers need is installed for it first, as it is pinned.
    """
    own = _timed(Path(sys.executable))
    found = {shutil.which(_NAME), shutil.which(_NAME, path="/usr/local/bin"), shutil.which(_NAME, path="/usr/bin")}
    others = [_timed(Path(program)) for program in found if program is not None]
    fastest = min(others, key=lambda each: each.seconds, default=own)
    return _equipped(fastest) if fastest.seconds < own.seconds * _WORTH_IT else own


def _timed(program: Path) -> Interpreter:
    answer = subprocess.run([program, "-c", _TIMED], check=True, capture_output=True, text=True).stdout
    version, seconds = json.loads(answer)
    return Interpreter(program, version, seconds)


def _equipped(interpreter: Interpreter) -> Interpreter:
    """Return the interpreter in an environment of its own, with what is pinned."""
    program, installed = _HOME / "bin" / "python", _HOME / ".installed"
    if not installed.exists() or installed.stat().st_mtime < _LOCK.stat().st_mtime:
        subprocess.run([interpreter.program, "-m", "venv", "--clear", "--without-pip", _HOME], check=True)
        pip = [sys.executable, "-m", "pip", "--python", str(program), "install", "--quiet", "--require-hashes"]
        subprocess.run([*pip, "--requirement", _LOCK], check=True)
        installed.touch()
    return interpreter._replace(program=program)


def describe_python() -> str:
    """Return what a report says of the Python that the servers run on."""
    chosen = server_python()
    if chosen.program == Path(sys.executable):
        return f"Python {chosen.version}"
    return f"Python {chosen.version} (of those on the machine the fastest; {platform.python_version()} runs the rest)"
