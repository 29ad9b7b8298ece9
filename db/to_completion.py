"""Work that must not be left half done, such as to give a connection back."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

Answer = TypeVar("Answer")


async def to_completion(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Run `work` to its end even where the caller is cancelled, who is cancelled after it.

    The caller does not go on before: a program that ends would otherwise leave the work behind.
    """
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            # However often the caller is cancelled, it is told once.
            with suppress(asyncio.CancelledError):
                await asyncio.wait((task,))
        # Looked at here, for the caller gets the cancellation instead.
        if not task.cancelled():
            task.exception()
        raise
