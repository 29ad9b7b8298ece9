"""What may be told of a fault: where it came up and of what kind it is, but not what it says.

The sentence of an exception often quotes what could not be read, looked up or stored: a name, a reference, a statement
with its parameters. So sentences are left out, but for kinds that speak of the program alone.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from traceback import extract_tb
from typing import Any

_OF_THE_PROGRAM = (AttributeError, ImportError, NameError, RecursionError)
_FACTS = ("sqlstate", "schema_name", "table_name", "column_name", "constraint_name", "sqlite_errorname")
_MOST_FRAMES = 40
_ROOTS = ("site-packages/", f"{Path(__file__).parents[1]}{os.sep}", f"{Path(os.__file__).parent}{os.sep}")


def told_of(fault: BaseException) -> list[dict[str, Any]]:
    """Return what may be told of a fault, then of what it came from, and so on."""
    return [_told(each) for each in _chain(fault)]


def _chain(fault: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    cause: BaseException | None = fault
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)


def _told(fault: BaseException) -> dict[str, Any]:
    kind = type(fault)
    told: dict[str, Any] = {"type": f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")}
    if isinstance(fault, _OF_THE_PROGRAM):
        told["message"] = str(fault)
    if isinstance(fault, OSError) and fault.errno is not None:
        told["message"] = os.strerror(fault.errno)
    told.update((name, str(fact)) for name in _FACTS if (fact := getattr(fault, name, None)))
    told["at"] = [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in _frames(fault)]
    return told


def _frames(fault: BaseException) -> list[Any]:
    return list(extract_tb(fault.__traceback__, limit=-_MOST_FRAMES))


def _short(filename: str) -> str:
    for root in _ROOTS:
        _, found, rest = filename.rpartition(root)
        if found:
            return rest
    return filename
