"""What the help of a command tells at its end: examples, and what its exit codes mean."""

from collections.abc import Mapping

PROGRAM = "python -m app"

REFUSED = {0: "done", 1: "refused or failed, in one line on standard error"}
"""The exit codes of most commands."""

_USAGE = {2: "wrong usage"}


def epilog(*examples: str, exits: Mapping[int, str] | None = None) -> str:
    """Return the end of a command's help.

    Args:
        examples: What can be typed after the program's name.
        exits: What the exit codes mean; `REFUSED` where left out. 2 is always wrong usage.
    """
    codes = {**(REFUSED if exits is None else exits), **_USAGE}
    lines = [
        "Examples:",
        *(f"$ {PROGRAM} {example}" for example in examples),
        "Exit codes: " + "; ".join(f"{code} {meaning}" for code, meaning in codes.items()),
    ]
    # A blank line between two is what Typer takes for the end of a line.
    return "\n\n".join(lines)
