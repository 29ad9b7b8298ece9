"""Long work of plain functions, done a few milliseconds at a time.

graphql-core parses and validates in plain functions, which cannot await. They run in a greenlet, as SQLAlchemy runs
the drivers of databases, and give way from inside. A thread would not do: it would take the interpreter's lock from
the event loop at each of the loop's system calls.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, TypeVar

from sqlalchemy.util import await_only, greenlet_spawn

from execution.fair_turns import give_way

Answer = TypeVar("Answer")

_SECONDS = 0.004


class Slices:
    """Tells when a slice of work is over."""

    def __init__(self) -> None:
        """Begin the first slice."""
        self._due = time.perf_counter() + _SECONDS

    def check(self) -> None:
        """Give way where it is time; called within `in_slices`, as often as the work goes a step on."""
        if time.perf_counter() >= self._due:
            await_only(give_way())
            self._due = time.perf_counter() + _SECONDS


async def in_slices(work: Callable[[Slices], Answer]) -> Answer:
    """Return what a plain function returns that gives way in between.

    Args:
        work: The function, which is given what it is to `check`.
    """
    return await greenlet_spawn(work, Slices())


async def step_by_step(steps: Iterator[None]) -> None:
    """Do work that pauses by itself between its steps, and give way every few milliseconds."""
    due = time.perf_counter() + _SECONDS
    for _ in steps:
        if time.perf_counter() >= due:
            await give_way()
            due = time.perf_counter() + _SECONDS


def turn_at_preparing(context: Any) -> AbstractAsyncContextManager[None]:
    """Hold a turn at preparing a document, where the context of an operation knows turns by its `preparing`."""
    turn: AbstractAsyncContextManager[None] = getattr(context, "preparing", nullcontext)()
    return turn
