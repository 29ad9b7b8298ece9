"""What an operation carries: who asks, and what its fields read."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property
from typing import TypeAlias

import strawberry
from uuid_utils.compat import uuid4

from db.database import Database
from domain.people import Viewer
from execution.fair_turns import FairTurns
from schema.observing import NOBODY, Watcher, under_way
from schema.pricing import Bill, Spend
from schema.reading import Reading

_PREPARING = FairTurns(pause_seconds=0.001)
"""Documents are prepared one at a time by a process, whatever schema they are for."""

_ONE_TURN_SECONDS = 0.004


class ConnectionContext:
    """What a request, or a socket with all its operations, carries."""

    def __init__(
        self,
        database: Database,
        viewer: Viewer,
        spend: Spend | None = None,
        watcher: Watcher = NOBODY,
        transport: str = "http",
    ) -> None:
        """Begin for a viewer.

        Args:
            database: What is read and written.
            viewer: Who has come in.
            spend: Takes what operations cost from the viewer's budgets; None where nobody counts.
            watcher: Hears what is worth counting.
            transport: By what it has come: `http` or `socket`.
        """
        self.database = database
        self.viewer = viewer
        self.transport = transport
        self.traceparent: str | None = None
        """What the client says of the trace that this is a part of (https://www.w3.org/TR/trace-context/)."""
        self.resume_after: str | None = None
        """The cursor after which a subscription goes on, where the transport knows it better than the document."""
        self._spend = spend
        self._watcher = watcher

    def operation(self, most: int) -> "OperationContext":
        """Begin an operation.

        Args:
            most: What it may cost.
        """
        bill = Bill(self.viewer, self._spend, most)
        return OperationContext(self.database, self.viewer, self.resume_after, bill, self._watcher)


class OperationContext:
    """What one operation carries. A snapshot is never shared between operations.

    Attributes:
        database: What is read and written.
        resume_after: The cursor after which a subscription goes on, whatever its document says.
        bill: What it costs, and who pays.
        watcher: Hears what is worth counting.
        most_bytes: How long the answer may become, by what is selected.
        is_mutation: Whether it changes something.
        asked_who: Whether a field has asked for a viewer where there is none.
    """

    def __init__(
        self,
        database: Database,
        viewer: Viewer | None,
        resume_after: str | None = None,
        bill: Bill | None = None,
        watcher: Watcher = NOBODY,
    ) -> None:
        """Begin an operation.

        Args:
            database: What is read and written.
            viewer: Whose operation it is; None for an answer that is to be the same whoever asks.
            resume_after: The cursor after which a subscription goes on, whatever its document says.
            bill: What it costs, and who pays; None for nothing.
            watcher: Hears what is worth counting.
        """
        self.watcher = watcher
        self.bill = bill or Bill(None, None, 0)
        self.database = database
        self.resume_after = resume_after
        self.most_bytes = 0
        self.is_mutation = False
        self.asked_who = False
        self._prepared_seconds = 0.0
        self._viewer = viewer
        self._reading: Reading | None = None
        self._is_closed = False

    @property
    def viewer(self) -> Viewer:
        """Who asks.

        Raises:
            PermissionError: Where the answer is for many; it is noted, whatever becomes of the error.
        """
        if self._viewer is None:
            self.asked_who = True
            raise PermissionError("an answer for many depends on who asks")
        return self._viewer

    @cached_property
    def request_id(self) -> str:
        """What an error tells, and the log with it."""
        watched = under_way.get()
        return uuid4().hex if watched is None else watched.request_id

    @asynccontextmanager
    async def preparing(self) -> AsyncIterator[None]:
        """Hold a turn at preparing a document; users take turns, however many documents each of them has sent.

        A small document is prepared in one turn: what comes after the first needs no other while it is short.
        """
        began = time.perf_counter()
        if 0 < self._prepared_seconds < _ONE_TURN_SECONDS:
            yield
        else:
            async with _PREPARING.turn(None if self._viewer is None else self._viewer.user_id):
                began = time.perf_counter()
                yield
        self._prepared_seconds += time.perf_counter() - began

    @property
    def reading(self) -> Reading:
        """What the fields read from, begun by the first that asks; a closed one after the operation's end."""
        if self._reading is None:
            self._reading = Reading(self.database, is_closed=self._is_closed)
        return self._reading

    async def read_anew(self) -> None:
        """Let the fields that follow read the present: after a mutation's commit, and for each event."""
        reading, self._reading = self._reading, None
        if reading is not None:
            await reading.close()

    async def close(self) -> None:
        """End the operation: what is still under way of it reads nothing more."""
        self._is_closed = True
        await self.read_anew()


Info: TypeAlias = strawberry.Info[OperationContext, None]
