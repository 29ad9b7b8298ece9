"""Subscribers of one organisation who are answered alike: each event is executed and written out for all of them once.

A subscriber is a place in the log and somewhere to tell it what happens; nothing is queued for it. Those who are up to
date are told together, in one loop. One who is behind, because it resumes or does not take what it is told, has a task
of its own until it has caught up.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from graphql import GraphQLError
from sqlalchemy.exc import SQLAlchemyError
from strawberry.types import ExecutionResult
from uuid_utils.compat import uuid4

from db.event_log import LogEntry
from db.log_tables import EventRow
from db.tails import Tail, Tails
from domain.errors import AccessEnded
from domain.people import Viewer
from resolvers.follow_events import Follower, are_for_everybody
from schema.observing import NOBODY, Watcher
from schema.request_errors import presented
from schema.told import Answers, Execute, Told, as_json

_AT_ONCE = 25
"""How many events one who is behind is told before it is asked whether it takes more."""

_LOOK_AGAIN_SECONDS = 0.5

_log = logging.getLogger(__name__)


class Outlet(Protocol):
    """Where a subscriber is told what happens."""

    def tell(self, told: Sequence[Told]) -> bool:
        """Tell of events; return whether more is taken at once."""

    async def room(self) -> None:
        """Return once more is taken."""

    def fail(self, payload: bytes) -> None:
        """Tell why nothing more is told, which is a result without data."""

    def leave_off(self) -> None:
        """Tell nothing more here: the subscriber is to go on elsewhere."""


class Listener:
    """One subscriber of an audience."""

    __slots__ = ("catching_up", "follower", "outlet")

    def __init__(self, follower: Follower, outlet: Outlet) -> None:
        """Begin at the follower's place."""
        self.follower = follower
        self.outlet = outlet
        self.catching_up: asyncio.Task[None] | None = None


class Audience:
    """The subscribers of one organisation by one document, with the same variables but for where they begin."""

    def __init__(
        self,
        tails: Tails,
        execute: Execute,
        wants: Callable[[EventRow], bool],
        emptied: Callable[[], object],
        watcher: Watcher = NOBODY,
    ) -> None:
        """Have no listeners yet.

        Args:
            tails: The ends of the logs.
            execute: Answers events.
            wants: Whether the subscription tells of an event.
            emptied: Called when the last listener has left; the audience is not to be used any more.
            watcher: Hears how late events are told.
        """
        self._watcher = watcher
        self._heard: int | None = None
        self._tails = tails
        self._tail: Tail
        self._emptied = emptied
        self._answers = Answers(execute)
        self._wants = wants
        self._listeners: set[Listener] = set()
        self._up_to_date: set[Listener] = set()
        self._position = 0
        self._speaking: asyncio.Task[None] | None = None
        self._depends_on_viewer = False
        self._is_ending = False

    @property
    def listeners(self) -> int:
        """How many there are now."""
        return len(self._listeners)

    def attend(self, follower: Follower, outlet: Outlet) -> Listener:
        """Have one listener more, who hears what follows its place."""
        listener = Listener(follower, outlet)
        self._tail = self._tails.begin(follower.member.organisation_id)
        self._listeners.add(listener)
        self._set_aside(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        """Tell a listener nothing more, if it was told anything."""
        if listener not in self._listeners:
            return
        self._listeners.discard(listener)
        self._up_to_date.discard(listener)
        if listener.catching_up is not None and listener.catching_up is not asyncio.current_task():
            listener.catching_up.cancel()
        self._tails.end(self._tail)
        if not self._listeners:
            self._emptied()
            if self._speaking is not None and self._speaking is not asyncio.current_task():
                self._speaking.cancel()

    async def end(self) -> None:
        """Tell each listener what is known of the log, and that it is to go on elsewhere."""
        self._is_ending = True
        for listener in tuple(self._up_to_date):
            self._set_aside(listener)
        self._tail.stir()
        tasks = [each.catching_up for each in self._listeners if each.catching_up is not None]
        await asyncio.gather(*tasks, return_exceptions=True)

    def _set_aside(self, listener: Listener) -> None:
        self._up_to_date.discard(listener)
        listener.catching_up = asyncio.create_task(self._catch_up(listener))

    async def _catch_up(self, listener: Listener) -> None:
        try:
            await listener.outlet.room()
            while listener in self._listeners and not self._joins(listener):
                await self._go_on(listener)
        except Exception as fault:
            self._fail(listener, fault)

    def _joins(self, listener: Listener) -> bool:
        """Have a listener told with the others, where it is as far as they are."""
        position = listener.follower.position
        if self._is_ending or self._depends_on_viewer or not self._tail.ends_at(position):
            return False
        self._is_at_the_end(position)
        if self._speaking is None:
            self._position = position
            self._speaking = asyncio.create_task(self._speak())
        elif position < self._position:
            return False
        self._up_to_date.add(listener)
        listener.catching_up = None
        return True

    async def _go_on(self, listener: Listener) -> None:
        """Tell a listener what comes next in the log, or wait for it."""
        follower, outlet = listener.follower, listener.outlet
        entries = await self._tail.after(follower.position)
        if not entries and self._is_ending:
            self.leave(listener)
            outlet.leave_off()
        elif not entries:
            self._is_at_the_end(follower.position)
            await self._tail.news_after(follower.position)
        else:
            passed = follower.pass_by(entries)
            told = await self._told_to(Viewer(follower.member.user_id), passed)
            self._note(passed, len(told))
            for begin in range(0, len(told), _AT_ONCE):
                if not outlet.tell(told[begin : begin + _AT_ONCE]):
                    await outlet.room()
            if follower.has_ended:
                raise AccessEnded

    async def _told_to(self, viewer: Viewer, entries: Sequence[LogEntry]) -> Sequence[Told]:
        """Return what of these entries one viewer is told; they are the answers of all, where those are the same."""
        events = self._wanted(entries)
        told = None if self._depends_on_viewer else await self._answers.to(events, None)
        if told is None:
            self._depends_on_viewer = True
            told = await self._answers.to(events, viewer)
        return told or ()

    def _wanted(self, entries: Sequence[LogEntry]) -> Sequence[EventRow]:
        return [entry.event for entry in entries if self._wants(entry.event)]

    async def _speak(self) -> None:
        """Tell all who are up to date what comes, as long as there are any."""
        try:
            while self._up_to_date:
                await self._speak_on()
        except Exception as fault:
            for listener in tuple(self._up_to_date):
                self._fail(listener, fault)
        self._speaking = None

    async def _speak_on(self) -> None:
        """Tell what comes next in the log, or wait for it."""
        try:
            entries = await self._tail.after(self._position)
            events = self._wanted(entries)
            told = await self._answers.to(events, None)
        except (SQLAlchemyError, OSError) as fault:
            # Nobody has been told anything yet, and nothing is lost: it is told when the database is back.
            _log.warning("what has happened cannot be told: %s", type(fault).__name__)
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)
            return
        if not entries:
            await self._tail.news_after(self._position)
        elif told is None:
            self._depends_on_viewer = True
            for listener in tuple(self._up_to_date):
                self._set_aside(listener)
        else:
            self._tell_all(entries, {event.sequence: each for event, each in zip(events, told, strict=True)})

    def _tell_all(self, entries: Sequence[LogEntry], told: Mapping[int, Told]) -> None:
        begin, self._position = self._position, entries[-1].event.sequence
        alike, everything = are_for_everybody(entries), list(told.values())
        deliveries = 0
        for listener in tuple(self._up_to_date):
            follower = listener.follower
            if alike and follower.position == begin:
                follower.position = self._position
                heard: Sequence[Told] = everything
            else:
                seen = [entry.event.sequence for entry in follower.pass_by(entries)]
                heard = [told[sequence] for sequence in seen if sequence in told]
            deliveries += len(heard)
            self._tell(listener, heard)
            if follower.has_ended:
                self._fail(listener, AccessEnded())
        self._note(entries, deliveries)

    def _tell(self, listener: Listener, told: Sequence[Told]) -> None:
        if told and not listener.outlet.tell(told):
            self._set_aside(listener)

    def _is_at_the_end(self, position: int) -> None:
        """Note that whatever follows a place is told as it happens, and not because somebody has missed it."""
        if self._heard is None:
            self._heard = position

    def _note(self, entries: Sequence[LogEntry], deliveries: int) -> None:
        """Tell the watcher of events that are told: when each happened is told once, whoever hears it first."""
        if not deliveries:
            return
        heard = entries[-1].event.sequence if self._heard is None else self._heard
        fresh = [event.occurred_at for event in self._wanted(entries) if event.sequence > heard]
        if self._heard is not None:
            self._heard = max(heard, entries[-1].event.sequence)
        self._watcher.told(fresh, deliveries)

    def _fail(self, listener: Listener, fault: Exception) -> None:
        self.leave(listener)
        error = presented(GraphQLError(str(fault), original_error=fault), uuid4().hex, executed=True)
        listener.outlet.fail(as_json(ExecutionResult(data=None, errors=[error])))
