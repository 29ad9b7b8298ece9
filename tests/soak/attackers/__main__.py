"""The attackers, in a process of their own: what they compute is not to look like a slow server to honest clients.

It reads one line of JSON from its standard input (whom to attack), writes an empty line when it begins, attacks until
its standard input ends, and then writes one line of JSON: what each attacker did.
"""

import asyncio
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from random import Random
from typing import Any

from websockets.exceptions import WebSocketException

from tests.soak.attackers.attack import Attack, Attacker, Surprise
from tests.soak.attackers.roster import ROSTER
from tests.soak.target import Target, attacking_member

_NICE = 5
"""Whoever has the processor last is the attacker: the clients and the server come first."""

_LONGEST_SECONDS = 60.0
_SURPRISES = 20


class Tally:
    """What one kind of attacker does."""

    def __init__(self, attacker: Attacker, number: int, target: Target, chance: Random) -> None:
        """Have attacked nobody; `has_attacked` is set when the first attack has ended.

        Args:
            attacker: The kind.
            number: Which of all it is: it has a user of its own.
            target: The server.
            chance: Decides what is left to chance.
        """
        self._attacker = attacker
        # The first user is an admin, who may too much.
        self._user = attacking_member(number + 1)
        self._target = target
        self._chance = chance
        self.has_attacked = asyncio.Event()
        self._attacks = 0
        self._answers: Counter[str] = Counter()
        self._surprises: list[str] = []

    async def attack_again_and_again(self) -> None:
        """Attack until cancelled."""
        await asyncio.sleep(self._chance.uniform(0, min(self._attacker.every, 5)))
        while True:
            began = time.monotonic()
            await self._attack()
            self.has_attacked.set()
            await asyncio.sleep(max(self._attacker.every - (time.monotonic() - began), 0.05))

    def as_json(self) -> dict[str, Any]:
        """Return what it has done."""
        return {
            "name": self._attacker.name,
            "what": self._attacker.what,
            "attacks": self._attacks,
            "answers": self._answers,
            "surprises": self._surprises,
        }

    async def _attack(self) -> None:
        attack = Attack(
            target=self._target,
            user=self._user,
            token=self._target.tokens[self._user],
            number=self._attacks,
            chance=self._chance,
        )
        self._attacks += 1
        try:
            async with asyncio.timeout(_LONGEST_SECONDS):
                self._answers.update(await self._attacker.attack(attack))
        except Surprise as surprise:
            self._answers[str(surprise)] += 1
            if len(self._surprises) < _SURPRISES:
                self._surprises.append(str(surprise))
        except (OSError, EOFError, WebSocketException) as fault:
            # Where the server is too busy or has hung up.
            self._answers[type(fault).__name__] += 1


async def _input_ends() -> None:
    """Return when the standard input ends."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()


async def _each_once(tallies: Sequence[Tally]) -> None:
    for tally in tallies:
        await tally.has_attacked.wait()


async def _attack(given: dict[str, Any]) -> None:
    target = Target(**given["target"])
    names = given["only"]
    tallies = [
        Tally(attacker, number, target, Random(f"{given['seed']} {attacker.name}"))
        for number, attacker in enumerate(ROSTER)
        if not names or attacker.name in names
    ]
    tasks = [asyncio.create_task(tally.attack_again_and_again()) for tally in tallies]
    ending = asyncio.create_task(_input_ends())
    print(flush=True)
    await asyncio.wait([ending, *tasks], return_when=asyncio.FIRST_COMPLETED)
    # However short the run, each attacks once.
    each_once = asyncio.create_task(_each_once(tallies))
    await asyncio.wait([each_once, *tasks], timeout=_LONGEST_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    each_once.cancel()
    for task in tasks:
        if task.done():
            # A fault of the attacker's own.
            task.result()
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task
    print(json.dumps([tally.as_json() for tally in tallies]), flush=True)


if __name__ == "__main__":
    os.nice(_NICE)
    asyncio.run(_attack(json.loads(sys.stdin.readline())))
