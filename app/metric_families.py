"""The metrics: what there are, how those of several processes become one, and how Prometheus reads them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import isnan, nan
from typing import TypeAlias

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

Labels: TypeAlias = tuple[str, ...]
Snapshot: TypeAlias = Mapping[str, Mapping[Labels, Sequence[float]]]
"""The numbers of one process: by metric and the values of its labels. A histogram has its sum, then a count for each
bucket; any other metric has one number."""

OPERATION_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
DELIVERY_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Described:
    """A metric.

    Attributes:
        told: What it is.
        labels: The names of its labels.
        bounds: Of a histogram: up to what each bucket goes but the last.
        is_present: Whether it tells how things are now; otherwise it counts from the beginning.
        merged: Makes one number of those of several processes.
    """

    told: str
    labels: Labels = ()
    bounds: tuple[float, ...] = ()
    is_present: bool = False
    merged: Callable[[Iterable[float]], float] = sum


HTTP = "ordershare_http_requests"
OPERATIONS = "ordershare_operations"
OPERATION_TIME = "ordershare_operation_seconds"
OPERATION_COST = "ordershare_operation_cost"
CLAIMS = "ordershare_claims"
DELIVERIES = "ordershare_deliveries"
DELIVERY_TIME = "ordershare_delivery_lag_seconds"
EXECUTIONS = "ordershare_executions"
SOCKETS = "ordershare_sockets"
STREAMS = "ordershare_streams"
SUBSCRIPTIONS = "ordershare_subscriptions"
AUDIENCES = "ordershare_audiences"
LOG_LAG = "ordershare_log_lag_events"
CONNECTIONS = "ordershare_database_connections"
DROPPED_LINES = "ordershare_log_lines_dropped"
OVERDUE = "ordershare_database_connections_overdue"

DESCRIBED: Mapping[str, Described] = {
    HTTP: Described("Requests to /graphql over HTTP that were answered.", ("method", "status")),
    OPERATIONS: Described(
        "Operations that have ended; subscriptions that have begun.", ("kind", "name", "transport", "outcome")
    ),
    OPERATION_TIME: Described(
        "How long operations took; of a subscription, until it had begun.", ("kind", "name"), OPERATION_SECONDS
    ),
    OPERATION_COST: Described("What operations cost, as their answers tell it.", ("kind", "name")),
    CLAIMS: Described("Claims that were decided: CLAIMED, or why not.", ("outcome",)),
    DELIVERIES: Described("Events told to subscribers, once for each of them."),
    DELIVERY_TIME: Described(
        "From when an event happened until an audience was told, once for each event and audience.",
        bounds=DELIVERY_SECONDS,
    ),
    EXECUTIONS: Described(
        "Operations that ran compiled field by field, had whole, or interpreted; answers to events too.",
        ("way",),
    ),
    DROPPED_LINES: Described("Lines of the log that were dropped, because the standard error was not read."),
    SOCKETS: Described("WebSockets that are open.", is_present=True),
    STREAMS: Described("Subscriptions over HTTP whose answers go on.", is_present=True),
    SUBSCRIPTIONS: Described("Subscriptions under way, over sockets and streams.", is_present=True),
    AUDIENCES: Described("Different questions that subscribers ask; each is answered once.", is_present=True),
    LOG_LAG: Described(
        "Events in a log that is followed here, and not read here yet; of the log with the most. NaN: no database.",
        is_present=True,
        merged=lambda numbers: max((each for each in numbers if not isnan(each)), default=nan),
    ),
    CONNECTIONS: Described("Connections to the database: in use, or idle.", ("state",), is_present=True),
    OVERDUE: Described(
        "Connections to the database that have been in use for longer than an operation may take.", is_present=True
    ),
}


def merged(snapshots: Sequence[Snapshot]) -> Snapshot:
    """Return the numbers of several processes as those of one."""
    found: dict[str, dict[Labels, Sequence[float]]] = {}
    for name, described in DESCRIBED.items():
        parts: dict[Labels, list[Sequence[float]]] = {}
        for snapshot in snapshots:
            for labels, numbers in snapshot.get(name, {}).items():
                parts.setdefault(labels, []).append(numbers)
        found[name] = {
            labels: [described.merged(each) for each in zip(*numbers, strict=True)] for labels, numbers in parts.items()
        }
    return found


class Families(Collector):
    """A snapshot, as the library reads metrics."""

    def __init__(self, snapshot: Snapshot) -> None:
        """Tell these numbers."""
        self._snapshot = snapshot

    def collect(self) -> Iterator[Metric]:
        """Yield each metric."""
        for name, described in DESCRIBED.items():
            family = _family(name, described)
            for labels, numbers in sorted(self._snapshot.get(name, {}).items()):
                if isinstance(family, HistogramMetricFamily):
                    family.add_metric(labels, _buckets(described.bounds, numbers[1:]), numbers[0])
                else:
                    family.add_metric(labels, numbers[0])
            yield family


def _family(name: str, described: Described) -> HistogramMetricFamily | GaugeMetricFamily | CounterMetricFamily:
    if described.bounds:
        return HistogramMetricFamily(name, described.told, labels=described.labels)
    if described.is_present:
        return GaugeMetricFamily(name, described.told, labels=described.labels)
    return CounterMetricFamily(name, described.told, labels=described.labels)


def _buckets(bounds: Sequence[float], counts: Sequence[float]) -> Sequence[tuple[str, float]]:
    names = [*map(str, bounds), "+Inf"]
    return list(zip(names, accumulate(counts), strict=True))
