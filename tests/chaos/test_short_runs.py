"""Runs of some seconds: what `make chaos` does for minutes, and the proof that it would notice."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.checker import violations_of
from tests.chaos.performance import Performance, perform
from tests.chaos.plan import Plan, SignalKind
from tests.chaos.report import report
from tests.chaos.stage import own_postgresql, set_up
from tests.chaos.violations import Violation, Wrong
from tests.servers import EmbeddedPostgreSQL

# They start eight servers, which takes its time where others are busy too.
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def postgresql() -> Iterator[EmbeddedPostgreSQL]:
    """A server that may crash: none of other tests is on it."""
    with own_postgresql() as server:
        yield server


async def _judge(plan: Plan, postgresql: EmbeddedPostgreSQL, logs: Path) -> tuple[Performance, list[Violation]]:
    async with set_up(plan, postgresql, logs) as stage:
        performance = await perform(plan, stage)
    violations = violations_of(performance.history)
    # Where the test fails, this is what one wants to know.
    print("\n".join(report(performance, violations)))
    return performance, violations


async def test_nothing_is_lost_while_replicas_and_their_database_fail(
    postgresql: EmbeddedPostgreSQL, tmp_path: Path
) -> None:
    plan = Plan(
        signal=SignalKind.NOTIFY,
        seed=1,
        seconds=60,
        rounds=1,
        pause=(0.2, 0.6),
        stopped=1,
        subscribers=24,
        per_second=20,
        patience=30,
    )
    performance, violations = await _judge(plan, postgresql, tmp_path)
    assert violations == []
    assert performance.counts.faults == {
        "replica killed": 1,
        "replica told to end": 1,
        "replica stopped and continued": 1,
        "PostgreSQL restarted at once": 1,
        "listening connections ended": 1,
        "all connections ended": 1,
    }


async def test_the_same_clients_find_what_a_log_by_serial_ids_loses(
    postgresql: EmbeddedPostgreSQL, tmp_path: Path
) -> None:
    plan = Plan(
        signal=SignalKind.NOTIFY,
        seed=1,
        seconds=60,
        mutations=100,
        naive=True,
        pause=None,
        subscribers=24,
        per_second=40,
        patience=5,
    )
    _, violations = await _judge(plan, postgresql, tmp_path)
    assert Counter(violation.wrong for violation in violations)[Wrong.LOST] > 0
