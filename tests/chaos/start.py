"""Starts a replica that is not as an operator would start it: `python -m tests.chaos.start OPTIONS`.

The product has no switches for any of this. The options change the program after it was imported, and then it serves.
"""

import argparse
import runpy
import sys

# Before anything is changed, so that it is changed everywhere.
import app.command_line  # noqa: F401
from tests.chaos import naive_log, own_signals, shifted_clock


def _start() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--clock", type=float, default=0.0, help="by how many seconds the clock is off")
    parser.add_argument("--own-signals", action="store_true", help="hear of what this process commits alone")
    parser.add_argument("--naive-log", action="store_true", help="number events by a serial id")
    options = parser.parse_args()
    if options.clock:
        shifted_clock.shift(options.clock)
    if options.own_signals:
        own_signals.hear_only_oneself()
    if options.naive_log:
        naive_log.number_by_serial_id()
    sys.argv = ["app", "serve"]
    runpy.run_module("app", run_name="__main__")


if __name__ == "__main__":
    _start()
