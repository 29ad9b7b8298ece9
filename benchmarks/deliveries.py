"""Deliveries of live events to a thousand listeners: our server beside others, each on a core of its own."""

import os
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.audience import audience
from benchmarks.broadcasters import ONE_MEMBER, ORGANISATION, OnAir, every_broadcaster, our_broadcaster
from benchmarks.cores import allow_many_files, pinned, two_cores
from benchmarks.crowd import Crowd, CrowdScale, measure_crowd
from benchmarks.database import BenchmarkDatabase
from benchmarks.delays import Delays
from benchmarks.exactness import require_exact, require_same_shape
from benchmarks.listeners import Listeners
from benchmarks.organisations import organisation_rows
from benchmarks.processes import cpu_milliseconds
from benchmarks.progress import say
from benchmarks.publisher import Task
from benchmarks.rounds import pause
from benchmarks.steady import follow_steadily

_TRIAL = 2
_STEP = 5
_LONGEST_SECONDS = 4.0
_MOST_BURSTS = 5
_PATIENCE = 60.0


@dataclass(frozen=True)
class Scale:
    """How much to measure.

    Attributes:
        rounds: How often each server has its turn with bursts.
        listeners: How many listen.
        events: How many events a burst has; a slow server gets fewer.
        seconds: How long the bursts of one kind take in a turn, about.
        rate: Events a second, while they come steadily.
        steady_seconds: How long they do.
        crowd: What only our server is measured by.
    """

    rounds: int
    listeners: int
    events: int
    seconds: float
    rate: int
    steady_seconds: float
    crowd: CrowdScale


@dataclass(frozen=True)
class Burst:
    """What a burst came to.

    Attributes:
        events: How many events it had.
        per_second: Deliveries a second, from the first to the last.
        since_published: Deliveries a second, from the first commit or publication to the last delivery.
        server: Microseconds of the server's CPU for a delivery.
        client: Microseconds of the load client's.
    """

    events: int
    per_second: float
    since_published: float
    server: float
    client: float


@dataclass(frozen=True)
class Deliveries:
    """What was measured, by server.

    Attributes:
        scale: How much that was.
        size: Bytes of a message.
        at_once: Bursts whose events were published together.
        one_by_one: Bursts whose events were published one after the other.
        steady: Events that came steadily.
        crowd: What only ours is measured by.
    """

    scale: Scale
    size: dict[str, int]
    at_once: dict[str, Burst]
    one_by_one: dict[str, Burst]
    steady: dict[str, Delays]
    crowd: Crowd


def median_burst(bursts: list[Burst]) -> Burst:
    """Return the median of each figure."""
    figures = ("per_second", "since_published", "server", "client")
    return Burst(
        events=max(burst.events for burst in bursts),
        **{name: median(getattr(burst, name) for burst in bursts) for name in figures},
    )


async def measure_deliveries(database: BenchmarkDatabase, scale: Scale, logs: Path) -> Deliveries:
    """Return what deliveries cost on each server, and what many listeners do to ours.

    Args:
        database: Where our log is.
        scale: How much to measure.
        logs: The directory that takes what the servers print.
    """
    allow_many_files()
    server_core, load_core = two_cores()
    await database.execute(*organisation_rows(ORGANISATION))
    with pinned(os.getpid(), load_core), pinned(database.server.process_id(), load_core):
        with ExitStack() as running:
            everyone = [running.enter_context(each.on_air(database, logs, server_core)) for each in every_broadcaster()]
            size = _require_same_messages(everyone)
            for on_air in everyone:
                await pause(database, on_air.server)
            at_once, one_by_one = await _bursts(database, everyone, scale)
            steady = {
                on_air.name: await _steady(database, on_air, scale) for on_air in everyone if on_air.name != ONE_MEMBER
            }
        crowd = await measure_crowd(database, our_broadcaster(), scale.crowd, logs, server_core)
    return Deliveries(scale, size, at_once, one_by_one, steady, crowd)


def _require_same_messages(everyone: list[OnAir]) -> dict[str, int]:
    """Compare a message of each server, and return their sizes."""
    messages, sizes = {}, {}
    for on_air in everyone:
        with audience(on_air, 1) as listeners:
            messages[on_air.name] = listeners.all[0].last_message()
            sizes[on_air.name] = listeners.all[0].size
    require_same_shape(messages)
    say(f"all {len(everyone)} servers deliver the same event: {sizes}")
    return sizes


async def _bursts(
    database: BenchmarkDatabase, everyone: list[OnAir], scale: Scale
) -> tuple[dict[str, Burst], dict[str, Burst]]:
    at_once: dict[str, list[Burst]] = {on_air.name: [] for on_air in everyone}
    one_by_one: dict[str, list[Burst]] = {on_air.name: [] for on_air in everyone}
    for number in range(scale.rounds):
        for on_air in everyone:
            on_air.server.resume()
            with audience(on_air, scale.listeners) as listeners:
                events = _fitting_events(on_air, listeners, scale)
                at_once[on_air.name].append(_some_bursts(on_air, listeners, events, scale.seconds, together=True))
                one_by_one[on_air.name].append(_some_bursts(on_air, listeners, events, scale.seconds, together=False))
            await pause(database, on_air.server)
            first, second = at_once[on_air.name][-1], one_by_one[on_air.name][-1]
            say(f"deliveries, round {number + 1}: {on_air.name}: {first}, one by one {second}")
    return (
        {name: median_burst(bursts) for name, bursts in at_once.items()},
        {name: median_burst(bursts) for name, bursts in one_by_one.items()},
    )


def _fitting_events(on_air: OnAir, listeners: Listeners, scale: Scale) -> int:
    """Return how many events a burst has, having let the server warm up by smaller ones: a slow one gets fewer."""
    events = _TRIAL
    while True:
        trial = _burst(on_air, listeners, events, together=True)
        most = int(trial.per_second * _LONGEST_SECONDS / scale.listeners)
        if events == scale.events or most < events * _STEP:
            return max(_TRIAL, min(scale.events, most))
        events = min(scale.events, events * _STEP)


def _some_bursts(on_air: OnAir, listeners: Listeners, events: int, seconds: float, *, together: bool) -> Burst:
    ends = time.monotonic() + seconds
    bursts: list[Burst] = []
    while not bursts or (time.monotonic() < ends and len(bursts) < _MOST_BURSTS):
        bursts.append(_burst(on_air, listeners, events, together=together))
    return median_burst(bursts)


def _burst(on_air: OnAir, listeners: Listeners, events: int, *, together: bool) -> Burst:
    """Publish events and return what it took until all listeners had all of them.

    Raises:
        RuntimeError: Where they have not, or have got anything else.
    """
    listeners.begin_anew()
    server, client = cpu_milliseconds(on_air.server.process_id), time.process_time()
    on_air.publisher.begin(Task(events, events if together else 1))
    listeners.hear(events, _PATIENCE)
    client = time.process_time() - client
    server = cpu_milliseconds(on_air.server.process_id) - server
    published = on_air.publisher.published()
    require_exact(listeners.all, events, any_id=on_air.broadcaster.any_id)
    count = events * len(listeners.all)
    times = [at for _, _, at in listeners.arrivals]
    return Burst(
        events,
        count / (max(times) - min(times)) * 1e9,
        count / (max(times) - published[0]) * 1e9,
        server / count * 1e3,
        client / count * 1e6,
    )


async def _steady(database: BenchmarkDatabase, on_air: OnAir, scale: Scale) -> Delays:
    """Return how late events come at a steady rate; what comes long after the last one does not count as come."""
    on_air.server.resume()
    with audience(on_air, scale.listeners) as listeners:
        taken = follow_steadily(on_air, listeners, scale.rate, scale.steady_seconds)
    await pause(database, on_air.server)
    say(f"deliveries, {scale.rate} events/s: {on_air.name}: {taken}")
    return taken
