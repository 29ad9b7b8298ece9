"""Events that come at a steady rate, and how late listeners have them."""

from benchmarks.broadcasters import OnAir
from benchmarks.delays import Delays, delays
from benchmarks.exactness import require_exact
from benchmarks.listeners import Listeners
from benchmarks.publisher import Task

_GRACE_SECONDS = 2.0
_KEPT = 20


def follow_steadily(on_air: OnAir, listeners: Listeners, rate: int, seconds: float, silent: int = 0) -> Delays:
    """Publish events and return how late they come; what comes long after the last one does not count as come.

    Args:
        on_air: The server.
        listeners: Who listens.
        rate: Events a second.
        seconds: For how long.
        silent: How many listeners, the last ones, do not read.

    Raises:
        RuntimeError: Where all came, but not as it should.
    """
    events = int(rate * seconds)
    reading = listeners.all[: len(listeners.all) - silent]
    listeners.begin_anew(keep=_KEPT)
    on_air.publisher.begin(Task(events, 1, 1 / rate))
    everything = listeners.hear(events, seconds + _GRACE_SECONDS, of=len(reading))
    published = on_air.publisher.published()
    if everything:
        require_exact(reading, events, any_id=on_air.broadcaster.any_id)
    return delays(listeners.arrivals, published, len(reading))
