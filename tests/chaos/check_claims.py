"""Whether seats were given as the rules say: never too many, never outside a window, and none refused that was free."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tests.chaos.history import Event, Log, Mutation, Order, Outcome
from tests.chaos.knowledge import Knowledge
from tests.chaos.matching import Matching
from tests.chaos.violations import Violation, Wrong

_AFTER = {
    None: {"OFFERED"},
    "OFFERED": {"CLAIMED", "DECLINED", "REVOKED", "EXPIRED"},
    "CLAIMED": {"RELEASED", "REVOKED"},
}


@dataclass
class _Seats:
    """How many seats of an order are taken after each event that changes it."""

    order: Order
    places: list[int] = field(default_factory=lambda: [0])
    taken: list[int] = field(default_factory=lambda: [0])

    def change(self, sequence: int, by: int) -> int:
        self.places.append(sequence)
        self.taken.append(self.taken[-1] + by)
        return self.taken[-1]

    def most_between(self, after: int, until: int) -> int:
        """Return the most seats that were taken at once at a place from `after` to `until`."""
        first = bisect_right(self.places, after) - 1
        return max(self.taken[first : max(bisect_right(self.places, until), first + 1)])


def check_claims(matching: Matching, log: Log, knowledge: Knowledge) -> Iterator[Violation]:
    """Yield what is wrong with the offers of a log and their claims."""
    seats: dict[str, _Seats] = {}
    yield from _replay(matching.organisation, log.events, seats)
    offers = {event.offer.id: event for event in log.events if event.offer is not None}
    until = _Times(log.events)
    for mutation in matching.mutations:
        if mutation.kind == "claimSharedOrder" and mutation.outcome is Outcome.REFUSED:
            offered = offers.get(mutation.asks[0].about)
            what = "of nothing" if offered is None else _wrongly_refused(mutation, offered, seats, until, knowledge)
            if what:
                yield Violation(Wrong.WRONGLY_REFUSED, matching.organisation, f"{mutation.name}: {what}")


def _replay(organisation: str, events: Sequence[Event], seats: dict[str, _Seats]) -> Iterator[Violation]:
    status: dict[str, str | None] = {}
    for event in events:
        if event.offer is None or event.order is None:
            continue
        where = f"{event.sequence}: {event.offer.id} {event.previous} > {event.status}"
        known = status.get(event.offer.id)
        if event.previous != known or event.status not in _AFTER.get(known, ()):
            yield Violation(Wrong.IMPOSSIBLE, organisation, f"{where}, which was {known}")
        status[event.offer.id] = event.status
        of_order = seats.setdefault(event.order.id, _Seats(event.order))
        change = (event.status == "CLAIMED") - (event.previous == "CLAIMED")
        if change and of_order.change(event.sequence, change) > event.order.max_shares:
            most = event.order.max_shares
            yield Violation(Wrong.OVER_CLAIM, organisation, f"{where}: {of_order.taken[-1]} of {most} seats")
        if event.status == "CLAIMED" and not event.offer.opens_at <= event.occurred_at < event.offer.closes_at:
            yield Violation(Wrong.OUTSIDE_WINDOW, organisation, f"{where} at {event.occurred_at}, for {event.offer}")


class _Times:
    """Where in the log a moment is at the latest, for the events of each order: those are in the order of time."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._by_order: defaultdict[str, tuple[list[float], list[int]]] = defaultdict(lambda: ([], []))
        for event in events:
            if event.order is not None:
                times, places = self._by_order[event.order.id]
                times.append(event.occurred_at)
                places.append(event.sequence)

    def latest(self, order_id: str, moment: float) -> int:
        times, places = self._by_order[order_id]
        count = bisect_right(times, moment)
        return places[count - 1] if count else 0


def _wrongly_refused(
    mutation: Mutation, offered: Event, seats: Mapping[str, _Seats], until: _Times, knowledge: Knowledge
) -> str | None:
    """Return why no answer between the sending of a claim and its answer can have been this refusal."""
    assert offered.order is not None
    assert offered.offer is not None
    assert mutation.answered_at is not None
    match mutation.code:
        case "SHARES_EXHAUSTED":
            after = knowledge.committed_before(mutation.sent_at)
            last = until.latest(offered.order.id, mutation.answered_at)
            of_order = seats.get(offered.order.id, _Seats(offered.order))
            most = of_order.most_between(after, last)
            if most < offered.order.max_shares:
                return f"at most {most} of {offered.order.max_shares} seats were taken from {after} to {last}"
        case "CLAIM_WINDOW_NOT_OPEN":
            if mutation.sent_at >= offered.offer.opens_at:
                return "the claim window was open"
        case "CLAIM_WINDOW_CLOSED":
            if mutation.answered_at < offered.offer.closes_at:
                return "the claim window was not closed"
    return None
