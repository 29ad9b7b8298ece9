"""What attackers have in common: whom they attack, as whom, and how they say what came of it."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

from tests.soak.target import Target

_FAULT = 500


class Surprise(Exception):
    """The attack achieved what it must not; the argument says what."""


@dataclass(frozen=True, kw_only=True)
class Attack:
    """One attack.

    Attributes:
        target: The server.
        user: The reference of the attacker's user, which no other kind of attacker uses.
        token: The user's `Authorization`.
        number: Which attack of its kind it is; what the server has seen before is answered otherwise.
        chance: Decides what is left to chance.
    """

    target: Target
    user: str
    token: str
    number: int
    chance: Random


Outcomes: TypeAlias = Iterable[str]
"""How the server answered, in a few words; one for each answer."""


@dataclass(frozen=True, kw_only=True)
class Attacker:
    """A kind of attacker.

    Attributes:
        name: Its name on the command line.
        what: What it does.
        every: How many seconds it is from the beginning of one attack to the next.
        attack: Attacks once. It is bounded in what it sends, holds and takes.
    """

    name: str
    what: str
    every: float
    attack: Callable[[Attack], Awaitable[Outcomes]]


def status_outcome(status: int) -> str:
    """Return the outcome of an answer with a status.

    Raises:
        Surprise: Where the server has a fault: nothing that a client sends may be one.
    """
    if status == _FAULT:
        raise Surprise("HTTP 500")
    return f"HTTP {status}" if status else "closed"
