"""One transaction for each change: tried again where rivals met, done once, and seen as a whole."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event, make_url, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from db.database import Database
from db.order_tables import OrderTypeRow
from db.retry import MAX_ATTEMPTS
from domain.errors import DomainError
from domain.vocabulary import ErrorCode

Work = Callable[[AsyncSession], Awaitable[None]]


async def _counters(database: Database, *codes: str) -> None:
    """Make order types whose priority the tests count with."""

    async def work(session: AsyncSession) -> None:
        session.add_all(OrderTypeRow(code=code, name=code, priority=0) for code in codes)

    await database.write(work)


async def _count(database: Database, code: str) -> int:
    async with database.read() as session:
        return (await session.get_one(OrderTypeRow, code)).priority


async def _raise(session: AsyncSession, code: str) -> None:
    """Read a counter under its lock, then write it: what a lost lock would lose."""
    locked = select(OrderTypeRow).where(col(OrderTypeRow.code) == code).with_for_update()
    (await session.exec(locked)).one().priority += 1
    await session.flush()


@pytest.fixture
async def counting(database: Database) -> Database:
    """A database with a counter C."""
    await _counters(database, "C")
    return database


@pytest.fixture
async def postgresql(postgresql_url: str) -> AsyncIterator[Database]:
    """A PostgreSQL database with two counters."""
    opened = Database(postgresql_url)
    await _counters(opened, "A", "B")
    yield opened
    await opened.close()


@pytest.fixture
async def impatient(sqlite_url: str) -> AsyncIterator[Database]:
    """An SQLite database with a counter, that does not wait for a lock."""
    opened = Database(sqlite_url)
    event.listen(opened.engine.sync_engine, "connect", lambda raw, _: raw.execute("PRAGMA busy_timeout = 0"))
    await _counters(opened, "C")
    yield opened
    await opened.close()


async def test_writers_that_lock_in_opposite_order_are_both_done(postgresql: Database) -> None:
    attempts: list[str] = []
    holding = {"A": asyncio.Event(), "B": asyncio.Event()}

    def in_order(first: str, second: str) -> Work:
        async def work(session: AsyncSession) -> None:
            attempts.append(first)
            await session.exec(text("SET LOCAL deadlock_timeout = '10ms'"))  # type: ignore[call-overload]
            await _raise(session, first)
            holding[first].set()
            # By now the other holds what this one wants next, unless it is done already.
            await holding[second].wait()
            await _raise(session, second)

        return work

    await asyncio.gather(postgresql.write(in_order("A", "B")), postgresql.write(in_order("B", "A")))
    assert len(attempts) == 3
    assert (await _count(postgresql, "A"), await _count(postgresql, "B")) == (2, 2)


async def test_a_writer_whose_snapshot_was_overtaken_is_tried_again(postgresql: Database) -> None:
    seen: list[int] = []

    async def work(session: AsyncSession) -> None:
        await session.exec(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))  # type: ignore[call-overload]
        counter = await session.get_one(OrderTypeRow, "A")
        seen.append(counter.priority)
        if len(seen) == 1:
            await postgresql.write(lambda other: _raise(other, "A"))
        counter.priority += 10

    await postgresql.write(work)
    assert seen == [0, 1]
    assert await _count(postgresql, "A") == 11


@pytest.mark.parametrize("sqlstate", ["40001", "40P01"])
async def test_a_writer_that_never_gets_through_gives_up(postgresql: Database, sqlstate: str) -> None:
    attempts = 0

    async def work(session: AsyncSession) -> None:
        nonlocal attempts
        attempts += 1
        await _raise(session, "A")
        await session.exec(text(f"DO $$ BEGIN RAISE SQLSTATE '{sqlstate}'; END $$"))  # type: ignore[call-overload]

    with pytest.raises(DBAPIError):
        await postgresql.write(work)
    assert attempts == MAX_ATTEMPTS
    assert await _count(postgresql, "A") == 0


async def test_a_writer_that_finds_sqlite_busy_is_tried_until_it_is_free(impatient: Database) -> None:
    refusals = 0
    file = str(make_url(str(impatient.engine.url)).database)
    with closing(sqlite3.connect(file, isolation_level=None)) as rival:
        rival.execute("BEGIN IMMEDIATE")

        def note(_: object) -> None:
            nonlocal refusals
            refusals += 1
            if refusals == 2:
                rival.execute("COMMIT")

        event.listen(impatient.engine.sync_engine, "handle_error", note)
        await impatient.write(lambda session: _raise(session, "C"))
    assert refusals == 2
    assert await _count(impatient, "C") == 1


async def test_a_writer_that_finds_sqlite_busy_for_ever_gives_up(impatient: Database) -> None:
    refusals: list[object] = []
    event.listen(impatient.engine.sync_engine, "handle_error", refusals.append)
    file = str(make_url(str(impatient.engine.url)).database)
    with closing(sqlite3.connect(file, isolation_level=None)) as rival:
        rival.execute("BEGIN IMMEDIATE")
        with pytest.raises(DBAPIError):
            await impatient.write(lambda session: _raise(session, "C"))
        rival.execute("ROLLBACK")
    assert len(refusals) == MAX_ATTEMPTS
    assert await _count(impatient, "C") == 0


async def test_what_another_try_would_not_change_is_not_tried_again(counting: Database) -> None:
    attempts = 0

    def failing(fault: Exception | None) -> Work:
        async def work(session: AsyncSession) -> None:
            nonlocal attempts
            attempts += 1
            await _raise(session, "C")
            if fault is not None:
                raise fault
            session.add(OrderTypeRow(code="C", name="again", priority=7))

        return work

    with pytest.raises(IntegrityError):
        await counting.write(failing(None))
    with pytest.raises(DomainError):
        await counting.write(failing(DomainError(ErrorCode.FORBIDDEN, "No.")))
    with pytest.raises(ZeroDivisionError):
        await counting.write(failing(ZeroDivisionError()))
    assert attempts == 3
    assert await _count(counting, "C") == 0


async def test_concurrent_writers_of_several_processes_lose_nothing(counting: Database, database_url: str) -> None:
    others = [Database(database_url) for _ in range(2)]
    writers = [counting, *others] * 20
    await asyncio.gather(*(each.write(lambda session: _raise(session, "C")) for each in writers))
    assert await _count(counting, "C") == 60
    for other in others:
        await other.close()


async def test_a_writer_of_sqlite_has_the_lock_before_its_first_statement(sqlite_url: str) -> None:
    database = Database(sqlite_url)

    async def work(session: AsyncSession) -> None:
        assert (await session.exec(select(OrderTypeRow))).all() == []
        file = str(make_url(sqlite_url).database)
        with closing(sqlite3.connect(file, isolation_level=None, timeout=0)) as rival:
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                rival.execute("BEGIN IMMEDIATE")
            # A reader is not in its way.
            assert rival.execute("SELECT count(*) FROM order_type").fetchall() == [(0,)]

    await database.write(work)
    await database.close()


async def test_a_reader_sees_one_moment_however_long_it_reads(counting: Database) -> None:
    async with counting.read() as session:
        assert (await session.get_one(OrderTypeRow, "C")).priority == 0
        await counting.write(lambda writer: _raise(writer, "C"))
        await _counters(counting, "D")
        again = select(OrderTypeRow.code, OrderTypeRow.priority)
        assert (await session.exec(again)).all() == [("C", 0)]
    assert await _count(counting, "C") == 1


async def test_a_reader_does_not_see_what_is_not_committed_yet(counting: Database) -> None:
    async def work(session: AsyncSession) -> None:
        await _raise(session, "C")
        assert await _count(counting, "C") == 0

    await counting.write(work)
    assert await _count(counting, "C") == 1


async def test_a_reader_leaves_no_trace(counting: Database) -> None:
    change = update(OrderTypeRow).values(name="changed")
    async with counting.read() as session:
        if counting.engine.dialect.name == "postgresql":
            with pytest.raises(DBAPIError, match="read-only"):
                await session.exec(change)
        else:
            await session.exec(change)
    async with counting.read() as session:
        assert (await session.exec(select(OrderTypeRow.name))).all() == ["C"]


async def test_a_transaction_that_has_begun_ends_though_its_caller_is_gone(counting: Database) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def work(session: AsyncSession) -> None:
        begun.set()
        await go_on.wait()
        await _raise(session, "C")

    caller = asyncio.create_task(counting.write(work))
    await begun.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    go_on.set()
    await counting.close()
    assert await _count(counting, "C") == 1


async def test_a_new_file_of_sqlite_that_somebody_writes_to_is_waited_for(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'new.db'}")
    with closing(sqlite3.connect(tmp_path / "new.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        opening = asyncio.create_task(_journal_mode(database))
        # Long enough to fail in, which took less than a millisecond.
        assert await asyncio.wait({opening}, timeout=0.2) == (set(), {opening})
        other.execute("COMMIT")
        assert await opening == "wal"
    await database.close()


async def _journal_mode(database: Database) -> str:
    async with database.read() as session:
        return str((await session.exec(text("PRAGMA journal_mode"))).scalar_one())  # type: ignore[call-overload]
