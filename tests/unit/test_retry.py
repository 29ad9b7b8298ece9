import random
import sqlite3
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.exc import DBAPIError

from db.retry import MAX_ATTEMPTS, may_succeed_again, pause_before


def sqlite_fault(code: int, kind: type[sqlite3.DatabaseError] = sqlite3.OperationalError) -> DBAPIError:
    original = kind("the database says no")
    original.sqlite_errorcode = code
    return DBAPIError("COMMIT", None, original)


def postgresql_fault(kind: type[asyncpg.PostgresError]) -> DBAPIError:
    original = AsyncAdapt_asyncpg_dbapi.Error("the server says no", kind("no"))  # type: ignore[no-untyped-call]
    return DBAPIError("COMMIT", None, original)


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(sqlite3.SQLITE_BUSY, id="busy"),
        pytest.param(sqlite3.SQLITE_BUSY_SNAPSHOT, id="busy-snapshot"),
        pytest.param(sqlite3.SQLITE_BUSY_RECOVERY, id="busy-recovery"),
        pytest.param(sqlite3.SQLITE_LOCKED, id="locked"),
        pytest.param(sqlite3.SQLITE_LOCKED_SHAREDCACHE, id="locked-shared-cache"),
    ],
)
def test_a_busy_or_locked_sqlite_database_is_worth_another_try(code: int) -> None:
    assert may_succeed_again(sqlite_fault(code)) is True


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(sqlite3.SQLITE_ERROR, id="error"),
        pytest.param(sqlite3.SQLITE_READONLY, id="read-only"),
        pytest.param(sqlite3.SQLITE_IOERR, id="input-output"),
        pytest.param(sqlite3.SQLITE_FULL, id="disk-full"),
        pytest.param(sqlite3.SQLITE_INTERRUPT, id="interrupted"),
    ],
)
def test_any_other_fault_of_sqlite_is_final(code: int) -> None:
    assert may_succeed_again(sqlite_fault(code)) is False


def test_a_broken_constraint_of_sqlite_is_final() -> None:
    fault = sqlite_fault(sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.IntegrityError)

    assert may_succeed_again(fault) is False


def test_a_database_that_another_connection_is_writing_to_is_worth_another_try(tmp_path: Path) -> None:
    file = tmp_path / "contended.db"
    with (
        closing(sqlite3.connect(file, isolation_level=None)) as writer,
        closing(sqlite3.connect(file, isolation_level=None, timeout=0)) as rival,
    ):
        writer.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError) as refused:
            rival.execute("BEGIN IMMEDIATE")

    assert may_succeed_again(DBAPIError("BEGIN IMMEDIATE", None, refused.value)) is True


@pytest.mark.parametrize("kind", [asyncpg.SerializationError, asyncpg.DeadlockDetectedError])
def test_a_serialization_failure_and_a_deadlock_of_postgresql_are_worth_another_try(
    kind: type[asyncpg.PostgresError],
) -> None:
    assert may_succeed_again(postgresql_fault(kind)) is True


@pytest.mark.parametrize(
    "kind",
    [
        asyncpg.UniqueViolationError,
        asyncpg.CheckViolationError,
        asyncpg.StatementCompletionUnknownError,
        asyncpg.LockNotAvailableError,
        asyncpg.UndefinedTableError,
        asyncpg.AdminShutdownError,
    ],
)
def test_any_other_fault_of_postgresql_is_final(kind: type[asyncpg.PostgresError]) -> None:
    assert may_succeed_again(postgresql_fault(kind)) is False


def test_a_fault_that_bears_no_code_is_final() -> None:
    assert may_succeed_again(DBAPIError("COMMIT", None, OSError("connection reset"))) is False


def test_a_transaction_is_tried_six_times_in_all() -> None:
    assert MAX_ATTEMPTS == 6


@pytest.mark.parametrize(("attempt", "longest"), [(2, 0.04), (3, 0.08), (4, 0.16), (5, 0.32), (6, 0.64)], ids=str)
def test_a_pause_is_random_up_to_a_bound_that_doubles_with_each_attempt(attempt: int, longest: float) -> None:
    random.seed(attempt)
    pauses = [pause_before(attempt) for _ in range(100)]

    dice = random.Random(attempt)
    assert pauses == [dice.uniform(0, longest) for _ in range(100)]
    assert len(set(pauses)) == 100
