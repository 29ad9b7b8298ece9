"""Whether each subscriber heard exactly what it may see of the log, once and in order."""

from collections.abc import Iterator

from tests.chaos.history import Event, Log, Subscriber
from tests.chaos.violations import Violation, Wrong

_KINDS = {"orderStatusChanged": "OrderStatusChanged", "sharedOrderChanged": "SharedOrderChanged"}


def may_see(subscriber: Subscriber, event: Event) -> bool:
    """Return whether an event is for a subscriber: those about shared orders are for some alone."""
    if event.kind != _KINDS.get(subscriber.subscription, event.kind):
        return False
    if event.offer is None or subscriber.is_admin:
        return True
    owner = event.order.owner if event.order else None
    return subscriber.viewer in (event.offer.sender, event.offer.recipient, owner)


def expected_of(subscriber: Subscriber, log: Log) -> dict[int, Event]:
    """Return the events that a subscriber is to hear, by sequence.

    Raises:
        KeyError: Where it began at no place of the log.
    """
    start = log.places[subscriber.start]
    return {event.sequence: event for event in log.events if event.sequence > start and may_see(subscriber, event)}


def check_stream(subscriber: Subscriber, log: Log) -> Iterator[Violation]:
    """Yield what is wrong with what a subscriber heard, up to the end of the log as it was read."""
    where = subscriber.organisation
    if subscriber.start not in log.places:
        yield Violation(Wrong.STRANGE, where, f"{subscriber.name} began at a place that the log does not have")
        return
    expected = expected_of(subscriber, log)
    head = log.events[-1].sequence if log.events else 0
    heard: set[int] = set()
    last = 0
    for sequence, told, _ in subscriber.heard:
        if sequence > head:
            continue
        what = f"{subscriber.name}: {sequence}"
        if sequence not in expected or told != expected[sequence].told:
            yield Violation(Wrong.STRANGE, where, f"{what} {told}")
        elif sequence in heard:
            yield Violation(Wrong.DUPLICATED, where, what)
        elif sequence < last:
            yield Violation(Wrong.REORDERED, where, f"{what} after {last}")
        heard.add(sequence)
        last = max(last, sequence)
    for sequence in sorted(expected.keys() - heard):
        yield Violation(Wrong.LOST, where, f"{subscriber.name}: {sequence} {expected[sequence].told}")
