"""The server as an operator starts it, and breaks it: in a process of its own, always at the same address."""

import asyncio
import json
import signal
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.integration.served_demonstration import REPOSITORY, environment
from tests.ports import free_port
from tests.served_world import Server
from tests.world import FAMILY, SECRET, World

EXAMPLES = REPOSITORY / "examples"

_SERVES = b"Uvicorn running on"
_PATIENCE_SECONDS = 60


class House(Server):
    """A server that comes and goes.

    Attributes:
        world: What it serves.
        serves: Whether it does now.
    """

    def __init__(self, world: World, database_url: str, home: Path) -> None:
        """Describe it; it does not serve yet.

        Args:
            world: What it serves.
            database_url: Where that is kept.
            home: A directory for what is written beside.
        """
        super().__init__(free_port())
        self.world = world
        self.serves = asyncio.Event()
        self._home = home
        given = {"DATABASE_URL": database_url, "JWT_SECRET": SECRET, "PORT": self.port}
        self._environment = environment(**{f"ORDERSHARE_{name}": str(value) for name, value in given.items()})
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it, and return when it serves."""
        with (self._home / "server.log").open("ab") as log:
            process = await self._run("serve", stderr=log)
        self._process = process
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while _SERVES not in (self._home / "server.log").read_bytes():
                assert process.returncode is None, (self._home / "server.log").read_text()
                await asyncio.sleep(0.05)
        self.serves.set()

    async def kill(self) -> None:
        """End it as a power cut would, with kill -9."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """Tell it to end, as whoever brings a new version does."""
        await self._end(signal.SIGTERM)

    def freeze(self) -> None:
        """Let it say nothing more, while its connections stay open."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def token_file(self, viewer: str, lifetime: timedelta = timedelta(hours=1)) -> Path:
        """Return a file that has a token, from now on the given one."""
        path = self._home / f"{viewer}.token"
        fresh = path.with_suffix(".fresh")
        fresh.write_text(self.world.token(viewer, lifetime) + "\n")
        fresh.replace(path)
        return path

    async def log(self, after: int = 0) -> list[dict[str, Any]]:
        """Return the events of the family's log after a sequence, as it is exported, each as the examples print it."""
        process = await self._run("export", "--organisation", FAMILY, stdout=asyncio.subprocess.PIPE)
        written, _ = await process.communicate()
        assert process.returncode == 0
        lines = [json.loads(line) for line in written.splitlines()]
        return [_as_printed(line) for line in lines if line["kind"] == "event" and line["sequence"] > after]

    async def _run(self, *arguments: str, **streams: Any) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "app", *arguments, cwd=REPOSITORY, env=self._environment, **streams
        )

    async def _end(self, how: signal.Signals) -> None:
        self.serves.clear()
        if self._process is not None:
            self._process.send_signal(how)
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._process.wait()
            self._process = None
            (self._home / "server.log").unlink()


def _as_printed(line: dict[str, Any]) -> dict[str, Any]:
    words = line["event"].split("_")
    return {
        "__typename": "".join(word.capitalize() for word in words),
        **{name: line[name] for name in ("id", "sequence", "order", "status") if line.get(name)},
    }
