"""Results of events, executed once for all listeners who are sent the same."""

import asyncio
from collections.abc import Sequence
from typing import TypeAlias
from uuid import UUID

from db.log_cursor import LogCursor
from db.log_tables import EventRow
from domain.people import Viewer
from schema.delivery.accounts import Accounts
from schema.delivery.encoded_event import EncodedEvent, as_json
from schema.delivery.payments import Payments
from schema.delivery.question import Question

_KEEP_SECONDS = 2.0
"""Long enough for those who come back at the same moment, short enough that what is nested is nearly the present."""

_BYTES_PER_USER = 4 * 1024 * 1024
_BYTES_OF_AN_ENTRY = 700
"""Beside the result itself: its future, its cursor, its place in the cache."""

_Kept: TypeAlias = dict[tuple[UUID | None, int], asyncio.Future[EncodedEvent | None]]
"""Results by viewer and the event's sequence; no viewer, where they are the same for all."""


def cached_bytes() -> Accounts:
    """Return the accounts of what is cached for those who execute; the caches of one process share them."""
    return Accounts(_BYTES_PER_USER)


class ResultCache:
    """Results of one broadcast group. What is being executed, or was a moment ago, is not executed again."""

    __slots__ = ("_accounts", "_kept", "_payments", "_question")

    def __init__(self, question: Question, payments: Payments, accounts: Accounts) -> None:
        """Have no results yet.

        Args:
            question: What is executed.
            payments: Charges what is executed.
            accounts: How much may be cached for each user who pays.
        """
        self._question = question
        self._payments = payments
        self._accounts = accounts
        self._kept: _Kept = {}

    async def results(
        self, events: Sequence[EventRow], viewer: Viewer | None, payer: Viewer
    ) -> Sequence[EncodedEvent] | None:
        """Return the results of events, in order, and execute those that are missing.

        The caller must not be cancelled meanwhile: others may be waiting for what it executes.

        Args:
            events: What happened.
            viewer: Who receives them; None for results that are the same for all.
            payer: Who pays for those that are executed. Results that are there already are free.

        Returns:
            The results; None where there is no viewer and they depend on one.

        Raises:
            Unpaid: Where the payer's budget does not suffice; nothing was executed.
        """
        user_id = None if viewer is None else viewer.user_id
        missing = self._missing(events, user_id)
        if missing:
            await self._payments.charge(payer, self._question.cost * len(missing))
            # Where a store of budgets was asked, another may have begun to execute them.
            missing = self._missing(events, user_id)
        loop = asyncio.get_running_loop()
        begun: _Kept = {(user_id, event.sequence): loop.create_future() for event in missing}
        self._kept.update(begun)
        # Looked up before anything is executed: it may be forgotten right after.
        futures = [self._kept[user_id, event.sequence] for event in events]
        if missing:
            await self._execute_missing(missing, viewer, payer.user_id, begun)
        encoded = [each for future in futures if (each := await asyncio.shield(future)) is not None]
        return encoded if len(encoded) == len(events) else None

    def _missing(self, events: Sequence[EventRow], user_id: UUID | None) -> Sequence[EventRow]:
        return [event for event in events if (user_id, event.sequence) not in self._kept]

    async def _execute_missing(
        self, events: Sequence[EventRow], viewer: Viewer | None, payer_id: UUID, begun: _Kept
    ) -> None:
        try:
            results = await self._question.execute(events, viewer)
            payloads = None if results is None else [_copied(as_json(result, located=False)) for result in results]
        except BaseException as fault:
            # Those who wait fail as well; for the next who asks it is executed again.
            self._forget(begun)
            for future in begun.values():
                future.set_exception(fault if isinstance(fault, Exception) else asyncio.CancelledError())
                # Retrieved here, for there may be no one who waits.
                future.exception()
            raise
        for index, (future, event) in enumerate(zip(begun.values(), events, strict=True)):
            future.set_result(None if payloads is None else EncodedEvent(str(LogCursor.after(event)), payloads[index]))
        self._keep(begun, payer_id, sum(map(len, payloads or ())) + _BYTES_OF_AN_ENTRY * len(begun))

    def _keep(self, begun: _Kept, payer_id: UUID, size: int) -> None:
        if not self._accounts.has_room(payer_id, size):
            self._forget(begun)
            return

        def expire() -> None:
            self._accounts.release(payer_id, size)
            self._forget(begun)

        self._accounts.add(payer_id, size)
        asyncio.get_running_loop().call_later(_KEEP_SECONDS, expire)

    def _forget(self, futures: _Kept) -> None:
        for key, future in futures.items():
            if self._kept.get(key) is future:
                del self._kept[key]


def _copied(payload: bytes) -> bytes:
    """Return a copy, for what orjson returns takes 4 KB more than it has."""
    return bytes(memoryview(payload))
