"""The results as Markdown, and where they are written."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.arena import Shape
from benchmarks.contestants import FLOOR, OURS
from benchmarks.deliveries_report import deliveries_markdown
from benchmarks.documents import PAGE
from benchmarks.machine import describe_machine, describe_versions
from benchmarks.results import Goal, Results, goals_of
from benchmarks.rounds import CONNECTIONS, Cost
from benchmarks.tables import number, table

BEGIN, END = "<!-- benchmark: begin, written by `make bench` -->", "<!-- benchmark: end -->"
"""What stands around the part of the README that is written anew."""

_FIGURES: tuple[tuple[str, Callable[[Cost], float], bool], ...] = (
    ("server CPU ms", lambda cost: cost.server, False),
    ("database CPU ms", lambda cost: cost.database, False),
    ("together ms", lambda cost: cost.together, False),
    ("requests/s", lambda cost: cost.per_second, True),
    ("p50 ms", lambda cost: cost.p50, False),
    ("p99 ms", lambda cost: cost.p99, False),
)


_LIST_PAGE = """## The list page

{page} orders with their owners and types, and 80 shared orders with their recipients, from an organisation of
{orders:,}: {size:.0f} kB of JSON from our server, over {connections} connections. In brackets, each figure against the
floor's and against the best peer's. The floor is the same rows to JSON on a bare ASGI application, by two statements
written by hand and without GraphQL; Mercurius and Yoga run the same two. Ours is served as in
production, with authentication, limits, budgets, authorisation, metrics and a line of the log for each operation; the
peers have none of these. Every server's answer was compared with the floor's,
field by field: ids as those of the rows (ours sends opaque ones, which are longer), instants as instants, and
PostGraphile's, whose schema follows the tables, by its own names.

"""
_CLAIMS = """## Claims under contention

The servers are asked over 32 connections; pgbench runs 16 clients and has no server before it. Mercurius and pgbench
do the least that is correct: they take a seat where one is left and mark the offer, and write no log. pgbench does it
in a transaction of several statements, as Mercurius does, which is what the goals are judged by, and once more in a
single statement. Nothing of PostgreSQL's durability is switched off.

"""


class Report:
    """A run's results in words; the machine is described as it is before the run."""

    def __init__(self, *, quick: bool) -> None:
        """Describe the machine now."""
        self._quick = quick
        self._machine = describe_machine()
        self._versions = describe_versions()
        self._day = datetime.now(UTC).date().isoformat()

    def markdown(self, results: Results) -> str:
        """Return all results."""
        warning = "**A quick run: too short to be quoted.**\n\n" if self._quick else ""
        parts = [
            f"# Benchmark\n\n{warning}{self._where(results)}\n",
            _list_page(results),
            _sizes(results),
            _claims(results),
            deliveries_markdown(results.deliveries) if results.deliveries else "",
            _goals(goals_of(results)),
        ]
        return "\n".join(part for part in parts if part)

    def for_readme(self, results: Results) -> str:
        """Return the part that the README shows."""
        goals = goals_of(results)
        met = sum(goal.met for goal in goals)
        return "\n".join(
            [
                f"{self._where(results)}\n",
                "![The same figures as bars and lines](benchmarks/results.svg)\n",
                _list_page(results).replace("## ", "### "),
                f"{met} of {len(goals)} goals are met. They, the cost against the size of an organisation, claims",
                "under contention, and deliveries of live events are in",
                "[`benchmarks/results.md`](benchmarks/results.md).",
            ]
        )

    def _where(self, results: Results) -> str:
        return (
            f"Measured on {self._day}: {self._machine}. {self._versions}. Medians of {results.rounds} rounds, all "
            "taking turns in one run. CPU is user and system time of the server, and of all PostgreSQL processes."
        )


def _list_page(results: Results) -> str:
    costs = results.list_page
    if not costs:
        return ""
    rows = ([name, *_compared(costs, cost)] for name, cost in costs.items())
    facts = _LIST_PAGE.format(
        page=PAGE, orders=results.list_orders, size=costs[OURS].size / 1000, connections=CONNECTIONS
    )
    return facts + table(["", *(title for title, _, _ in _FIGURES)], rows)


def _compared(costs: dict[str, Cost], cost: Cost) -> list[str]:
    cells = []
    for _, figure, more_is_better in _FIGURES:
        peers = [figure(peer) for name, peer in costs.items() if name not in {OURS, FLOOR}]
        best = max(peers) if more_is_better else min(peers)
        value = figure(cost)
        cells.append(f"{number(value)} ({value / figure(costs[FLOOR]):.2f} / {value / best:.2f})")
    return cells


def _sizes(results: Results) -> str:
    if not results.sizes:
        return ""
    rows = [
        [
            f"{item.orders:,}",
            *(number(value) for value in (item.first.server, item.first.database)),
            f"{item.depth:,}",
            *(number(value) for value in (item.deep.server, item.deep.database)),
            f"{item.deep.together / item.first.together:.2f}",
        ]
        for item in results.sizes
    ]
    head = [
        "orders",
        "first page: server ms",
        "database ms",
        "depth",
        "deep page: server ms",
        "database ms",
        "deep/first",
    ]
    return "## Cost against size\n\nThe list page of our server, CPU for one request.\n\n" + table(head, rows)


def _claims(results: Results) -> str:
    parts = [
        _claims_of(shape, results.claims[shape.name])
        for shape in (results.hot, results.spread)
        if shape.name in results.claims
    ]
    if not parts:
        return ""
    return _CLAIMS + "\n".join(parts)


def _claims_of(shape: Shape, costs: dict[str, Cost]) -> str:
    rows = [
        [
            name,
            *(number(value) for value in (cost.per_second, cost.p50, cost.p99)),
            number(cost.server) if cost.server else "",
            number(cost.database),
            f"{cost.per_second / costs[OURS].per_second:.2f}",
        ]
        for name, cost in costs.items()
    ]
    head = ["", "claims/s", "p50 ms", "p99 ms", "server CPU ms", "database CPU ms", "claims/s against ours"]
    return (
        f"### {shape.name.capitalize()}\n\n{shape.offers:,} claims for {shape.orders * shape.seats:,} seats, "
        f"{shape.seats:,} on each order; exactly that many were claimed, every time.\n\n" + table(head, rows)
    )


def _goals(goals: list[Goal]) -> str:
    rows = [
        [goal.text, f"{goal.ratio:.3f}", f"{'≥' if goal.at_least else '≤'} {goal.limit:.3f}", _verdict(goal)]
        for goal in goals
    ]
    return "## Goals\n\n" + table(["", "measured", "goal", ""], rows)


def _verdict(goal: Goal) -> str:
    return "PASS" if goal.met else "FAIL"


def write_into(readme: Path, text: str) -> None:
    """Replace what stands between the two marks.

    Raises:
        RuntimeError: Where a mark is missing.
    """
    before, begin, rest = readme.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise RuntimeError(f"{readme.name} lacks the marks around the benchmark")
    readme.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")
