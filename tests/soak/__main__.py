"""`make soak`: all attackers at once beside honest clients, for as long as one likes; nobody honest may notice."""

import argparse
import asyncio
import random
import signal
import sys
import tempfile
from pathlib import Path

from tests.soak.attackers.roster import NAMES
from tests.soak.ground import faults_logged, ground
from tests.soak.judge import faults_of
from tests.soak.plan import Bounds, DatabaseKind, Plan
from tests.soak.report import report
from tests.soak.run import soak


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=1800.0, help="how long the attackers attack")
    parser.add_argument("--seed", type=int, default=None, help="decides what is left to chance")
    parser.add_argument("--database", choices=list(DatabaseKind), default=DatabaseKind.POSTGRESQL)
    parser.add_argument("--only", choices=NAMES, action="append", default=[], help="an attacker, instead of all")
    return parser.parse_args()


def main() -> int:
    """Run, report, and return the exit code."""
    given = _arguments()
    # Told to end, it must end its servers too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    seed = random.SystemRandom().randrange(2**32) if given.seed is None else given.seed
    plan = Plan(seconds=given.seconds, seed=seed, database=DatabaseKind(given.database), only=given.only)
    home = Path(tempfile.mkdtemp(prefix="ordershare-soak-"))
    who = ", ".join(plan.only) or "all attackers"
    print(f"{who} for {plan.seconds:.0f} s on {plan.database}, seed {seed}; the server's log is in {home}", flush=True)
    with ground(plan.database, home) as ready:
        seen = asyncio.run(soak(plan, ready))
    seen.faults_logged = faults_logged(home / "log")
    faults = faults_of(seen, Bounds.of(plan))
    for line in report(seen, faults):
        print(line, flush=True)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
