"""The replicas of a run: processes that serve, and are started again whenever they end."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.integration.served_demonstration import REPOSITORY, environment
from tests.ports import free_port
from tests.world import SECRET

_SERVES = b"Uvicorn running on"
_PAUSE_SECONDS = 0.3


class Replica:
    """One process at a time, on a port of its own."""

    def __init__(self, name: str, program: Sequence[str], settings: dict[str, str], log: Path) -> None:
        """Choose the port; nothing runs yet.

        Args:
            name: What the report calls it.
            program: What Python is to run, with its arguments.
            settings: The settings, each without its prefix.
            log: Where its log goes.
        """
        self.name = name
        self.port = free_port()
        self._program = program
        self._environment = environment(
            **{f"ORDERSHARE_{name}": value for name, value in settings.items()},
            ORDERSHARE_JWT_SECRET=SECRET,
            ORDERSHARE_PORT=str(self.port),
        )
        self._log = log
        self._process: Process | None = None
        self._serves = asyncio.Event()
        self._ended = asyncio.Event()

    async def run(self) -> None:
        """Have a process serve, and another one when it ends, whatever it ends of."""
        with self._log.open("ab", buffering=0) as log:
            while True:
                self._ended.clear()
                process = await asyncio.create_subprocess_exec(
                    sys.executable, *self._program, cwd=REPOSITORY, env=self._environment, stderr=PIPE
                )
                self._process = process
                try:
                    assert process.stderr is not None
                    async for line in process.stderr:
                        log.write(line)
                        if _SERVES in line:
                            self._serves.set()
                    await process.wait()
                finally:
                    self._serves.clear()
                    self._ended.set()
                    with suppress(ProcessLookupError):
                        process.kill()
                    await process.wait()
                # It ends at once where PostgreSQL is away: whatever starts it again leaves a moment between.
                await asyncio.sleep(_PAUSE_SECONDS)

    async def serves(self) -> None:
        """Return when it serves."""
        await self._serves.wait()

    def send(self, number: signal.Signals) -> None:
        """Send the process a signal, if there is one."""
        with suppress(ProcessLookupError):
            if self._process is not None:
                self._process.send_signal(number)

    async def end(self, number: signal.Signals) -> None:
        """End the process by a signal, and return when another one serves."""
        await self.serves()
        self.send(number)
        await self._ended.wait()
        await self.serves()


@asynccontextmanager
async def running(replicas: Sequence[Replica]) -> AsyncIterator[None]:
    """Run replicas as long as the context lasts; it begins when all of them serve."""
    tasks = [asyncio.create_task(replica.run()) for replica in replicas]
    try:
        async with asyncio.timeout(60):
            await asyncio.gather(*(replica.serves() for replica in replicas))
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
