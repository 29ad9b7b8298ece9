"""Whether what was acknowledged before something else was sent comes before it in the log."""

from collections.abc import Iterable, Iterator

from tests.chaos.history import CursorRead, Event, Log, Mutation
from tests.chaos.knowledge import Knowledge, told_by_answers
from tests.chaos.matching import Matching
from tests.chaos.violations import Violation, Wrong


def check_real_time(matching: Matching, log: Log, reads: Iterable[CursorRead]) -> Iterator[Violation]:
    """Yield the mutations that the log has before one that was acknowledged before they were sent."""
    acknowledged = list(matching.acknowledged())
    known = Knowledge(told_by_answers(acknowledged))
    for mutation, events in _first_of_each(acknowledged):
        after = known.committed_before(mutation.sent_at)
        if events and min(event.sequence for event in events) <= after:
            place = min(event.sequence for event in events)
            what = f"{mutation.name} is at {place}, and was sent when {after} was acknowledged"
            yield Violation(Wrong.OUT_OF_TIME, matching.organisation, what)
    places = log.places
    for read in reads:
        after = known.committed_before(read.sent_at)
        if places.get(read.cursor, -1) < after:
            what = f"logCursor was {places.get(read.cursor, read.cursor)} when {after} was acknowledged"
            yield Violation(Wrong.OUT_OF_TIME, matching.organisation, what)


def _first_of_each(
    acknowledged: Iterable[tuple[Mutation, list[Event]]],
) -> Iterator[tuple[Mutation, list[Event]]]:
    """Yield mutations with the events that were not asked for by an earlier one: to repeat a claim succeeds."""
    seen: set[int] = set()
    for mutation, events in sorted(acknowledged, key=lambda each: each[0].sent_at):
        new = [event for event in events if event.sequence not in seen]
        seen.update(event.sequence for event in new)
        yield mutation, new
