"""What the clients knew when: how far the log was known to be committed."""

from bisect import bisect_left
from collections.abc import Iterable
from itertools import accumulate

from tests.chaos.history import Event, Mutation, Subscriber


class Knowledge:
    """How far an organisation's log was known to go at each moment."""

    def __init__(self, facts: Iterable[tuple[float, int]]) -> None:
        """Take facts: when somebody came to know of an event, and its sequence."""
        in_time = sorted(facts)
        self._times = [at for at, _ in in_time]
        self._places = list(accumulate((sequence for _, sequence in in_time), max))

    def committed_before(self, moment: float) -> int:
        """Return the highest sequence that somebody knew of before a moment, 0 for none."""
        count = bisect_left(self._times, moment)
        return self._places[count - 1] if count else 0


def told_by_answers(acknowledged: Iterable[tuple[Mutation, list[Event]]]) -> Iterable[tuple[float, int]]:
    """Yield when the answers to mutations told of their events."""
    for mutation, events in acknowledged:
        if mutation.answered_at is not None:
            yield from ((mutation.answered_at, event.sequence) for event in events)


def told_by_deliveries(subscribers: Iterable[Subscriber]) -> Iterable[tuple[float, int]]:
    """Yield when subscribers were told of events."""
    for subscriber in subscribers:
        yield from ((heard.at, heard.sequence) for heard in subscriber.heard)
