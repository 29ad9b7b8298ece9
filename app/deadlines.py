"""The time that work may take, watched by one timer for all that is under way.

`asyncio.timeout` begins and ends a timer for each: that costs more than all else that is told of an operation. Here
all may take equally long, so what began first is due first, and hardly a timer ever rings.
"""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

Answer = TypeVar("Answer")


class Deadlines:
    """Ends work that takes too long."""

    def __init__(self, seconds: float) -> None:
        """Watch nothing yet.

        Args:
            seconds: How long each piece of work may take.
        """
        self._seconds = seconds
        self._due: dict[asyncio.Task[Any], float] = {}
        self._late: set[asyncio.Task[Any]] = set()
        self._timer: asyncio.TimerHandle | None = None

    async def keep(self, work: Awaitable[Answer]) -> Answer:
        """Return what work returns.

        Raises:
            TimeoutError: Where it took too long; it has been cancelled.
        """
        task: asyncio.Task[Any] = asyncio.current_task()  # type: ignore[assignment]  # a coroutine runs in one
        loop = asyncio.get_running_loop()
        cancelled_before = task.cancelling()
        self._due[task] = loop.time() + self._seconds
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._look)
        try:
            return await work
        except asyncio.CancelledError:
            # Somebody else may have cancelled it as well; then it is not for us to go on.
            if task in self._late and task.uncancel() <= cancelled_before:
                raise TimeoutError from None
            raise
        finally:
            self._due.pop(task, None)
            self._late.discard(task)

    def _look(self) -> None:
        """Cancel what is late, and look again when the next is due."""
        loop = asyncio.get_running_loop()
        self._timer = None
        for task, due in tuple(self._due.items()):
            if due > loop.time():
                self._timer = loop.call_at(due, self._look)
                return
            del self._due[task]
            self._late.add(task)
            task.cancel()
