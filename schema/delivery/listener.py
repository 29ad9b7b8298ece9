"""A subscriber of a broadcast group, and the work that is done for it step by step."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from domain.people import Viewer
from resolvers.follow_events import Follower
from schema.delivery.encoded_event import EncodedEvent


class Sink(Protocol):
    """Where the events of a subscriber go, over whatever transport."""

    def send(self, events: Sequence[EncodedEvent]) -> bool:
        """Send events; return whether more can be sent at once."""

    async def wait_writable(self) -> None:
        """Return once more can be sent."""

    def fail(self, payload: bytes) -> None:
        """Send why nothing more comes: a result without data."""

    def detach(self) -> None:
        """Send nothing more here; the client will reconnect elsewhere."""


class Steps:
    """A task whose work is done in steps. It is cancelled between them only: others may need what a step executes."""

    __slots__ = ("_is_in_step", "_task")

    def __init__(self) -> None:
        """Do nothing yet."""
        self._task: asyncio.Task[None] | None = None
        self._is_in_step = False

    @property
    def task(self) -> asyncio.Task[None] | None:
        """The task, while there is work."""
        return self._task

    def begin(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Begin to work. The work ends by itself where it finds after a step that it is not needed any more."""
        self._task = asyncio.create_task(work())

    def done(self) -> None:
        """Note that the work is done."""
        self._task = None

    @contextmanager
    def step(self) -> Iterator[None]:
        """Do one step."""
        self._is_in_step = True
        try:
            yield
        finally:
            self._is_in_step = False

    def stop(self) -> None:
        """Cancel the work where it waits for its next step."""
        if self._task is not None and not self._is_in_step and self._task is not asyncio.current_task():
            self._task.cancel()


class Listener:
    """One subscriber of a broadcast group."""

    __slots__ = ("catching_up", "follower", "sink", "viewer")

    def __init__(self, viewer: Viewer, follower: Follower, sink: Sink) -> None:
        """Begin at the follower's place.

        Args:
            viewer: Who subscribes.
            follower: Their place in the log.
            sink: Where their events go.
        """
        self.viewer = viewer
        self.follower = follower
        self.sink = sink
        self.catching_up = Steps()
