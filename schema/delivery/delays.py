"""How late a broadcast group is sent its events."""

from collections.abc import Sequence

from db.log_tables import EventRow
from schema.observing import Watcher


class Delays:
    """Reports when each event happened once, whichever listener receives it first."""

    __slots__ = ("_reported", "_watcher")

    def __init__(self, watcher: Watcher) -> None:
        """Have nothing reported yet.

        Args:
            watcher: Hears of it.
        """
        self._watcher = watcher
        self._reported: int | None = None

    def begin_at(self, position: int) -> None:
        """Note, where it is the first time, that events after a place are sent as they happen, and not as missed."""
        if self._reported is None:
            self._reported = position

    def report(self, events: Sequence[EventRow], end: int, deliveries: int) -> None:
        """Report events that are sent.

        Args:
            events: The events.
            end: Up to which sequence the log was read for them.
            deliveries: How many events are sent, counted for each listener.
        """
        if not deliveries:
            return
        reported = end if self._reported is None else self._reported
        fresh = [event.occurred_at for event in events if event.sequence > reported]
        if self._reported is not None:
            self._reported = max(reported, end)
        self._watcher.told(fresh, deliveries)
