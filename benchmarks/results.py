"""What a run has found, and the goals it is judged by."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from benchmarks.arena import Shape
from benchmarks.broadcasters import GRAPHQL_WS, PICOWS
from benchmarks.claims import PGBENCH
from benchmarks.contestants import FLOOR, MERCURIUS, ORDINARY, OURS, POSTGRAPHILE
from benchmarks.crowd import Crowd, CrowdScale
from benchmarks.deliveries import Deliveries
from benchmarks.rounds import Cost
from benchmarks.size import SizeCost

_EVEN = 1.3


@dataclass(frozen=True)
class Results:
    """What a run has measured; a part that was not asked for is empty.

    Attributes:
        rounds: How often each had its turn.
        list_orders: How many orders the organisation has whose list page was asked for.
        list_page: What the list page cost on each server.
        sizes: What pages of ours cost in organisations of each size.
        claims: What claims cost, by shape and by who claimed.
        hot: One order that everybody wants.
        spread: Many orders.
        deliveries: What deliveries of live events cost.
    """

    rounds: int
    list_orders: int
    list_page: dict[str, Cost]
    sizes: list[SizeCost]
    claims: dict[str, dict[str, Cost]]
    hot: Shape
    spread: Shape
    deliveries: Deliveries | None = None


@dataclass(frozen=True)
class Goal:
    """A ratio that should be met.

    Attributes:
        text: What is compared.
        ratio: What was measured.
        limit: What it should be at most, or at least.
        at_least: Whether more is better.
    """

    text: str
    ratio: float
    limit: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether it is as it should be."""
        return self.ratio >= self.limit if self.at_least else self.ratio <= self.limit


def _server(cost: Cost) -> float:
    return cost.server


def _together(cost: Cost) -> float:
    return cost.together


def _goals_of_list_page(costs: dict[str, Cost]) -> list[Goal]:
    def against(name: str, what: str, figure: Callable[[Cost], float], limit: float) -> Goal:
        return Goal(f"List page: {what}, against {name}", figure(costs[OURS]) / figure(costs[name]), limit)

    return [
        against(MERCURIUS, "server CPU", _server, 1.0),
        against(POSTGRAPHILE, "server CPU", _server, 0.5),
        against(ORDINARY, "server CPU", _server, 1 / 30),
        against(MERCURIUS, "server and database CPU", _together, 0.7),
        against(FLOOR, "server CPU", _server, 1.6),
    ]


def _spread(figures: Iterable[float]) -> float:
    figures = list(figures)
    return max(figures) / min(figures)


def _goals_of_sizes(sizes: list[SizeCost]) -> list[Goal]:
    deep = max(_spread((item.first.together, item.deep.together)) for item in sizes)
    largest = f"{sizes[0].orders:,} to {sizes[-1].orders:,} orders"
    return [
        Goal("First page against deep page, server and database CPU, the widest apart", deep, _EVEN),
        Goal(f"First page, {largest}, the widest apart", _spread(item.first.together for item in sizes), _EVEN),
        Goal(f"Deep page, {largest}, the widest apart", _spread(item.deep.together for item in sizes), _EVEN),
    ]


def _goals_of_claims(results: Results) -> list[Goal]:
    def against(shape: Shape, name: str, limit: float) -> Goal:
        costs = results.claims[shape.name]
        ratio = costs[OURS].per_second / costs[name].per_second
        return Goal(f"Claims/s, {shape.name}, against {name}", ratio, limit, at_least=True)

    return [
        against(results.hot, PGBENCH, 1.5),
        against(results.hot, MERCURIUS, 1.5),
        against(results.spread, MERCURIUS, 1.0),
    ]


def _goals_of_deliveries(measured: Deliveries) -> list[Goal]:
    scale, crowd = measured.scale, measured.crowd

    def against(name: str, limit: float) -> Goal:
        ratio = measured.at_once[OURS].per_second / measured.at_once[name].per_second
        return Goal(f"Deliveries/s, a burst to {scale.listeners:,}, against {name}", ratio, limit, at_least=True)

    late = measured.steady[OURS].last_p99
    return [
        against(GRAPHQL_WS, 5.0),
        against(ORDINARY, 40.0),
        against(PICOWS, 0.75),
        Goal(f"{scale.rate} events/s: p99 until the last of {scale.listeners:,} has it, to 50 ms", late / 50, 1.0),
        *_goals_of_crowd(crowd, scale.crowd),
    ]


def _goals_of_crowd(crowd: Crowd, scale: CrowdScale) -> list[Goal]:
    reading = f"{scale.silent:,} of {scale.room + scale.silent:,} stop reading"
    # Where nothing comes in time, to be no slower than that is no merit.
    slower = math.inf if math.isinf(crowd.some_read.p99) else crowd.some_read.p99 / crowd.all_read.p99
    sustained = f"{scale.rate} events/s to {scale.listeners:,}"
    return [
        Goal(f"{sustained}: p99 of deliveries, to 250 ms", crowd.sustained.p99 / 250, 1.0),
        Goal(f"Memory for each of {scale.listeners:,} idle listeners, to 40 KB", crowd.idle / 40, 1.0),
        Goal(f"{scale.returning:,} listeners back with what they missed, to 5 s", crowd.returned / 5, 1.0),
        Goal(f"{reading}: p99 of the others, against before", slower, 1.5),
        Goal(f"{reading}: the server grows, to 64 MB", crowd.grown / 64, 1.0),
    ]


def goals_of(results: Results) -> list[Goal]:
    """Return the goals that what was measured can be judged by."""
    return [
        *(_goals_of_list_page(results.list_page) if results.list_page else ()),
        *(_goals_of_sizes(results.sizes) if results.sizes else ()),
        *(_goals_of_claims(results) if results.claims else ()),
        *(_goals_of_deliveries(results.deliveries) if results.deliveries else ()),
    ]
