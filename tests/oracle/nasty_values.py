"""Values for the fields of the nasty schema: mostly good ones, and whatever else a resolver may come up with.

Everything is worked out from a seed: a world's own, then the fields and indexes on the way to the value. So both
executors meet the same values, whatever they do in which order.
"""

import asyncio
import math
import zlib
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from graphql import Undefined

from tests.oracle.nasty_words import Colour, Size

WILDNESS = (0, 0, 1, 4, 12)
"""How many of a hundred values are odd; a world's seed chooses."""


class NastyError(Exception):
    """What a field of the nasty schema raises."""


@dataclass(frozen=True)
class Seed:
    """Where a value comes from: the world, and the way to it."""

    world: int
    way: str = ""

    def __truediv__(self, step: object) -> "Seed":
        """Return the seed of what lies one step further."""
        return Seed(self.world, f"{self.way}/{step}")

    def roll(self, about: str, sides: int) -> int:
        """Return a number below `sides`, always the same for the same question."""
        return zlib.crc32(f"{self.world}{self.way}?{about}".encode()) % sides

    def is_odd(self, about: str) -> bool:
        """Return whether something odd happens here."""
        return self.roll(about, 100) < WILDNESS[self.world % len(WILDNESS)]


class Later:
    """An awaitable that can be awaited again, as often as its attribute is read."""

    def __init__(self, value: Any, turns: int) -> None:
        """Take how many turns of the loop it is until the value is there."""
        self._value = value
        self._turns = turns

    def __repr__(self) -> str:
        """Say the same in every run."""
        return f"<later {self._value!r}>"

    def __await__(self) -> Generator[Any, None, Any]:
        """Give the value, or raise it."""
        for _ in range(self._turns):
            yield from asyncio.sleep(0).__await__()
        if isinstance(self._value, NastyError):
            raise self._value
        return self._value


class ListOfAnotherClass(list[Any]):
    """A list that is not exactly one."""


class TextOfAnotherClass(str):
    """A text that is not exactly one."""

    __slots__ = ()


Maker = Callable[[Seed], Any]


def good_leaves() -> dict[str, list[Any]]:
    """Return values that are as they should be, for each kind of leaf."""
    return {
        "int": [0, 1, -7, 2**31 - 1, -(2**31)],
        "float": [0.5, -2.0, 1e300],
        "str": ["", "text", "é\n\"'\\"],
        "bool": [True, False],
        "id": ["1", "abc"],
        "colour": list(Colour),
        "size": list(Size),
        "datetime": [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2)],
        "odd": ["fine", 1, (1, 2)],
    }


def odd_leaves() -> list[Any]:
    """Return values that some leaf does not want."""
    return [
        None,
        Undefined,
        "7",
        "text",
        True,
        2**31,
        -(2**31) - 1,
        3,
        3.0,
        3.5,
        math.inf,
        math.nan,
        "RED",
        "small",
        Colour.RED,
        Size.SMALL,
        b"bytes",
        ["a list"],
        {"a": "dict"},
        TextOfAnotherClass("text"),
        "null, please",
        "raise, please",
        "undefined, please",
        NastyError("an instance of an exception"),
    ]


GOOD = good_leaves()
ODD = odd_leaves()
NULLS = 6
"""One of so many nullable values is null, though nothing is odd."""


def leaf(kind: str, seed: Seed) -> Any:
    """Return a value for a leaf."""
    if seed.is_odd("leaf"):
        return ODD[seed.roll("which", len(ODD))]
    good = GOOD[kind]
    return good[seed.roll("good", len(good))]


def value_of(wrapping: tuple[str, ...], make: Maker, seed: Seed) -> Any:
    """Return a value for a type: its wrapping, from the outside in, around what `make` makes."""
    required = bool(wrapping) and wrapping[0] == "must"
    rest = wrapping[1:] if required else wrapping
    if seed.is_odd("failure"):
        fault = NastyError(f"failed at {seed.way}")
        return (fault, None, Later(fault, 1), Undefined, coroutine_of(fault))[seed.roll("failure kind", 5)]
    if not required and seed.roll("null", NULLS) == 0:
        return None
    if not rest:
        value = make(seed)
    else:
        value = container([value_of(rest[1:], make, seed / index) for index in range(seed.roll("length", 4))], seed)
    if seed.is_odd("later"):
        return Later(value, seed.roll("turns", 3))
    return value


def coroutine_of(value: Any) -> Any:
    """Return an awaitable that is as good as a coroutine, without one that nobody awaits."""
    return Later(value, 0)


def container(items: list[Any], seed: Seed) -> Any:
    """Return the items in a list, or in something else that may stand for one, or may not."""
    if not seed.is_odd("container"):
        return items
    kinds: list[Callable[[], Any]] = [
        lambda: tuple(items),
        lambda: (item for item in items),
        lambda: broken_iterator(items),
        lambda: ListOfAnotherClass(items),
        lambda: dict.fromkeys(range(len(items)), "value"),
        lambda: frozenset(range(len(items))),
        lambda: stream(items, broken=False),
        lambda: stream(items, broken=True),
        lambda: "text is no list",
        lambda: 5,
    ]
    return kinds[seed.roll("container kind", len(kinds))]()


def broken_iterator(items: list[Any]) -> Iterator[Any]:
    """Yield the items, then fail."""
    yield from items
    raise NastyError("the iterator broke")


async def stream(items: list[Any], *, broken: bool) -> AsyncIterator[Any]:
    """Yield the items one by one."""
    for item in items:
        await asyncio.sleep(0)
        yield item
    if broken:
        raise NastyError("the stream broke")
