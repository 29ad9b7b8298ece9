"""The programs that speak to the server by clients of GraphQL for JavaScript: what they need, and what they say."""

import asyncio
import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
OLDEST_NODE = 20
NO_NODE = f"The clients for JavaScript need Node.js {OLDEST_NODE} or newer and npm on the PATH."

_PATIENCE_SECONDS = 90


@cache
def node_is_there() -> bool:
    """Return whether the programs can run on this machine."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    version = subprocess.run([node, "--version"], check=True, capture_output=True, text=True).stdout
    return int(version.removeprefix("v").partition(".")[0]) >= OLDEST_NODE


def install(folder: Path = HERE) -> None:
    """Install the clients, as pinned, where that is not done yet; of several processes one does, and the others wait.

    Args:
        folder: Where they are pinned.

    Raises:
        RuntimeError: Where npm fails, with what it says.
    """
    lock, installed = folder / "package-lock.json", folder / "node_modules" / ".installed"
    pinned = lock.read_text()
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if installed.exists() and installed.read_text() == pinned:
            return
        finished = subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
            check=False,
            cwd=folder,
            env={**os.environ, "npm_config_update_notifier": "false"},
            capture_output=True,
            text=True,
        )
        if finished.returncode != 0:
            raise RuntimeError(f"npm ci failed with exit code {finished.returncode}:\n{finished.stderr}")
        installed.write_text(pinned)


class Program:
    """A program that runs."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Listen to a process."""
        assert process.stdout is not None
        self._process = process
        self._lines = process.stdout

    async def says(self) -> Any:
        """Return what it says next."""
        line = await self._lines.readline()
        if not line:
            await self._ends_well()
            raise AssertionError("The program has ended, and should have said more.")
        return json.loads(line)

    async def rest(self) -> list[Any]:
        """Return all that it says until its end, which must be a good one."""
        said = [json.loads(line) async for line in self._lines]
        await self._ends_well()
        return said

    async def fails(self) -> str:
        """Return what it complains of at its end, which must be a bad one, and what it has not said must be nothing."""
        said, complaints = await self._process.communicate()
        assert (said, self._process.returncode) == (b"", 1), complaints.decode()
        return complaints.decode()

    async def ends(self) -> list[Any]:
        """Tell it to end, and return what it says until then."""
        self._process.terminate()
        return await self.rest()

    async def is_killed(self) -> list[Any]:
        """Kill it, and return what it had said before."""
        self._process.kill()
        said = [json.loads(line) async for line in self._lines if line.endswith(b"\n")]
        await self._process.wait()
        return said

    async def _ends_well(self) -> None:
        assert self._process.stderr is not None
        complaints = (await self._process.stderr.read()).decode()
        assert (await self._process.wait(), complaints) == (0, ""), complaints


@asynccontextmanager
async def command(*words: str | Path, **environment: str) -> AsyncIterator[Program]:
    """Run a command for as long as the context lasts."""
    process = await asyncio.create_subprocess_exec(
        *words,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=2**20,
    )
    try:
        yield Program(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@asynccontextmanager
async def program(file: str, *arguments: str, **environment: str) -> AsyncIterator[Program]:
    """Run a program of this folder for as long as the context lasts."""
    async with (
        command("node", HERE / file, *arguments, **environment) as running,
        asyncio.timeout(_PATIENCE_SECONDS),
    ):
        yield running
