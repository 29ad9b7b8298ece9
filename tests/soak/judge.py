"""The judge: what is wrong with a soak, by what was observed and by nothing else."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from statistics import median
from typing import NamedTuple

from tests.chaos.check_streams import check_stream
from tests.soak.observations import Observations, Phase, Sample
from tests.soak.plan import Bounds

_MEBIBYTE = 2**20


class Wrong(StrEnum):
    """The kinds of faults; the words are those of the report."""

    ENDED = "ended before its time"
    NOTHING = "nothing was measured"
    REFUSED = "honest requests refused"
    SLOW = "honest requests too slow"
    FOREIGN = "answers that are another's"
    DELIVERY = "events lost, doubled or out of order"
    DROPPED = "listeners dropped"
    MEMORY = "memory not flat"
    DESCRIPTORS = "descriptors not given back"
    POOL = "connections to the database not given back"
    KEPT = "sockets, streams or subscriptions not given back"
    ACHIEVED = "attackers achieved what they must not"
    LOGGED = "faults logged"


class Fault(NamedTuple):
    """One thing that is wrong."""

    wrong: Wrong
    what: str


def faults_of(seen: Observations, bounds: Bounds) -> list[Fault]:
    """Return everything that is wrong."""
    return [
        *_of_the_run(seen),
        *_of_requests(seen, bounds),
        *_of_deliveries(seen),
        *_of_memory(seen.samples, bounds),
        *_of_what_is_given_back(seen, bounds),
        *(Fault(Wrong.ACHIEVED, f"{each.name}: {what}") for each in seen.attackers for what in each.surprises),
        *_logged(seen, bounds),
    ]


def _of_the_run(seen: Observations) -> Iterator[Fault]:
    if seen.ended is not None:
        yield Fault(Wrong.ENDED, seen.ended)
    for phase in Phase:
        if not any(sample.phase is phase for sample in seen.samples):
            yield Fault(Wrong.NOTHING, f"no sample {phase}")
    if not seen.requests:
        yield Fault(Wrong.NOTHING, "no honest request")
    if not any(each.heard for each in seen.history.subscribers):
        yield Fault(Wrong.NOTHING, "no delivery")
    if not seen.attackers:
        yield Fault(Wrong.NOTHING, "no attacker")
    for each in seen.attackers:
        if not each.answers:
            yield Fault(Wrong.NOTHING, f"{each.name} ended no attack")


def _of_requests(seen: Observations, bounds: Bounds) -> Iterator[Fault]:
    for each in seen.requests:
        if each.refused is not None:
            yield Fault(Wrong.REFUSED, f"{each.kind}: {each.refused}")
        if each.foreign is not None:
            yield Fault(Wrong.FOREIGN, f"{each.kind}: {each.foreign}")
        if each.seconds > bounds.request_seconds:
            yield Fault(Wrong.SLOW, f"{each.kind}: {each.seconds * 1000:.0f} ms")


def _of_deliveries(seen: Observations) -> Iterator[Fault]:
    history = seen.history
    for subscriber in history.subscribers:
        log = history.logs.get(subscriber.organisation)
        for violation in check_stream(subscriber, log) if log is not None else ():
            yield Fault(Wrong.DELIVERY, f"{violation.wrong}: {violation.what}")
    if not history.logs:
        yield Fault(Wrong.NOTHING, "the log was not read")
    for why, count in sorted(seen.counts.endings.items()):
        yield Fault(Wrong.DROPPED, f"{count} times: {why}")
    yield from (Fault(Wrong.DROPPED, each) for each in history.surprises)


def _of_memory(samples: Sequence[Sample], bounds: Bounds) -> Iterator[Fault]:
    before = [each.memory for each in samples if each.phase is Phase.BEFORE]
    attacked = [each.memory for each in samples if each.phase is Phase.ATTACKED]
    if not before or not attacked:
        return
    risen = rise(attacked)
    if risen > bounds.rise_bytes:
        yield Fault(Wrong.MEMORY, f"it rose by {risen / _MEBIBYTE:.0f} MB after the warm-up")
    most = max(attacked) - median(before)
    if most > bounds.most_bytes:
        yield Fault(Wrong.MEMORY, f"it was {most / _MEBIBYTE:.0f} MB more than before the attacks")


def rise(memory: Sequence[int]) -> float:
    """Return by how many bytes memory rises from the end of the warm-up, a fifth of the time, to the end.

    Each of the two levels is the median over a fifth of the time: what is taken for a moment is no level.
    """
    fifth = max(len(memory) // 5, 1)
    return median(memory[-fifth:]) - median(memory[fifth : 2 * fifth] or memory)


def _of_what_is_given_back(seen: Observations, bounds: Bounds) -> Iterator[Fault]:
    overdue = max((each.counted.overdue for each in seen.samples if each.counted is not None), default=0)
    if overdue:
        yield Fault(Wrong.POOL, f"{overdue} were lent for longer than a request may take")
    before, after = seen.quiet_before, seen.quiet_after
    was = None if before is None else before.counted
    now = None if after is None else after.counted
    if before is None or after is None or was is None or now is None:
        yield Fault(Wrong.NOTHING, "the server was not seen when nobody else asked")
        return
    if now.in_use > was.in_use:
        yield Fault(Wrong.POOL, f"{now.in_use} are in use, before the attacks {was.in_use}")
    for name in ("sockets", "streams", "subscriptions"):
        if getattr(now, name) != getattr(was, name):
            yield Fault(Wrong.KEPT, f"{getattr(now, name)} {name}, before the attacks {getattr(was, name)}")
    opened = after.descriptors_of_clients(seen.database) - before.descriptors_of_clients(seen.database)
    if opened > bounds.descriptors:
        yield Fault(Wrong.DESCRIPTORS, f"{opened} more than before the attacks")


def _logged(seen: Observations, bounds: Bounds) -> Iterator[Fault]:
    if len(seen.faults_logged) > bounds.faults_logged:
        yield from (Fault(Wrong.LOGGED, each) for each in seen.faults_logged)
