"""`python -m benchmarks`: set everything up, measure, judge, and write the results down."""

import argparse
import asyncio
import sys
from pathlib import Path

from benchmarks.arena import Shape
from benchmarks.claims import measure_claims
from benchmarks.contestants import install_peers
from benchmarks.crowd import CrowdScale
from benchmarks.database import BenchmarkDatabase, benchmark_database
from benchmarks.deliveries import Deliveries, Scale, measure_deliveries
from benchmarks.list_page import measure_list_page
from benchmarks.organisations import Organisation, make_organisation, make_people, settle
from benchmarks.plot import draw
from benchmarks.processes import ROOT
from benchmarks.progress import say
from benchmarks.report import Report, write_into
from benchmarks.results import Results, goals_of
from benchmarks.rounds import Cost, Effort
from benchmarks.size import SizeCost, measure_sizes

_PARTS = ("list", "size", "claims", "deliveries")
_HOME = Path(__file__).parent
_BUILD = _HOME / ".build"
_LIST = Organisation(1, 100_000)
_SIZES = [Organisation(2, 1_000), Organisation(3, 10_000), _LIST, Organisation(4, 1_000_000)]
_HOT, _SPREAD = Shape("one hot order", 1, 1_500, 1_600), Shape("over 1,000 orders", 1_000, 2, 3_200)
_FULL, _QUICK = Effort(rounds=5, requests=2_000, seconds=3.0), Effort(rounds=2, requests=200, seconds=0.5)
_LIVE = Scale(
    rounds=3,
    listeners=1_000,
    events=50,
    seconds=1.0,
    rate=20,
    steady_seconds=10.0,
    crowd=CrowdScale(
        listeners=5_000,
        rate=8,
        seconds=15.0,
        returning=2_000,
        missed=10,
        room=800,
        silent=200,
        silent_rate=20,
        before=5.0,
        meanwhile=15.0,
        more=500,
    ),
)
_QUICK_CROWD = CrowdScale(
    listeners=500,
    rate=8,
    seconds=2.0,
    returning=200,
    missed=10,
    room=160,
    silent=40,
    silent_rate=20,
    before=2.0,
    meanwhile=3.0,
    more=100,
)
_LIVE_QUICK = Scale(1, listeners=200, events=50, seconds=0.3, rate=20, steady_seconds=1.5, crowd=_QUICK_CROWD)


class _Run:
    """What a run measures; a quick one takes small organisations and little time."""

    def __init__(self, parts: list[str], *, quick: bool) -> None:
        self.parts = parts
        self.effort = _QUICK if quick else _FULL
        self.list = Organisation(1, 20_000) if quick else _LIST
        self.sizes = [Organisation(2, 1_000), self.list] if quick else _SIZES
        self.hot = Shape(_HOT.name, 1, 300, 320) if quick else _HOT
        self.spread = Shape("over 100 orders", 100, 2, 320) if quick else _SPREAD
        self.live = _LIVE_QUICK if quick else _LIVE

    async def results(self) -> Results:
        """Measure."""
        async with benchmark_database() as database:
            await make_people(database)
            results = Results(
                rounds=self.effort.rounds,
                list_orders=self.list.orders,
                list_page=await self._list_page(database) if "list" in self.parts else {},
                claims=await self._claims(database) if "claims" in self.parts else {},
                sizes=await self._sizes(database) if "size" in self.parts else [],
                hot=self.hot,
                spread=self.spread,
                deliveries=await self._deliveries(database) if "deliveries" in self.parts else None,
            )
            say(database.run_command("verify"))
        return results

    async def _make(self, database: BenchmarkDatabase, organisations: list[Organisation]) -> None:
        for organisation in organisations:
            if not await database.value("SELECT count(*) FROM organisation WHERE id = $1", organisation.id):
                say(f"making an organisation of {organisation.orders:,} orders")
                await make_organisation(database, organisation)
        await settle(database)

    async def _list_page(self, database: BenchmarkDatabase) -> dict[str, Cost]:
        await self._make(database, [self.list])
        return await measure_list_page(database, self.list, self.effort, _BUILD)

    async def _sizes(self, database: BenchmarkDatabase) -> list[SizeCost]:
        await self._make(database, self.sizes)
        return await measure_sizes(database, self.sizes, self.effort, _BUILD)

    async def _claims(self, database: BenchmarkDatabase) -> dict[str, dict[str, Cost]]:
        return await measure_claims(database, (self.hot, self.spread), self.effort.rounds, _BUILD)

    async def _deliveries(self, database: BenchmarkDatabase) -> Deliveries:
        return await measure_deliveries(database, self.live, _BUILD)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", choices=_PARTS, action="append", help="measure this part; may be given again")
    parser.add_argument("--quick", action="store_true", help="little time and small organisations, for a first look")
    parser.add_argument("--strict", action="store_true", help="exit with 1 where a goal is not met")
    return parser.parse_args()


def _write(report: Report, results: Results, *, whole: bool) -> None:
    """Write the results down: a whole run into the repository, any other beside the logs."""
    home = _HOME if whole else _BUILD
    (home / "results.md").write_text(report.markdown(results))
    (home / "results.svg").write_text(draw(results))
    if whole:
        write_into(ROOT / "README.md", report.for_readme(results))
    say(f"written to {(home / 'results.md').relative_to(ROOT)}")


def main() -> int:
    """Run, print the results, and return the exit code."""
    arguments = _arguments()
    _BUILD.mkdir(exist_ok=True)
    install_peers()
    report = Report(quick=arguments.quick)
    parts = arguments.only or list(_PARTS)
    results = asyncio.run(_Run(parts, quick=arguments.quick).results())
    sys.stdout.write(report.markdown(results))
    _write(report, results, whole=set(parts) == set(_PARTS) and not arguments.quick)
    missed = any(not goal.met for goal in goals_of(results))
    return 1 if missed and arguments.strict else 0


if __name__ == "__main__":
    sys.exit(main())
