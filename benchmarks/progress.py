"""What is going on, told on standard error, so that standard output holds the results alone."""

import sys
import time

_BEGAN = time.monotonic()


def say(what: str) -> None:
    """Print a line with the seconds since the start."""
    print(f"[{time.monotonic() - _BEGAN:6.1f} s] {what}", file=sys.stderr, flush=True)
