"""Instants that are read only to be shown: from what the database keeps straight to text, past any object.

A driver makes an aware datetime of each, of which only text is wanted; on a page with hundreds of instants that costs
as much as all its other values together. PostgreSQL is asked for the bytes that it keeps: microseconds since 2000.
SQLite keeps text.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import LargeBinary
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_DAY = 86_400_000_000
_DAYS = 40_000
"""More than a century of days is remembered as text."""


class shown_instant(FunctionElement[Any]):  # noqa: N801 - SQLAlchemy's functions are written so
    """An instant in the form from which `instant_text` makes text."""

    name = "shown_instant"
    type = LargeBinary()
    inherit_cache = True


@compiles(shown_instant)
def _as_kept(element: shown_instant, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(shown_instant, "postgresql")
def _as_sent(element: shown_instant, compiler: SQLCompiler, **options: Any) -> str:
    return f"timestamptz_send({compiler.process(element.clauses, **options)})"


@lru_cache(_DAYS)
def _date(day: int) -> str:
    return (_EPOCH + timedelta(days=day)).date().isoformat()


def _from_bytes(kept: bytes) -> str:
    day, rest = divmod(int.from_bytes(kept, "big", signed=True), _DAY)
    if rest == 0:
        return f"{_date(day)}T00:00:00Z"
    seconds, fraction = divmod(rest, 1_000_000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    if fraction == 0:
        return f"{_date(day)}T{hour:02}:{minute:02}:{second:02}Z"
    return f"{_date(day)}T{hour:02}:{minute:02}:{second:02}.{fraction:06}Z"


def _from_text(kept: str) -> str:
    whole, _, fraction = kept.replace(" ", "T").partition(".")
    return f"{whole}Z" if fraction in ("", "000000") else f"{whole}.{fraction}Z"


def instant_text(dialect: str) -> Callable[[Any], str]:
    """Return what makes RFC 3339 text in UTC of an instant that was read as `shown_instant`."""
    return _from_bytes if dialect == "postgresql" else _from_text
