"""Reads a log, for the checker: as an admin may, through the API."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from random import Random
from typing import Any

from tests.chaos import documents
from tests.chaos.api import Api
from tests.chaos.cast import Person, Troupe
from tests.chaos.counts import Counts
from tests.chaos.follower import Follower
from tests.chaos.history import Event, Log, Offer, Order, Subscriber, Told

_READ_SECONDS = 300.0


def told_of(event: dict[str, Any]) -> Told:
    """Return what an event tells every subscriber who may see it."""
    return Told(
        event["id"],
        event["cursor"],
        event["__typename"],
        event.get("previousStatus", event.get("previousShareStatus")),
        event.get("status", event.get("shareStatus")),
    )


class _Reading:
    """What has been read so far, up to the cursor of the end."""

    def __init__(self, end: str) -> None:
        self.events: list[Event] = []
        self.is_whole = asyncio.Event()
        self._end = end

    def take(self, told: dict[str, Any]) -> int:
        if not self.is_whole.is_set():
            self.events.append(_event(told))
        if told["cursor"] == self._end:
            self.is_whole.set()
        return self.events[-1].sequence


async def read_log(troupe: Troupe, first: str, ports: Sequence[int], api: Api, chance: Random) -> Log:
    """Return an organisation's log, as an admin reads it from its beginning to its present end.

    Args:
        troupe: The organisation.
        first: The cursor before its first event.
        ports: The replicas.
        api: Tells the end.
        chance: Decides which replica.

    Raises:
        TimeoutError: Where it cannot be read.
    """
    [admin, *_] = troupe.admins
    answer = await api.ask(admin.token, documents.LOG_CURSOR, id=troupe.id)
    reading = _Reading(answer["organisation"]["logCursor"])
    reader = _reader(troupe, first, admin, reading, chance)
    tasks = [asyncio.create_task(reader.follow(ports, Counts())), asyncio.create_task(reading.is_whole.wait())]
    await asyncio.wait(tasks, timeout=_READ_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    with suppress(asyncio.CancelledError):
        await tasks[0]
    if not reading.is_whole.is_set():
        raise TimeoutError(f"the log of {troupe.reference} was read up to {len(reading.events)}: {reader.surprise}")
    return Log(reading.events, troupe.beginning)


def _reader(troupe: Troupe, first: str, admin: Person, reading: _Reading, chance: Random) -> Follower:
    return Follower(
        subscriber=Subscriber(
            name="the reader of the log",
            organisation=troupe.reference,
            viewer=admin.id,
            is_admin=True,
            subscription="organisationEvents",
            start=first,
        ),
        organisation_id=troupe.id,
        token=admin.token,
        document=documents.WHOLE_LOG,
        take=reading.take,
        chance=chance,
        roams=False,
    )


def _event(told: dict[str, Any]) -> Event:
    order, shared, reason = told["order"], told.get("sharedOrder"), told.get("reason")
    what = told_of(told)
    return Event(
        sequence=told["sequence"],
        id=what.id,
        cursor=what.cursor,
        kind=what.kind,
        occurred_at=_instant(told["occurredAt"]),
        actor=told["actor"] and told["actor"]["id"],
        order=order and _order(order),
        version=told["orderVersion"],
        offer=shared and _offer(shared),
        previous=what.previous,
        status=what.status,
        cause=reason and reason["cause"],
        action=reason and reason["action"],
    )


def _order(told: dict[str, Any]) -> Order:
    ends_at = told["expiresAt"] and _instant(told["expiresAt"])
    return Order(told["id"], told["reference"], told["owner"]["id"], told["maxShares"], ends_at)


def _offer(told: dict[str, Any]) -> Offer:
    window = told["claimWindow"]
    opens_at, closes_at = _instant(window["opensAt"]), _instant(window["closesAt"])
    return Offer(told["id"], told["sender"]["id"], told["recipient"]["id"], opens_at, closes_at)


def _instant(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
