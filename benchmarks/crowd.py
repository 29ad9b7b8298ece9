"""What many listeners do to our server: thousands of them, some that come back at once, some that stop reading."""

import math
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.audience import audience
from benchmarks.broadcasters import Broadcaster, OnAir
from benchmarks.cores import resident_bytes
from benchmarks.database import BenchmarkDatabase
from benchmarks.delays import Delays
from benchmarks.exactness import event_of, require_exact
from benchmarks.listeners import Listeners
from benchmarks.progress import say
from benchmarks.publisher import Task
from benchmarks.steady import follow_steadily

_KILOBYTE, _MEGABYTE = 2**10, 2**20
_WARM_UP = 100
_RETURN_SECONDS = 30.0
_MORE_AT_ONCE = 100
_MORE_SECONDS = 15.0


@dataclass(frozen=True)
class CrowdScale:
    """How much to measure.

    Attributes:
        listeners: How many listen at the most.
        rate: Events a second for all of them.
        seconds: For how long.
        returning: How many are cut off and come back.
        missed: How many events they miss.
        room: How many listen beside those that stop reading.
        silent: How many stop reading.
        silent_rate: Events a second meanwhile.
        before: Seconds in which all still read.
        meanwhile: Seconds in which some do not.
        more: How many events come then, at once, a hundred each time.
    """

    listeners: int
    rate: int
    seconds: float
    returning: int
    missed: int
    room: int
    silent: int
    silent_rate: int
    before: float
    meanwhile: float
    more: int


@dataclass(frozen=True)
class Crowd:
    """What was measured.

    Attributes:
        idle: Kilobytes of the server's memory for a listener to whom nothing is delivered.
        sustained: How late events came to all.
        returned: Seconds from the cut until everybody who came back had what they missed.
        all_read: How late events came while everybody read.
        some_read: How late they came to those who read, while others did not.
        grown: By how many megabytes the server's memory grew meanwhile.
    """

    idle: float
    sustained: Delays
    returned: float
    all_read: Delays
    some_read: Delays
    grown: float


async def measure_crowd(
    database: BenchmarkDatabase, broadcaster: Broadcaster, scale: CrowdScale, logs: Path, core: int
) -> Crowd:
    """Measure, with a fresh server for each part.

    Args:
        database: Where the log is.
        broadcaster: Our server.
        scale: How much to measure.
        logs: The directory that takes what the server prints.
        core: The core that it has.
    """
    with broadcaster.on_air(database, logs, core) as on_air:
        with audience(on_air, _WARM_UP):
            pass
        alone = resident_bytes(on_air.server.process_id)
        with audience(on_air, scale.listeners) as listeners:
            idle = (resident_bytes(on_air.server.process_id) - alone) / scale.listeners / _KILOBYTE
            say(f"deliveries, {scale.listeners:,} listeners: {idle:.1f} KB each")
            sustained = follow_steadily(on_air, listeners, scale.rate, scale.seconds)
            say(f"deliveries, {scale.listeners:,} listeners, {scale.rate} events/s: {sustained}")
    with broadcaster.on_air(database, logs, core) as on_air, audience(on_air, scale.returning) as listeners:
        returned = _return(on_air, listeners, scale.missed)
        say(f"deliveries, {scale.returning:,} listeners back after {returned:.2f} s")
    with (
        broadcaster.on_air(database, logs, core) as on_air,
        audience(on_air, scale.room + scale.silent, narrow=scale.silent) as listeners,
    ):
        all_read, some_read, grown = _stop_reading(on_air, listeners, scale)
    return Crowd(idle, sustained, returned, all_read, some_read, grown)


def _return(on_air: OnAir, listeners: Listeners, missed: int) -> float:
    """Cut all off, let them come back at once, and return after how many seconds they have what they missed."""
    cursors = [event_of(listener.last_message())["cursor"] for listener in listeners.all]
    openings = on_air.broadcaster.openings(cursors)
    begun = time.monotonic()
    listeners.cut()
    on_air.publisher.begin(Task(missed, missed))
    on_air.publisher.published()
    listeners.begin_anew()
    if not (listeners.open(openings, len(openings), _RETURN_SECONDS) and listeners.hear(missed, _RETURN_SECONDS)):
        return math.inf
    took = time.monotonic() - begun
    require_exact(listeners.all, missed)
    _require_live(on_air, listeners)
    return took


def _require_live(on_air: OnAir, listeners: Listeners) -> None:
    listeners.begin_anew()
    on_air.publisher.begin(Task(1))
    listeners.hear(1, _RETURN_SECONDS)
    on_air.publisher.published()
    require_exact(listeners.all, 1)


def _stop_reading(on_air: OnAir, listeners: Listeners, scale: CrowdScale) -> tuple[Delays, Delays, float]:
    """Return how late events come before and after some stop reading, and by how many megabytes the server grows."""
    all_read = follow_steadily(on_air, listeners, scale.silent_rate, scale.before)
    before = resident_bytes(on_air.server.process_id)
    listeners.stop_reading(listeners.all[-scale.silent :])
    some_read = follow_steadily(on_air, listeners, scale.silent_rate, scale.meanwhile, scale.silent)
    _publish_more(on_air, listeners, scale)
    grown = (resident_bytes(on_air.server.process_id) - before) / _MEGABYTE
    say(f"deliveries, {scale.silent} do not read: {all_read.p99:.1f} ms, then {some_read.p99:.1f}; {grown:.1f} MB")
    return all_read, some_read, grown


def _publish_more(on_air: OnAir, listeners: Listeners, scale: CrowdScale) -> None:
    """Publish more than the system holds for those who do not read; what others get of it is not measured."""
    listeners.begin_anew(keep=0)
    ends = time.monotonic() + _MORE_SECONDS
    for number in range(0, scale.more, _MORE_AT_ONCE):
        on_air.publisher.begin(Task(_MORE_AT_ONCE, _MORE_AT_ONCE))
        listeners.hear(number + _MORE_AT_ONCE, ends - time.monotonic(), of=scale.room)
        on_air.publisher.published()
