"""The ends of the logs that somebody here follows: each event is read once, however many follow.

A tail belongs to one organisation and lives as long as somebody follows its log. It reads what is new at each wake-up,
keeps the latest entries in a ring and wakes those who wait. A follower has no queue: it is a place in the log. From
that place it takes what the ring holds, and where it has fallen behind the ring, it reads the log itself.
"""

import asyncio
import logging
import random
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from functools import partial
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel.ext.asyncio.session import AsyncSession

from db.event_log import LogEntry, log_head, log_heads, read_events
from db.signals import Signals, Wakeup

BATCH = 200
"""How many events are read, or taken from a ring, at once."""

RING = 1_000
"""How many entries a tail keeps at most."""

_PAGE = 50
_PAGES = 20
"""What is read behind the ring is read in pages. Some are kept, for many who are behind read the same."""

_LOOK_AGAIN_SECONDS = (1.0, 2.0)
"""A hint may be lost, or come from a process that shares none with this one: between these it looks again."""

_LEAVE_SECONDS = 5.0

OpenSession = Callable[[], AbstractAsyncContextManager[AsyncSession]]

_log = logging.getLogger(__name__)


class Tail:
    """The end of one organisation's log."""

    def __init__(self, organisation_id: UUID, open_session: OpenSession, ring: int = RING) -> None:
        """Know nothing of the log yet.

        Args:
            organisation_id: Whose log.
            open_session: Opens a session to read it.
            ring: How many entries to keep.
        """
        self._organisation_id = organisation_id
        self._open_session = open_session
        self._capacity = ring
        self._ring: list[LogEntry] = []
        self._owners: dict[UUID, UUID | None] = {}
        self._pages: OrderedDict[int, asyncio.Task[Sequence[LogEntry]]] = OrderedDict()
        self._last: int | None = None
        self._news = asyncio.Event()
        self._wakeup: Wakeup | None = None
        self._looking = asyncio.Lock()
        self.followers = 0

    @property
    def organisation_id(self) -> UUID:
        """Whose log it is."""
        return self._organisation_id

    @property
    def last(self) -> int | None:
        """The sequence of the last event that was read; None where none was yet."""
        return self._last

    def leave(self) -> None:
        """Have one follower less; with the last one, the tail stops following as well."""
        self.followers -= 1
        if not self.followers and self._wakeup is not None:
            self._wakeup.ring()

    async def after(self, sequence: int) -> Sequence[LogEntry]:
        """Return what follows a place in the log, at most `BATCH` entries; none where nothing does yet.

        The owners of what is behind the ring are those of when the log was seen to grow last, or later.

        Raises:
            SQLAlchemyError: Where the log had to be read, and the database failed.
        """
        if self._last is None:
            await self._begin()
        if self._last is None or sequence < self._last - len(self._ring):
            return await self._behind_the_ring(sequence)
        # The sequences of a log have no gaps.
        begin = sequence - self._last + len(self._ring)
        return self._ring[begin : begin + BATCH]

    def ends_at(self, sequence: int) -> bool:
        """Return whether nothing is known to follow a place in the log."""
        return self._last is not None and self._last <= sequence

    async def news_after(self, sequence: int) -> None:
        """Return once the log may go on after a place."""
        if self._last is None or self._last <= sequence:
            await self._news.wait()

    def stir(self) -> None:
        """Have those who wait for news look again."""
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def follow(self, wakeup: Wakeup) -> None:
        """Read what is new whenever there may be something, as long as anybody follows."""
        self._wakeup = wakeup
        while self.followers:
            # Before the read: a hint that comes during it is kept for the wait.
            wakeup.forget()
            try:
                found = await self._look()
            except (SQLAlchemyError, OSError) as fault:
                # Nothing is lost: it is read when the database is back.
                _log.warning("the log of %s cannot be read: %s", self._organisation_id, type(fault).__name__)
                found = False
            if not found:
                await wakeup.wait(random.uniform(*_LOOK_AGAIN_SECONDS))  # noqa: S311 - jitter, not a secret

    async def look(self) -> None:
        """Read all that is in the log by now.

        Raises:
            SQLAlchemyError: Where the database failed.
        """
        while await self._look():
            pass

    async def _begin(self) -> None:
        """Read the end of the log for the first time, whoever needs it first."""
        async with self._looking:
            if self._last is None:
                await self._read_on()

    async def _look(self) -> bool:
        """Read what is new; return whether there was anything."""
        async with self._looking:
            return await self._read_on()

    async def _read_on(self) -> bool:
        if self._last is None:
            # Many who were cut off at once come back for what happened meanwhile: that, too, is read once.
            async with self._open_session() as session:
                head = await log_head(session, self._organisation_id)
                entries = await read_events(session, self._organisation_id, head - BATCH, BATCH)
            self._last = head
        else:
            entries = await self._read(self._last)
            if not entries:
                return False
        if entries:
            self._keep(entries)
        self.stir()
        return True

    def _keep(self, entries: Sequence[LogEntry]) -> None:
        # An order may have another owner now.
        self._pages.clear()
        owners = _owners_in(entries)
        if any(self._owners.get(order_id, owner_id) != owner_id for order_id, owner_id in owners.items()):
            self._ring = [_owned(entry, owners) for entry in self._ring]
        self._ring += entries
        del self._ring[: -self._capacity]
        self._owners.update(owners)
        if len(self._owners) > 2 * self._capacity:
            self._owners = _owners_in(self._ring)
        self._last = entries[-1].event.sequence

    async def _behind_the_ring(self, sequence: int) -> Sequence[LogEntry]:
        """Return what follows a place, from a page that is kept, or from one that is read now."""
        begin = sequence - sequence % _PAGE
        page = self._pages.get(begin)
        if page is None:
            page = self._pages[begin] = asyncio.create_task(self._read(begin, _PAGE))
            page.add_done_callback(partial(self._page_is_read, begin))
            if len(self._pages) > _PAGES:
                self._pages.popitem(last=False)
        entries = [entry for entry in await asyncio.shield(page) if entry.event.sequence > sequence]
        return entries or await self._read(sequence, _PAGE)

    def _page_is_read(self, begin: int, page: asyncio.Task[Sequence[LogEntry]]) -> None:
        # What failed is read again; the fault is retrieved here, for those who waited may be gone.
        if (page.cancelled() or page.exception() is not None) and self._pages.get(begin) is page:
            del self._pages[begin]

    async def _read(self, sequence: int, limit: int = BATCH) -> Sequence[LogEntry]:
        async with self._open_session() as session:
            return await read_events(session, self._organisation_id, sequence, limit)


def _owners_in(entries: Sequence[LogEntry]) -> dict[UUID, UUID | None]:
    return {entry.event.order_id: entry.owner_id for entry in entries if entry.event.order_id is not None}


def _owned(entry: LogEntry, owners: dict[UUID, UUID | None]) -> LogEntry:
    """Return an entry with the owner that its order has by now."""
    order_id = entry.event.order_id
    if order_id is None or owners.get(order_id, entry.owner_id) == entry.owner_id:
        return entry
    return replace(entry, owner_id=owners[order_id])


class Tails:
    """The tails of one database, by organisation."""

    def __init__(self, open_session: OpenSession, signals: Callable[[], Signals]) -> None:
        """Follow nothing yet.

        Args:
            open_session: Opens a session to read a log.
            signals: Returns what wakes the tails.
        """
        self._open_session = open_session
        self._signals = signals
        self._tails: dict[UUID, Tail] = {}
        self._following: set[asyncio.Task[None]] = set()

    def begin(self, organisation_id: UUID) -> Tail:
        """Return the end of the organisation's log, which is followed until as many `end` it as have begun."""
        tail = self._tails.get(organisation_id)
        if tail is None:
            tail = self._tails[organisation_id] = Tail(organisation_id, self._open_session)
            following = asyncio.create_task(self._follow(organisation_id, tail))
            self._following.add(following)
            following.add_done_callback(self._following.discard)
        tail.followers += 1
        return tail

    def end(self, tail: Tail) -> None:
        """Follow a tail no more."""
        tail.leave()
        if not tail.followers:
            del self._tails[tail.organisation_id]

    async def most_behind(self) -> int:
        """Return how many events that are in a log are not read here yet, of the log of which it is most.

        Raises:
            SQLAlchemyError: Where the database failed.
        """
        if not self._tails:
            return 0
        async with self._open_session() as session:
            heads = await log_heads(session, list(self._tails))
        # What was read meanwhile is read.
        known = ((tail.last, heads.get(organisation_id, 0)) for organisation_id, tail in self._tails.items())
        return max((head - last for last, head in known if last is not None and head > last), default=0)

    async def look(self) -> None:
        """Have every tail read all that is in its log by now; one that cannot says so in the server's log."""
        for tail in tuple(self._tails.values()):
            try:
                await tail.look()
            except (SQLAlchemyError, OSError) as fault:
                _log.warning("the log of %s cannot be read: %s", tail.organisation_id, type(fault).__name__)

    async def finish(self, seconds: float = _LEAVE_SECONDS) -> None:
        """Return once no log is read any more.

        Args:
            seconds: How long to wait for followers that are about to leave.
        """
        if self._following:
            await asyncio.wait(self._following, timeout=seconds)
        for following in self._following:
            following.cancel()
        while self._following:
            await asyncio.wait(self._following)

    async def _follow(self, organisation_id: UUID, tail: Tail) -> None:
        with self._signals().listen(organisation_id) as wakeup:
            await tail.follow(wakeup)
