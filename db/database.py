"""The database as the rest of the program uses it: a snapshot to read from, and one transaction to write in."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Hashable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from sqlmodel import func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.connections_at_hand import ConnectionsAtHand
from db.engine import WRITES, Timeouts, create_engine
from db.event_log import grown_logs
from db.gathering import Gathering, Group
from db.instant_text import instant_text
from db.loans import Loans, Purpose, for_purpose
from db.outage import committing
from db.parts_query import PartsQuery, Values
from db.retry import with_retries
from db.row_cache import NamesCache
from db.signals import InProcessSignals, Signals
from db.snapshot import Snapshot, open_snapshot, read_parts
from db.tails import Tails
from db.writing import Statements, write_straight

Answer = TypeVar("Answer")
Entry = TypeVar("Entry")
Found = TypeVar("Found")
Key = TypeVar("Key", bound=Hashable)

_log = logging.getLogger(__name__)
_CLOCK = select(func.clock_timestamp())


async def present(session: AsyncSession) -> datetime:
    """Return the time now, by the clock that all replicas share.

    PostgreSQL's `now()` is the time the transaction began; a claim must be judged by the time after its lock was
    granted, so this reads `clock_timestamp()`. On SQLite, one machine, it is that machine's clock.
    """
    if session.get_bind().dialect.name == "postgresql":
        instant: datetime = (await session.exec(_CLOCK)).one()
        return instant.astimezone(UTC)
    return datetime.now(UTC)


class Database:
    """One database, SQLite or PostgreSQL."""

    def __init__(self, url: str, signals: Signals | None = None, timeouts: Timeouts | None = None) -> None:
        """Prepare to connect; nothing is opened before the first use.

        Args:
            url: `sqlite+aiosqlite:///…` or `postgresql+asyncpg://…`.
            signals: How readers of the logs are woken; inside this process where not given.
            timeouts: When PostgreSQL gives up; never where not given, as for work that may take its time.

        Raises:
            ValueError: For any other kind of database.
        """
        self.engine = create_engine(url, timeouts)
        self.signals: Signals = InProcessSignals() if signals is None else signals
        self._is_sqlite = self.engine.dialect.name == "sqlite"
        self._writing = self.engine.execution_options(**{WRITES: True})
        self._reading = (
            self.engine
            if self._is_sqlite
            else self.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        )
        # SQLite has one writer at a time; queueing here instead of at its busy handler is fair and much faster.
        self._turn = asyncio.Lock() if self._is_sqlite else nullcontext()
        self._gathering = Gathering()
        self._unfinished: set[asyncio.Task[object]] = set()
        self.names = NamesCache()
        self.instant_text = instant_text(self.engine.dialect.name)
        self.loans = Loans(self.engine)
        self._at_hand = ConnectionsAtHand(self.engine)
        self.tails = Tails(partial(self.read, "following a log"), lambda: self.signals)

    @asynccontextmanager
    async def read(self, purpose: Purpose = "a session that reads") -> AsyncIterator[AsyncSession]:
        """Open a session that reads one snapshot: what it reads later is from the same moment.

        Args:
            purpose: What for, as the log has it where the session stays open for too long.
        """
        async with AsyncSession(self._reading, expire_on_commit=False, **for_purpose(purpose)) as session:
            yield session

    def snapshot(self, purpose: Purpose = "a snapshot") -> AbstractAsyncContextManager[Snapshot]:
        """Open a snapshot as `read` does, for queries that are built once and answered with plain rows.

        Args:
            purpose: As for `read`.
        """
        return open_snapshot(self._at_hand, self.engine.dialect, self.names, purpose)

    async def glance(self, query: PartsQuery, **values: Any) -> Sequence[Values]:
        """Return what one statement of several parts reads, all of one moment.

        Args:
            query: What to read.
            values: Its parameters.

        Raises:
            DBAPIError: Where the database failed.
        """
        return await read_parts(self._at_hand, self.engine.dialect, query, values)

    async def write(self, work: Callable[[AsyncSession], Awaitable[Answer]], purpose: Purpose | None = None) -> Answer:
        """Run `work` in one transaction, commit it, then wake the readers of the logs it appended to.

        A transaction that fails for contention is tried again, so `work` must do nothing but use its session. Once
        begun, it goes on to its end even when the caller is cancelled, as when a client disconnects.

        Args:
            work: What to do, given the session; what it raises rolls everything back.
            purpose: What for, as for `read`; `work` where not given.

        Raises:
            OutcomeUnknown: Where the answer to the commit is lost; it is not tried again.
        """
        return await self.to_its_end(with_retries(partial(self._write_once, work, purpose or work)))

    async def rehearse(self, work: Callable[[AsyncSession], Awaitable[Answer]]) -> Answer:
        """Run `work` in one transaction as `write` does, but once only, and roll everything back.

        What it locks stays locked until then; nobody is woken.

        Args:
            work: What to do, given the session.
        """
        async with self._turn, self._session_to_write(work) as session:
            try:
                return await work(session)
            finally:
                await session.rollback()

    async def write_straight(self, work: Callable[[Statements], Awaitable[Answer]]) -> Answer:
        """Run `work` as `write` does, by kept statements straight on the driver instead of a session.

        Args:
            work: What to do, given what runs its statements; what it raises rolls everything back.
        """
        return await self.to_its_end(with_retries(partial(self._write_straight_once, work)))

    def write_together(
        self,
        work: Callable[[Statements, Key, Sequence[Entry]], Awaitable[Sequence[Answer]]],
        key: Key,
        entry: Entry,
        purpose: Purpose | None = None,
    ) -> asyncio.Future[Answer]:
        """Have `work` run in one transaction for all that wait to do the same work under the same key.

        Groups of one key follow each other in the order in which their entries came: the next one begins when one has
        ended, or when `work` calls `all_locked`. Where a group's transaction fails, each entry gets one of its own.
        What has come here is done, even where nobody waits for its answer.

        Args:
            work: What to do, given what runs statements as for `write_straight`, the key and some entries; it returns
                an answer for each, in order. What it raises rolls back all of them, so a refusal of one is an answer.
            key: What is waited for.
            entry: What is to be done here.
            purpose: What for, as for `read`; `work` where not given.

        Returns:
            Where the answer will be, or what `work` raises for this entry alone.
        """

        async def run(entries: Sequence[Entry], group: Group) -> Sequence[Answer]:
            do = partial(self._write_straight_once, lambda statements: work(statements, key, entries))
            return await with_retries(partial(do, group.let_next_begin, purpose or work))

        return self._gathering.enter((work, key), entry, run)

    async def read_together(
        self, look_up: Callable[[Statements, Sequence[Entry]], Awaitable[Sequence[Answer]]], entry: Entry
    ) -> Answer:
        """Run `look_up` once for all that wait for the same.

        Args:
            look_up: Reads by one statement, given what runs it and some entries, and returns an answer for each, in
                order.
            entry: What to look up here.
        """
        return await self.read_together_then(look_up, entry, look_up, lambda _, answer: answer)

    async def read_together_then(
        self,
        look_up: Callable[[Statements, Sequence[Entry]], Awaitable[Sequence[Found]]],
        entry: Entry,
        key: Hashable,
        then: Callable[[Entry, Found], Answer],
        purpose: Purpose | None = None,
    ) -> Answer:
        """Run `look_up` as `read_together` does, then `then` for each, in the order in which they came.

        Both are run even where nobody waits for the answer any more.

        Args:
            look_up: As for `read_together`.
            entry: As for `read_together`.
            key: What tells that others wait for the same.
            then: Makes the answer of what was found; the next look-up may have begun, but nothing of it was told.
            purpose: What for, as for `read`; `look_up` where not given.
        """

        async def run(entries: Sequence[Entry], group: Group) -> Sequence[Answer]:
            # To read disturbs nobody.
            group.let_next_begin()
            dialect = self.engine.dialect
            found = await self._at_hand.glance(
                lambda driver: look_up(Statements(driver, dialect), entries), purpose or look_up
            )
            await group.formers_ended()
            return [then(*each) for each in zip(entries, found, strict=True)]

        return await self._gathering.enter(key, entry, run)

    async def to_its_end(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        """Run `work` to its end even when the caller is cancelled; `close` waits for it."""
        task = asyncio.create_task(work)
        self._unfinished.add(task)
        task.add_done_callback(self._finished)
        return await asyncio.shield(task)

    @property
    def lent_connections(self) -> int:
        """How many connections somebody has now."""
        pool: Any = self.engine.pool
        lent: int = pool.checkedout()
        return lent - len(self._at_hand)

    @property
    def idle_connections(self) -> int:
        """How many connections are open and lent to nobody."""
        pool: Any = self.engine.pool
        free: int = pool.checkedin()
        return free + len(self._at_hand)

    async def close(self) -> None:
        """Let the transactions under way end, and those that wait for them, then disconnect.

        Whoever follows a log hears no more.
        """
        await self._gathering.finish()
        await self.tails.finish()
        while self._unfinished:
            await asyncio.wait(self._unfinished)
        await self._at_hand.close()
        await self.engine.dispose()

    def _finished(self, task: asyncio.Task[object]) -> None:
        self._unfinished.discard(task)
        # Where the caller has gone, nobody else would look at the outcome.
        if not task.cancelled() and (fault := task.exception()) is not None:
            _log.debug("a writing transaction was rolled back: %s", type(fault).__name__)

    def _session_to_write(self, purpose: Purpose) -> AsyncSession:
        return AsyncSession(self._writing, expire_on_commit=False, **for_purpose(purpose))

    async def _write_once(self, work: Callable[[AsyncSession], Awaitable[Answer]], purpose: Purpose) -> Answer:
        async with self._turn, self._session_to_write(purpose) as session:
            answer = await work(session)
            # What is left to be written may fail without any doubt.
            await session.flush()
            with committing():
                await session.commit()
        self._wake(grown_logs(session))
        return answer

    async def _write_straight_once(
        self,
        work: Callable[[Statements], Awaitable[Answer]],
        when_locked: Callable[[], None] | None = None,
        purpose: Purpose | None = None,
    ) -> Answer:
        async with self._turn:
            answer, grown = await write_straight(self._at_hand, self.engine.dialect, work, when_locked, purpose)
        self._wake(grown)
        return answer

    def _wake(self, grown: Iterable[UUID]) -> None:
        for organisation_id in grown:
            self.signals.notify(organisation_id)
