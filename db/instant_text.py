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
_REMEMBERED = 50_000
"""Covers begin and end at few instants, and the same ones are shown over and over."""


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


@lru_cache(_REMEMBERED)
def _from_bytes(kept: bytes) -> str:
    instant = _EPOCH + timedelta(microseconds=int.from_bytes(kept, "big", signed=True))
    return instant.isoformat()[: -len("+00:00")] + "Z"


@lru_cache(_REMEMBERED)
def _from_text(kept: str) -> str:
    whole, _, fraction = kept.replace(" ", "T").partition(".")
    return f"{whole}Z" if fraction in ("", "000000") else f"{whole}.{fraction}Z"


def instant_text(dialect: str) -> Callable[[Any], str]:
    """Return what makes RFC 3339 text in UTC of an instant that was read as `shown_instant`."""
    return _from_bytes if dialect == "postgresql" else _from_text
