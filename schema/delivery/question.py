"""What the listeners of a broadcast group ask, and how much of it is executed in one turn."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from strawberry.types import ExecutionResult

from db.event_log import LogEntry
from db.log_tables import EventRow
from domain.people import Viewer


class _Bound(NamedTuple):
    """How many events are executed in one turn at the most, and at what cost."""

    events: int
    cost: int


_MISSED, _LIVE = _Bound(20, 100), _Bound(50, 250)
"""Some milliseconds of work. What is live has more, for each turn costs a write to each listener."""

Execute: TypeAlias = Callable[[Sequence[EventRow], Viewer | None], Awaitable[Sequence[ExecutionResult] | None]]
"""Returns the results of events, in order; None where they depend on the viewer and none is given."""


@dataclass(frozen=True)
class Question:
    """What is asked.

    Attributes:
        execute: Executes events.
        wants: Whether the subscription tells of an event.
        cost: What executing one event costs.
    """

    execute: Execute
    wants: Callable[[EventRow], bool]
    cost: int = 1

    def piece(self, entries: Sequence[LogEntry], *, were_missed: bool) -> Sequence[LogEntry]:
        """Return as many of these entries as are executed in one turn, with those in between.

        Args:
            entries: What comes next in the log.
            were_missed: Whether they are for one listener that is behind.
        """
        most = _MISSED if were_missed else _LIVE
        left = max(1, min(most.events, most.cost // self.cost))
        for index, entry in enumerate(entries):
            left -= self.wants(entry.event)
            if not left:
                return entries[: index + 1]
        return entries

    def wanted(self, entries: Sequence[LogEntry]) -> Sequence[EventRow]:
        """Return the events of these entries that the subscription tells of."""
        return [entry.event for entry in entries if self.wants(entry.event)]
