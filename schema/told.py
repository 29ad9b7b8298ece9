"""Answers to events, had once for all who are told the same."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

import orjson
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from db.log_cursor import LogCursor
from db.log_tables import EventRow
from domain.people import Viewer
from schema.answer_size import WrittenResult

_KEEP_SECONDS = 2.0
"""Long enough for those who come back at the same moment, short enough that what is nested is nearly the present."""

_MOST_KEPT = 1_000


class Told(NamedTuple):
    """An event as it is told.

    Attributes:
        cursor: The place right after the event.
        payload: The answer, as JSON.
    """

    cursor: str
    payload: bytes


Execute: TypeAlias = Callable[[Sequence[EventRow], Viewer | None], Awaitable[Sequence[ExecutionResult] | None]]
"""Returns the answers to events, in order; None where they depend on who hears of them and nobody is given."""


_Awaited: TypeAlias = dict[tuple[UUID | None, int], asyncio.Future[Told | None]]
"""Answers by who hears them and the event's sequence; nobody, where they are the same for all."""


class Answers:
    """Answers of one audience. What is being answered, or was a moment ago, is not answered again."""

    def __init__(self, execute: Execute) -> None:
        """Answer nothing yet."""
        self._execute = execute
        self._kept: _Awaited = {}
        self._under_way: set[asyncio.Task[None]] = set()

    async def to(self, events: Sequence[EventRow], viewer: Viewer | None) -> Sequence[Told] | None:
        """Return the answers to events, in order.

        Args:
            events: What happened.
            viewer: Who hears of it; None for answers that are the same for all who do.

        Returns:
            The answers; None where there is no viewer and they depend on one.
        """
        user_id = None if viewer is None else viewer.user_id
        missing = [event for event in events if (user_id, event.sequence) not in self._kept]
        if missing:
            self._begin(missing, viewer, user_id)
        waited_for = [self._kept[user_id, event.sequence] for event in events]
        told = [each for future in waited_for if (each := await asyncio.shield(future)) is not None]
        return told if len(told) == len(events) else None

    def _begin(self, events: Sequence[EventRow], viewer: Viewer | None, user_id: UUID | None) -> None:
        loop = asyncio.get_running_loop()
        futures: _Awaited = {(user_id, event.sequence): loop.create_future() for event in events}
        self._kept.update(futures)
        # A task of its own: whoever asked first may be gone before the others have their answer.
        task = asyncio.create_task(self._answer(events, viewer, futures))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        seconds = _KEEP_SECONDS if len(self._kept) <= _MOST_KEPT else 0.0
        task.add_done_callback(lambda _: loop.call_later(seconds, self._forget, futures))

    def _forget(self, futures: _Awaited) -> None:
        for key, future in futures.items():
            if self._kept.get(key) is future:
                del self._kept[key]

    async def _answer(self, events: Sequence[EventRow], viewer: Viewer | None, futures: _Awaited) -> None:
        try:
            results = await self._execute(events, viewer)
            payloads = None if results is None else [as_json(result) for result in results]
        except Exception as fault:
            # Whoever waits is told; for whoever asks again it is tried again.
            self._forget(futures)
            for future in futures.values():
                future.set_exception(fault)
                # Looked at here, for whoever waited may be gone.
                future.exception()
            return
        for index, (future, event) in enumerate(zip(futures.values(), events, strict=True)):
            future.set_result(None if payloads is None else Told(str(LogCursor.after(event)), payloads[index]))


def as_json(result: ExecutionResult) -> bytes:
    """Return a result as it is sent."""
    if isinstance(result, WrittenResult):
        return result.written
    # Where nothing was executed there is no data, not even null (GraphQL, section 7.1).
    answer: dict[str, Any] = {} if isinstance(result, PreExecutionError) else {"data": result.data}
    if result.errors:
        answer["errors"] = [error.formatted for error in result.errors]
    if result.extensions:
        answer["extensions"] = result.extensions
    return orjson.dumps(answer)
