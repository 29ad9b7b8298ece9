"""The attackers' process, as the run sees it."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from tests.integration.served_demonstration import REPOSITORY, environment
from tests.soak.observations import Attacked
from tests.soak.plan import Plan
from tests.soak.target import Target

_BEGIN_SECONDS = 60.0
_END_SECONDS = 90.0
_LINE_BYTES = 2**20


class AttackersEnded(Exception):
    """The attackers' process ended by itself, which is a fault of its own; its traceback is on the standard error."""


class Attackers:
    """A process that attacks."""

    def __init__(self, process: Process) -> None:
        """Name the process."""
        self._process = process

    async def attack(self, seconds: float) -> None:
        """Return when they have attacked for so many seconds.

        Raises:
            AttackersEnded: Where they end before.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                raise AttackersEnded(f"the attackers ended with {await self._process.wait()}")

    async def end(self) -> list[Attacked]:
        """End the attacks, and return what was done.

        Raises:
            AttackersEnded: Where they do not say it.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        said = b""
        with suppress(TimeoutError):
            async with asyncio.timeout(_END_SECONDS):
                said = await self._process.stdout.read()
                await self._process.wait()
        if not said:
            raise AttackersEnded("the attackers did not say what they did")
        return [Attacked(**each) for each in json.loads(said)]


@asynccontextmanager
async def attackers(plan: Plan, target: Target) -> AsyncIterator[Attackers]:
    """Have a process attack as long as the context lasts, which begins when it attacks.

    Raises:
        AttackersEnded: Where it does not begin.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.soak.attackers"),
        cwd=REPOSITORY,
        env=environment(),
        stdin=PIPE,
        stdout=PIPE,
        limit=_LINE_BYTES,
    )
    try:
        assert process.stdin is not None
        given = {"target": target.as_json(), "only": list(plan.only), "seed": plan.seed}
        process.stdin.write(json.dumps(given).encode() + b"\n")
        assert process.stdout is not None
        begun = b""
        with suppress(TimeoutError):
            async with asyncio.timeout(_BEGIN_SECONDS):
                begun = await process.stdout.readline()
        if not begun:
            raise AttackersEnded("the attackers did not begin")
        yield Attackers(process)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
