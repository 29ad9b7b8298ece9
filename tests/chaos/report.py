"""What a run came to, in lines."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from tests.chaos.history import History, Outcome
from tests.chaos.performance import Performance
from tests.chaos.violations import Violation, Wrong

_MOST_OF_A_KIND = 20
_VERDICT = (Wrong.LOST, Wrong.DUPLICATED, Wrong.REORDERED, Wrong.OVER_CLAIM, Wrong.MISSING)


def report(performance: Performance, violations: Sequence[Violation]) -> Iterator[str]:
    """Yield the counts of a run, the verdict, and what is wrong."""
    plan, history, counts = performance.plan, performance.history, performance.counts
    yield f"signal {plan.signal}, seed {plan.seed}, {plan.seconds:.0f} s"
    events = {name: sum(event.sequence > log.begun_at for event in log.events) for name, log in history.logs.items()}
    yield f"  events:       {_listed(events)}"
    yield f"  deliveries:   {sum(len(each.heard) for each in history.subscribers)} to {len(history.subscribers)}"
    yield f"  latency:      {_latency(history)}"
    yield f"  sockets:      {counts.sockets} opened; ended: {_listed(counts.endings)}"
    for outcome in Outcome:
        found = [each for each in history.mutations if each.outcome is outcome]
        names = Counter(each.kind if each.code is None else f"{each.kind} {each.code}" for each in found)
        yield f"  {outcome + ':':<13} {_listed(names)}"
    yield f"  sent again:   {_listed(counts.unknown)}"
    claims = sum(event.status == "CLAIMED" for log in history.logs.values() for event in log.events)
    yield f"  claims:       {claims} seats taken; {len(history.cursor_reads)} reads of logCursor"
    yield f"  faults:       {_listed(counts.faults)}; one clock {plan.clock:+.0f} s off"
    whole_after = ", ".join(f"{name} {seconds:.1f}" for name, seconds in sorted(counts.whole_after.items()))
    yield f"  whole after:  at most, in s: {whole_after or 'nothing broken'}"
    wrong = Counter(each.wrong for each in violations)
    yield "  " + ", ".join(f"{wrong[kind]} {kind}" for kind in _VERDICT)
    for kind in Wrong:
        yield from (f"  {each}" for each in islice(_of(kind, violations), _MOST_OF_A_KIND))
        if wrong[kind] > _MOST_OF_A_KIND:
            yield f"  … {wrong[kind]} {kind} in all"


def _of(kind: Wrong, violations: Iterable[Violation]) -> Iterator[Violation]:
    return (each for each in violations if each.wrong is kind)


def _latency(history: History) -> str:
    """Return how long deliveries took from the moment that the event was decided: faults and absences included."""
    took = sorted(
        heard.at - occurred[heard.sequence]
        for log_name, log in history.logs.items()
        for occurred in [{event.sequence: event.occurred_at for event in log.events}]
        for each in history.subscribers
        if each.organisation == log_name
        for heard in each.heard
        if heard.sequence in occurred
    )
    if not took:
        return "nothing heard"
    return ", ".join(f"p{part} {took[len(took) * part // 100] * 1000:.0f} ms" for part in (50, 90, 99))


def _listed(counts: dict[str, int] | Counter[str]) -> str:
    if not counts:
        return "none"
    parts = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
    return f"{sum(counts.values())} ({parts})"
