"""What was measured of deliveries, in Markdown."""

import math
from collections.abc import Mapping

from benchmarks.contestants import OURS
from benchmarks.crowd import Crowd, CrowdScale
from benchmarks.delays import Delays
from benchmarks.deliveries import Burst, Deliveries
from benchmarks.tables import number, table

_INTRODUCTION = """## Deliveries

{listeners:,} listeners follow one organisation over WebSocket (`graphql-transport-ws`), all with the same document,
each with an operation id of its own; a message has {size} bytes. The server has one core; the listeners, who publishes
and PostgreSQL have the other. Ours finds the events in its log, where another process commits them, and its listeners
are different members with a token each, or all the same one. The peers publish in their own process, to everybody.
"Raw picows" has no GraphQL: it sends the same bytes to every socket, event by event, which is the ceiling for Python as
long as messages go one by one; a server may join what it has for a socket in one write. What listeners got was
compared: all of them every event, once and in order.

"""
_BURSTS = """### Bursts

{events} events at once (ours: one commit), and one by one (ours: a commit each; the peers: a turn of the loop each).
From the first delivery to the last, and from the commit or the publication to the last; medians of {rounds} rounds. A
server that is too slow for that gets fewer events. One by one, ours waits for the commits, which the peers do not have.
CPU is that of one delivery: where the server takes more than the load client, the client is not what limits.

"""
_STEADY = """### {rate} events a second, for {seconds:.0f} seconds

Milliseconds from the commit, or from the publication, to the receipt. What came more than two seconds after the last
event counts as not come.

"""
_CROWD = """### Many listeners

Ours alone. {returning:,} listeners are cut off at once, miss {missed} events and come back with their cursors. Of
{together:,}, {silent:,} with small buffers stop reading for {meanwhile:.0f} seconds, while {silent_rate} events a
second go on, and for {more} events more before the server's memory is looked at.

"""


def deliveries_markdown(measured: Deliveries) -> str:
    """Return the tables."""
    scale = measured.scale
    return "\n".join(
        [
            _INTRODUCTION.format(listeners=scale.listeners, size=measured.size[OURS])
            + _BURSTS.format(events=scale.events, rounds=scale.rounds)
            + _bursts(measured.at_once, measured.one_by_one),
            _STEADY.format(rate=scale.rate, seconds=scale.steady_seconds) + _steady(measured.steady),
            _crowd(measured.crowd, scale.crowd),
        ]
    )


def _bursts(at_once: Mapping[str, Burst], one_by_one: Mapping[str, Burst]) -> str:
    rows = [
        [
            name,
            str(burst.events),
            number(burst.per_second),
            number(burst.since_published),
            number(burst.server),
            number(burst.client),
            f"{at_once[OURS].per_second / burst.per_second:.2f}",
            *(number(value) for value in (one_by_one[name].per_second, one_by_one[name].server)),
        ]
        for name, burst in at_once.items()
    ]
    head = [
        "",
        "events",
        "at once: deliveries/s",
        "since published",
        "server CPU µs",
        "client CPU µs",
        "ours against it",
    ]
    return table([*head, "one by one: deliveries/s", "server CPU µs"], rows)


def _steady(steady: Mapping[str, Delays]) -> str:
    rows = [[name, *_cells(each.p50, each.p99, each.last_p50, each.last_p99)] for name, each in steady.items()]
    return table(["", "deliveries: p50 ms", "p99 ms", "last listener: p50 ms", "p99 ms"], rows)


def _crowd(crowd: Crowd, scale: CrowdScale) -> str:
    figures = {
        f"Memory of the server for each of {scale.listeners:,} idle listeners, KB": crowd.idle,
        f"{scale.rate} events/s to {scale.listeners:,} for {scale.seconds:.0f} s: p50 ms": crowd.sustained.p50,
        "p99 ms": crowd.sustained.p99,
        f"{scale.returning:,} listeners cut off and back with what they missed, s": crowd.returned,
        f"{scale.room + scale.silent:,} listeners read: p99 ms": crowd.all_read.p99,
        f"{scale.silent:,} of them stop reading: p99 ms of the others": crowd.some_read.p99,
        "and the server grows by MB": crowd.grown,
    }
    introduction = _CROWD.format(
        returning=scale.returning,
        missed=scale.missed,
        silent=scale.silent,
        together=scale.room + scale.silent,
        meanwhile=scale.meanwhile,
        silent_rate=scale.silent_rate,
        more=scale.more,
    )
    return introduction + table(["", "measured"], ([name, *_cells(value)] for name, value in figures.items()))


def _cells(*milliseconds: float) -> list[str]:
    return ["not in time" if math.isinf(value) else number(value) for value in milliseconds]
