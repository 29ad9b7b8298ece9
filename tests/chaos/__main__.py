"""`make chaos`: replicas, PostgreSQL and NATS fail again and again, and nothing may be lost."""

import argparse
import asyncio
import random
import sys
import tempfile
from pathlib import Path

from tests.chaos.checker import violations_of
from tests.chaos.performance import perform
from tests.chaos.plan import Plan, SignalKind
from tests.chaos.report import report
from tests.chaos.stage import own_postgresql, set_up
from tests.integration.served_demonstration import REPOSITORY, environment

ALL = "all"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0, help="how long, for each signal")
    parser.add_argument("--signal", choices=[*SignalKind, ALL], default=ALL, help="how replicas hear of each other")
    parser.add_argument("--seed", type=int, default=None, help="decides who does what, and what fails when")
    parser.add_argument("--naive", action="store_true", help="number the log by a serial id: this must fail")
    return parser.parse_args()


async def _run(plan: Plan, home: Path) -> bool:
    """Run a plan, print what came of it, and return whether all is well."""
    with own_postgresql() as postgresql:
        async with set_up(plan, postgresql, home) as stage:
            performance = await perform(plan, stage)
            recounted = plan.naive or await _verify(stage.database_url)
    violations = violations_of(performance.history)
    for line in report(performance, violations):
        print(line, flush=True)
    print(f"  verify:       {'all is well' if recounted else 'something is off'}", flush=True)
    return recounted and not violations


async def _verify(database_url: str) -> bool:
    """Have the program itself recount what is stored."""
    settings = environment(ORDERSHARE_DATABASE_URL=database_url)
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "app", "verify", cwd=REPOSITORY, env=settings)
    return await process.wait() == 0


def main() -> int:
    """Run for each signal, and return the exit code."""
    given = _arguments()
    seed = random.SystemRandom().randrange(2**32) if given.seed is None else given.seed
    signals = list(SignalKind) if given.signal == ALL else [SignalKind(given.signal)]
    well = True
    for signal in signals:
        home = Path(tempfile.mkdtemp(prefix="ordershare-chaos-"))
        plan = Plan(signal=signal, seed=seed, seconds=given.seconds, naive=given.naive)
        print(f"{signal}: {given.seconds:.0f} s, seed {seed}; the replicas' logs are in {home}", flush=True)
        well = asyncio.run(_run(plan, home)) and well
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
