"""Listeners of one organisation with the same question: each event is executed and encoded for all of them once.

A listener is a place in the log and a sink; nothing is queued for it. Those that are up to date are sent events
together, in one loop. One that is behind, because it resumes, does not read or cannot pay, has a task of its own until
it has caught up. All of them take turns, by user, at executing events.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from uuid import UUID

from graphql import GraphQLError
from sqlalchemy.exc import SQLAlchemyError
from strawberry.types import ExecutionResult
from uuid_utils.compat import uuid4

from db.event_log import LogEntry
from db.log_tables import EventRow
from db.tails import Tail
from domain.errors import AccessEnded
from domain.people import Viewer
from resolvers.follow_events import Follower, are_for_everybody
from schema.delivery.accounts import SharedMemory
from schema.delivery.delays import Delays
from schema.delivery.encoded_event import EncodedEvent, as_json
from schema.delivery.listener import Listener, Sink, Steps
from schema.delivery.payments import Unpaid
from schema.delivery.question import Question
from schema.delivery.result_cache import ResultCache
from schema.delivery.shared import Delivery
from schema.request_errors import presented

_LOOK_AGAIN_SECONDS = 0.5

_log = logging.getLogger(__name__)


class BroadcastGroup:
    """The listeners of one organisation that ask the same question, wherever in the log they are."""

    __slots__ = (
        "_delays",
        "_delivery",
        "_depends_on_viewer",
        "_left",
        "_listeners",
        "_memory",
        "_position",
        "_publishing",
        "_question",
        "_results",
        "_tail",
        "_up_to_date",
    )

    def __init__(
        self, delivery: Delivery, question: Question, memory: SharedMemory, left: Callable[[Listener], None]
    ) -> None:
        """Have no listeners yet.

        Args:
            delivery: What all groups share.
            question: What is asked.
            memory: What the group takes, shared by its listeners.
            left: Called when a listener has left. A group whose last one has left is not to be used any more.
        """
        self._delivery = delivery
        self._question = question
        self._memory = memory
        self._left = left
        self._results = ResultCache(question, delivery.payments, delivery.cached)
        self._tail: Tail
        self._listeners: OrderedDict[Listener, None] = OrderedDict()
        self._up_to_date: set[Listener] = set()
        self._position = 0
        self._delays = Delays(delivery.watcher)
        self._publishing = Steps()
        self._depends_on_viewer = False

    @property
    def listeners(self) -> int:
        """How many there are now."""
        return len(self._listeners)

    def subscribe(self, viewer: Viewer, follower: Follower, sink: Sink) -> Listener:
        """Have one listener more, which receives what follows its place.

        Args:
            viewer: Who subscribes.
            follower: Their place in the log.
            sink: Where their events go.
        """
        listener = Listener(viewer, follower, sink)
        self._tail = self._delivery.database.tails.begin(follower.member.organisation_id)
        self._listeners[listener] = None
        self._memory.join(viewer.user_id)
        self._set_aside(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        """Send a listener nothing more."""
        if listener not in self._listeners:
            return
        del self._listeners[listener]
        self._up_to_date.discard(listener)
        self._memory.leave(listener.viewer.user_id)
        listener.catching_up.stop()
        self._delivery.database.tails.end(self._tail)
        if not self._listeners:
            self._publishing.stop()
        self._left(listener)

    async def end(self) -> None:
        """Send each listener what is known of the log, then detach it; `Delivery.ending` is set."""
        for listener in tuple(self._up_to_date):
            self._set_aside(listener)
        self._tail.stir()
        tasks = [task for each in self._listeners if (task := each.catching_up.task) is not None]
        await asyncio.gather(*tasks, return_exceptions=True)

    def _set_aside(self, listener: Listener, pause: float = 0.0) -> None:
        """Have a listener catch up by itself, after so many seconds."""
        self._up_to_date.discard(listener)
        listener.catching_up.begin(lambda: self._catch_up(listener, pause))

    async def _catch_up(self, listener: Listener, pause: float) -> None:
        try:
            await self._wait(listener, pause)
            while listener in self._listeners and not self._joins(listener):
                await self._wait(listener, await self._receive_next(listener))
        except Exception as fault:
            self._fail(listener, fault)

    async def _wait(self, listener: Listener, pause: float) -> None:
        """Return once a listener can go on: its budget is full again, and its sink takes more."""
        if pause:
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._delivery.ending.wait()
            if self._delivery.ending.is_set():
                self._detach(listener)
        await listener.sink.wait_writable()

    def _joins(self, listener: Listener) -> bool:
        """Have a listener receive with the others, where it is as far as they are."""
        position = listener.follower.position
        if self._delivery.ending.is_set() or self._depends_on_viewer or not self._tail.ends_at(position):
            return False
        self._delays.begin_at(position)
        if self._publishing.task is None:
            self._position = position
            self._publishing.begin(self._publish)
        elif position < self._position:
            return False
        self._up_to_date.add(listener)
        listener.catching_up.done()
        return True

    async def _receive_next(self, listener: Listener) -> float:
        """Send a listener what comes next in the log, or wait for it; return after how many seconds it can pay."""
        position = listener.follower.position
        if not self._tail.ends_at(position):
            async with self._delivery.turns.turn(listener.viewer.user_id):
                with listener.catching_up.step():
                    return await self._receive(listener)
        if self._delivery.ending.is_set():
            self._detach(listener)
        else:
            self._delays.begin_at(position)
            await self._tail.news_after(position)
        return 0.0

    async def _receive(self, listener: Listener) -> float:
        ahead = listener.follower.copy()
        entries = self._question.piece(await self._tail.after(ahead.position), were_missed=True)
        passed = ahead.pass_by(entries)
        try:
            events = self._question.wanted(passed)
            encoded = await self._results_for(listener.viewer, events)
        except Unpaid as unpaid:
            return unpaid.seconds
        listener.follower = ahead
        if listener in self._listeners:
            self._delays.report(events, ahead.position, len(encoded))
            if encoded:
                listener.sink.send(encoded)
            if ahead.has_ended:
                raise AccessEnded
        return 0.0

    async def _results_for(self, viewer: Viewer, events: Sequence[EventRow]) -> Sequence[EncodedEvent]:
        """Return the results of these events for one viewer, who pays; they are those of all, where all get the same.

        Raises:
            Unpaid: Where the viewer's budget does not suffice.
        """
        encoded = None if self._depends_on_viewer else await self._results.results(events, None, viewer)
        if encoded is None:
            self._depends_on_viewer = True
            encoded = await self._results.results(events, viewer, viewer)
        return encoded or ()

    async def _publish(self) -> None:
        """Send all who are up to date what comes, as long as there are any."""
        try:
            while self._up_to_date:
                await self._tail.news_after(self._position)
                async with self._delivery.turns.turn(self._turn_key()):
                    with self._publishing.step():
                        pause = await self._publish_next()
                if pause:
                    await asyncio.sleep(pause)
        except Exception as fault:
            for listener in tuple(self._up_to_date):
                self._fail(listener, fault)
        self._publishing.done()

    def _turn_key(self) -> UUID:
        """Return the user whose turn is the next: one whose other work does not delay the group."""
        turns, users = self._delivery.turns, self._memory.users
        return next((user for user in users if not turns.is_waiting(user)), next(iter(users)))

    def _next_payer(self) -> Listener | None:
        """Return the listener who pays for what is executed next: those who are up to date take turns."""
        for _ in range(len(self._listeners)):
            listener = next(iter(self._listeners))
            self._listeners.move_to_end(listener)
            if listener in self._up_to_date:
                return listener
        return None

    async def _publish_next(self) -> float:
        """Send what comes next in the log; return after how many seconds to look again."""
        payer = self._next_payer()
        if payer is None:
            return 0.0
        try:
            entries = self._question.piece(await self._tail.after(self._position), were_missed=False)
            events = self._question.wanted(entries)
            encoded = await self._results.results(events, None, payer.viewer)
        except (SQLAlchemyError, OSError) as fault:
            # Nothing was sent, and nothing is lost: it is sent when the database is back.
            _log.warning("events cannot be executed: %s", type(fault).__name__)
            return _LOOK_AGAIN_SECONDS
        except Unpaid as unpaid:
            user_id = payer.viewer.user_id
            for listener in [each for each in self._up_to_date if each.viewer.user_id == user_id]:
                self._set_aside(listener, unpaid.seconds)
            return 0.0
        if encoded is None:
            self._depends_on_viewer = True
            for listener in tuple(self._up_to_date):
                self._set_aside(listener)
        elif entries:
            self._send(entries, {event.sequence: each for event, each in zip(events, encoded, strict=True)})
        return 0.0

    def _send(self, entries: Sequence[LogEntry], encoded: Mapping[int, EncodedEvent]) -> None:
        begin, self._position = self._position, entries[-1].event.sequence
        alike, everything = are_for_everybody(entries), list(encoded.values())
        deliveries = 0
        for listener in tuple(self._up_to_date):
            follower = listener.follower
            if alike and follower.position == begin:
                follower.position = self._position
                received: Sequence[EncodedEvent] = everything
            else:
                seen = [entry.event.sequence for entry in follower.pass_by(entries)]
                received = [encoded[sequence] for sequence in seen if sequence in encoded]
            deliveries += len(received)
            if received and not listener.sink.send(received):
                self._set_aside(listener)
            if follower.has_ended:
                self._fail(listener, AccessEnded())
        self._delays.report(self._question.wanted(entries), self._position, deliveries)

    def _detach(self, listener: Listener) -> None:
        self.leave(listener)
        listener.sink.detach()

    def _fail(self, listener: Listener, fault: Exception) -> None:
        self.leave(listener)
        error = presented(GraphQLError(str(fault), original_error=fault), uuid4().hex, executed=True)
        listener.sink.fail(as_json(ExecutionResult(data=None, errors=[error])))
