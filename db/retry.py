"""Which faults of a database mean: the same transaction, tried again, may succeed."""

import asyncio
import random
import sqlite3
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

Answer = TypeVar("Answer")

MAX_ATTEMPTS = 6
"""How often a transaction is tried in all."""

_SERIALIZATION_FAILURE = "40001"
_DEADLOCK_DETECTED = "40P01"
_FIRST_PAUSE_SECONDS = 0.01


def may_succeed_again(fault: DBAPIError) -> bool:
    """Return whether `fault` is a serialization failure, a deadlock, or a busy or locked SQLite database."""
    original = fault.orig
    if isinstance(original, sqlite3.OperationalError):
        # Absent on errors that the driver raises without asking SQLite.
        primary_code = getattr(original, "sqlite_errorcode", 0) & 0xFF
        return primary_code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    return getattr(original, "sqlstate", None) in (_SERIALIZATION_FAILURE, _DEADLOCK_DETECTED)


def pause_before(attempt: int) -> float:
    """Return how many seconds to wait before the given attempt (2, 3, …): random, so that rivals part, and growing."""
    return random.uniform(0, _FIRST_PAUSE_SECONDS * 2**attempt)  # noqa: S311 - jitter, not a secret


async def with_retries(attempt: Callable[[], Awaitable[Answer]]) -> Answer:
    """Return what a transaction answers, tried again where that may help.

    Raises:
        DBAPIError: What the last attempt raised.
    """
    number = 1
    while True:
        try:
            return await attempt()
        except DBAPIError as fault:
            if number == MAX_ATTEMPTS or not may_succeed_again(fault):
                raise
        number += 1
        await asyncio.sleep(pause_before(number))
