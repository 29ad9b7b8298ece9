"""Doing much by and by, so that whoever else is served by the process has their turn in between."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

AT_ONCE = 250
"""What is to be had of more objects than that is had by and by."""

Where: TypeAlias = Callable[[int], Any]
"""From an index of a list of values to their place in the answer; worked out for errors and resolvers alone."""


async def by_and_by(
    work: Callable[[list[Any], Where], Awaitable[list[Any]]], sources: list[Any], where: Where
) -> list[Any]:
    """Return what work returns for each source, doing it for some of them at a time.

    Args:
        work: Takes sources and where they are; returns a list as long.
        sources: All of them.
        where: Where each is.
    """
    done: list[Any] = []
    for start in range(0, len(sources), AT_ONCE):
        done += await work(sources[start : start + AT_ONCE], _beginning_at(start, where))
        await asyncio.sleep(0)
    return done


def _beginning_at(start: int, where: Where) -> Where:
    return lambda index: where(start + index)
