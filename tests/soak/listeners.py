"""The honest clients that listen, over WebSockets and Server-Sent Events."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import httpx

from tests.chaos import documents
from tests.chaos.cast import Troupe
from tests.chaos.counts import Counts
from tests.chaos.follower import Follower, Over
from tests.chaos.followers import note, reach_the_end
from tests.chaos.history import History, Subscriber
from tests.streaming import EVENT_STREAM, Stream

_SUBSCRIPTIONS = ("organisationEvents", "sharedOrderChanged", "orderStatusChanged", "organisationEvents")
_STREAM_EACH = 5
"""Every so many-th listener listens over HTTP."""

_APART_SECONDS = 0.01


@dataclass(kw_only=True)
class StreamFollower(Follower):
    """Follows a log over Server-Sent Events.

    Attributes:
        http: The client that all of these share.
    """

    http: httpx.AsyncClient

    async def follow_once(self, url: str, counts: Counts) -> None:
        """Follow over one stream.

        Raises:
            Over: When it has ended.
        """
        variables = {"organisation": self.organisation_id, "after": self.after}
        body = {"query": self.document, "variables": variables}
        headers = {"Authorization": self.token, "Accept": EVENT_STREAM}
        address = url.replace("ws://", "http://")
        try:
            async with self.http.stream("POST", address, json=body, headers=headers) as response:
                if not response.headers["content-type"].startswith(EVENT_STREAM):
                    raise Over(f"HTTP {response.status_code}")
                counts.sockets += 1
                await self._listen_to(Stream(response))
        except httpx.HTTPError as fault:
            raise Over(type(fault).__name__) from fault
        except StopAsyncIteration:
            raise Over("the stream ended") from None

    async def settle(self) -> None:
        """Return at once: nothing tells the end of what was sent over a stream."""

    async def _listen_to(self, stream: Stream) -> None:
        while True:
            event = await stream.event()
            if event.get("event") != "next":
                raise Over(event.get("event", "an event without a name"))
            self.hear_event(json.loads(event["data"]))


class Listeners:
    """All of them, each with its task."""

    def __init__(self, port: int, troupe: Troupe, history: History, counts: Counts, chance: Random) -> None:
        """Have nobody listen.

        Args:
            port: Where the server is.
            troupe: The organisation that they follow.
            history: Takes what they receive.
            counts: Counts how their connections end.
            chance: Decides what they ask for.
        """
        self._port = port
        self._troupe = troupe
        self._history = history
        self._counts = counts
        self._chance = chance
        self._followers: list[Follower] = []

    async def listen(self, listeners: int) -> None:
        """Have so many listen until cancelled."""
        limits = httpx.Limits(max_connections=None)
        # A stream shows that it lives every ten seconds.
        async with httpx.AsyncClient(limits=limits, timeout=30, trust_env=False, verify=False) as http:
            self._followers = [self._follower(number, http) for number in range(listeners)]
            async with asyncio.TaskGroup() as group:
                for follower in self._followers:
                    group.create_task(self._follow(follower))
                    # Not all at the same moment.
                    await asyncio.sleep(_APART_SECONDS)

    async def reach_the_end(self, seconds: float) -> None:
        """Return when each has received the last event that it may see, or has not in all that time."""
        await reach_the_end(self._followers, self._history, seconds)

    async def _follow(self, follower: Follower) -> None:
        await follower.follow([self._port], self._counts)
        if follower.surprise is not None:
            self._history.surprises.append(follower.surprise)

    def _follower(self, number: int, http: httpx.AsyncClient) -> Follower:
        people = list(self._troupe.people.values())
        person = people[number % len(people)]
        subscription = _SUBSCRIPTIONS[number // len(people) % len(_SUBSCRIPTIONS)]
        subscriber = Subscriber(
            name=f"listener {number} ({person.reference}), {subscription}",
            organisation=self._troupe.reference,
            viewer=person.id,
            is_admin=person.is_admin,
            subscription=subscription,
            start=self._troupe.beginning,
        )
        self._history.subscribers.append(subscriber)
        known: dict[str, Any] = {
            "subscriber": subscriber,
            "organisation_id": self._troupe.id,
            "token": person.token,
            "document": documents.subscription(subscription, nested=number % 2 == 0),
            "take": lambda event: note(subscriber, event),
            "chance": self._chance,
            "roams": False,
        }
        return StreamFollower(**known, http=http) if number % _STREAM_EACH == 0 else Follower(**known)


def deliveries(subscribers: Sequence[Subscriber]) -> int:
    """Return how many events were received by all."""
    return sum(len(each.heard) for each in subscribers)
