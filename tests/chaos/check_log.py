"""Whether the log has what was acknowledged, each once, and nothing else."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tests.chaos.history import Event, Identity, Log, Mark, Outcome
from tests.chaos.matching import PROCESSED, Matching, identity_of, mark_of
from tests.chaos.violations import Violation, Wrong

_ENDED = frozenset({"CANCELLED", "LAPSED"})


def check_log(matching: Matching, log: Log) -> Iterator[Violation]:
    """Yield what the log lacks, has twice, or has though nobody asked for it."""
    sequences = [event.sequence for event in log.events]
    if sequences != list(range(1, len(sequences) + 1)):
        gaps = sum(after != before + 1 for before, after in zip([0, *sequences], sequences, strict=False))
        yield Violation(Wrong.IMPOSSIBLE, matching.organisation, f"the log does not run from 1 without a gap: {gaps}")
    yield from _missing(matching)
    yield from _done_twice(matching)
    yield from _unasked(matching)
    yield from _impossible_steps(matching.organisation, log)


def _missing(matching: Matching) -> Iterator[Violation]:
    """Yield the acknowledged effects that are not there; those without an identity are counted."""
    promised: Counter[Mark] = Counter()
    named: set[Identity] = set()
    for mutation in matching.mutations:
        for mark, identity in mutation.effects:
            if identity is None:
                promised[mark] += 1
                continue
            named.add(identity)
            if mark not in {mark_of(event) for event in matching.by_identity.get(identity, ())}:
                yield Violation(Wrong.MISSING, matching.organisation, f"{mutation.name}: {mark} as {identity}")
    for mark, count in promised.items():
        others = [event for event in matching.by_mark.get(mark, ()) if identity_of(event) not in named]
        for _ in range(count - len(others)):
            yield Violation(Wrong.MISSING, matching.organisation, f"{mark}, acknowledged {count} times")


def _done_twice(matching: Matching) -> Iterator[Violation]:
    for identity, events in matching.by_identity.items():
        if len(events) > 1:
            places = [event.sequence for event in events]
            yield Violation(Wrong.DONE_TWICE, matching.organisation, f"{identity} at {places}")


def _unasked(matching: Matching) -> Iterator[Violation]:
    """Yield events beyond what was acknowledged, what may have been done, and what follows by itself."""
    asked: Counter[Mark] = Counter()
    for mutation in matching.mutations:
        if mutation.outcome is Outcome.UNKNOWN:
            asked.update(mutation.asks)
        else:
            asked.update(effect.mark for effect in mutation.effects)
    order_status: dict[str, str] = {}
    for event in matching.events:
        mark = mark_of(event)
        if mark is not None and asked[mark]:
            asked[mark] -= 1
        elif not _follows_by_itself(event, order_status):
            yield Violation(Wrong.UNASKED, matching.organisation, f"{event.sequence}: {_told(event)}")
        if event.order is not None and event.offer is None and event.status is not None:
            order_status[event.order.id] = event.status


def _follows_by_itself(event: Event, order_status: dict[str, str]) -> bool:
    """Return whether time has led to the event, or the end of an order to the end of its offers."""
    if event.order is None:
        return False
    if event.offer is None:
        ends_at = event.order.expires_at
        in_grace = (event.previous, event.status) == ("IN_FORCE", "GRACE_PERIOD")
        is_due = ends_at is not None and ends_at <= event.occurred_at
        return event.cause == "TIME" and event.actor is None and in_grace and is_due
    if event.status == "EXPIRED":
        return event.actor is None and event.occurred_at >= event.offer.closes_at
    return (event.previous, event.status) == ("OFFERED", "REVOKED") and order_status.get(event.order.id) in _ENDED


@dataclass
class _Steps:
    """Where an order is after the events so far."""

    version: int = 0
    status: str | None = None
    at: float = 0

    def take(self, event: Event) -> bool:
        """Go on to an event; return whether it follows from those before: in version, status and time."""
        is_change = event.offer is None
        follows = event.version == self.version + is_change and event.occurred_at >= self.at
        if is_change and event.status is not None:
            follows = follows and event.previous == (self.status or event.previous)
            self.status = event.status
        self.version, self.at = event.version or 0, event.occurred_at
        return follows


def _impossible_steps(organisation: str, log: Log) -> Iterator[Violation]:
    steps: defaultdict[str, _Steps] = defaultdict(_Steps)
    for event in log.events:
        if event.order is not None:
            before = replace(steps[event.order.id])
            if not steps[event.order.id].take(event):
                what = f"{event.sequence}: {_told(event)} from {event.previous} to version {event.version}"
                yield Violation(Wrong.IMPOSSIBLE, organisation, f"{what} at {event.occurred_at}, after {before}")


def _told(event: Event) -> str:
    if event.offer is not None:
        return f"{event.offer.id} {event.previous} > {event.status} by {event.actor}"
    about = event.order.id if event.order else "nothing"
    return f"{event.kind} {about} {event.action if event.cause == PROCESSED else event.cause} by {event.actor}"
