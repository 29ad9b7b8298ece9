"""Runs of some seconds: what `make soak` does for half an hour, and the proof that it would notice."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.soak.ground import Ground, faults_logged, ground
from tests.soak.judge import Fault, Wrong, faults_of
from tests.soak.observations import Observations
from tests.soak.people import Stock
from tests.soak.plan import Bounds, DatabaseKind, Plan
from tests.soak.report import report
from tests.soak.run import soak

# They start a PostgreSQL, a server and the attackers, which takes its time where others are busy too.
pytestmark = pytest.mark.timeout(300)

_STOCK = Stock(events=200, orders=300)

_SLOWER = Bounds(request_seconds=10.0)
"""Other tests run at the same time, and the database waits for the processor too."""


def _plan(database: DatabaseKind, *only: str, seconds: float = 4.0) -> Plan:
    return Plan(
        seconds=seconds,
        seed=1,
        database=database,
        only=only,
        clients=6,
        listeners=20,
        think_seconds=0.3,
        calm_seconds=1.5,
        settle_seconds=20,
        patience_seconds=20,
    )


def _judge(seen: Observations, home: Path) -> Sequence[Fault]:
    seen.faults_logged = faults_logged(home / "log")
    faults = faults_of(seen, _SLOWER)
    # Where the test fails, this is what one wants to know.
    print("\n".join(report(seen, faults)))
    return faults


def test_honest_clients_notice_nothing_of_attackers_that_are_withstood(tmp_path: Path) -> None:
    plan = _plan(DatabaseKind.POSTGRESQL, "introspection", "imports", "early", "comments")
    with ground(plan.database, tmp_path, _STOCK) as ready:
        seen = asyncio.run(soak(plan, ready))
    assert _judge(seen, tmp_path) == []
    assert {each.name for each in seen.attackers} == set(plan.only)
    # Everything that an honest client does was done, and whoever may see it was told.
    assert {each.kind for each in seen.requests} == {
        "/metrics",
        "/readyz",
        "list page",
        "one order",
        "inbox",
        "shared order",
        "share",
        "claim",
        "release",
        "process",
    }
    assert len(seen.history.subscribers) == 20
    assert all(each.heard for each in seen.history.subscribers if each.is_admin)


def test_a_server_that_refuses_the_honest_is_found(tmp_path: Path) -> None:
    plan = replace(_plan(DatabaseKind.SQLITE, "introspection"), patience_seconds=3)
    with ground(plan.database, tmp_path, _STOCK, organisation_budget="60000 per minute") as ready:
        seen = asyncio.run(soak(plan, ready))
    assert Wrong.REFUSED in {fault.wrong for fault in _judge(seen, tmp_path)}
    assert any("RATE_LIMITED" in each.refused for each in seen.requests if each.refused is not None)


def test_a_run_whose_server_is_killed_ends_at_once_and_says_so(tmp_path: Path) -> None:
    async def kill_meanwhile(ready: Ground) -> Observations:
        running = asyncio.create_task(soak(_plan(DatabaseKind.SQLITE, "introspection", seconds=200), ready))
        await asyncio.sleep(6)
        ready.server.process.kill()
        async with asyncio.timeout(30):
            return await running

    with ground(DatabaseKind.SQLITE, tmp_path, _STOCK) as ready:
        seen = asyncio.run(kill_meanwhile(ready))
    assert Fault(Wrong.ENDED, "the server ended with -9") in _judge(seen, tmp_path)
