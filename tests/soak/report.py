"""What a soak came to, in lines."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from statistics import median

from tests.soak.judge import Fault, Wrong, rise
from tests.soak.listeners import deliveries
from tests.soak.observations import Attacked, Observations, Phase, Request, Sample

_MEBIBYTE = 2**20
_MOST_OF_A_KIND = 8


def report(seen: Observations, faults: Sequence[Fault]) -> Iterator[str]:
    """Yield what was observed, and the verdict."""
    yield from _of_requests(seen.requests)
    yield from _of_attackers(seen.attackers)
    history = seen.history
    yield ""
    yield (
        f"listeners: {len(history.subscribers)}, {deliveries(history.subscribers)} deliveries of "
        f"{sum(len(log.events) for log in history.logs.values())} events; connections ended: "
        f"{dict(seen.counts.endings) or 'none'}"
    )
    yield from _of_server(seen)
    yield from _verdict(faults)


def _of_requests(requests: Sequence[Request]) -> Iterator[str]:
    yield f"{'honest requests':<18}{'asked':>8}{'refused':>9}{'p50 ms':>9}{'p99 ms':>9}{'slowest':>9}"
    for kind in [*dict.fromkeys(each.kind for each in requests), None]:
        of_kind = [each for each in requests if kind is None or each.kind == kind]
        seconds = sorted(each.seconds for each in of_kind) or [0.0]
        refused = sum(each.refused is not None for each in of_kind)
        p50, p99, slowest = (
            f"{seconds[min(len(seconds) * part // 100, len(seconds) - 1)] * 1000:.0f}" for part in (50, 99, 100)
        )
        yield f"{kind or 'all':<18}{len(of_kind):>8}{refused:>9}{p50:>9}{p99:>9}{slowest:>9}"


def _of_attackers(attackers: Sequence[Attacked]) -> Iterator[str]:
    yield ""
    yield f"{'attackers':<16}{'':<42}{'attacks':>8}  answers"
    for each in attackers:
        answers = ", ".join(f"{answer} {count}" for answer, count in Counter(each.answers).most_common())
        yield f"{each.name:<16}{each.what:<42}{each.attacks:>8}  {answers}"


def _of_server(seen: Observations) -> Iterator[str]:
    for phase in Phase:
        samples = [each for each in seen.samples if each.phase is phase]
        if samples:
            yield f"server {phase}: {_memory(samples)}; {_ranges(samples)}"
    attacked = [each.memory for each in seen.samples if each.phase is Phase.ATTACKED]
    if attacked:
        yield f"memory after the warm-up: {rise(attacked) / _MEBIBYTE:+.0f} MB"
    for name, sample in (("before", seen.quiet_before), ("after", seen.quiet_after)):
        if sample is not None:
            yield f"server quiet, {name}: {sample.memory / _MEBIBYTE:.0f} MB; {_ranges([sample])}"


def _memory(samples: Sequence[Sample]) -> str:
    memory = [each.memory / _MEBIBYTE for each in samples]
    return f"memory {median(memory):.0f} MB, most {max(memory):.0f}"


def _ranges(samples: Sequence[Sample]) -> str:
    counted = [each.counted for each in samples if each.counted is not None]
    numbers = {
        "descriptors": [each.descriptors for each in samples],
        "connections in use": [each.in_use for each in counted],
        "idle": [each.idle for each in counted],
        "sockets": [each.sockets for each in counted],
        "streams": [each.streams for each in counted],
        "subscriptions": [each.subscriptions for each in counted],
    }
    return ", ".join(f"{name} {_range(values)}" for name, values in numbers.items() if values)


def _range(values: Sequence[int]) -> str:
    low, high = min(values), max(values)
    return f"{low}" if low == high else f"{low} to {high}"


def _verdict(faults: Sequence[Fault]) -> Iterator[str]:
    yield ""
    yield "all is well" if not faults else f"{len(faults)} faults"
    for wrong in Wrong:
        of_kind = [each.what for each in faults if each.wrong is wrong]
        if of_kind:
            yield f"{wrong.upper()}: {len(of_kind)}"
        yield from (f"  {each[:300]}" for each in islice(of_kind, _MOST_OF_A_KIND))
