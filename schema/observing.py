"""What those who watch the server are told from inside an operation, or while events are delivered."""

from collections.abc import Sequence
from contextvars import ContextVar
from datetime import datetime
from typing import Protocol


class Watched(Protocol):
    """An operation that somebody watches."""

    @property
    def request_id(self) -> str:
        """What an error tells, and the log with it."""


under_way: ContextVar[Watched | None] = ContextVar("under_way", default=None)
"""The operation in whose course something happens."""


class Watcher(Protocol):
    """Hears what is worth counting."""

    def claim(self, outcome: str) -> None:
        """Hear what became of a claim: `CLAIMED`, or the code of its refusal."""

    def told(self, happened: Sequence[datetime], deliveries: int) -> None:
        """Hear that an audience is told of events.

        Args:
            happened: When each event happened that nobody of the audience was told before; without those that a
                listener had missed and is told late.
            deliveries: How many events are told, once for each listener.
        """


class Nobody:
    """Watches nothing."""

    def claim(self, outcome: str) -> None:
        """Forget it."""

    def told(self, happened: Sequence[datetime], deliveries: int) -> None:
        """Forget it."""


NOBODY = Nobody()
