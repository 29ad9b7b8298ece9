"""The subscribers of a run."""

import asyncio
from collections.abc import Sequence
from random import Random
from typing import Any

from tests.chaos import documents
from tests.chaos.api import Api
from tests.chaos.cast import HOT, Person, Troupe
from tests.chaos.check_streams import expected_of
from tests.chaos.counts import Counts
from tests.chaos.follower import Follower
from tests.chaos.history import Heard, History, Subscriber
from tests.chaos.moment import now
from tests.chaos.read_log import told_of

_SUBSCRIPTIONS = ("organisationEvents", "orderStatusChanged", "organisationEvents", "sharedOrderChanged")
_HOT_SHARE = 0.6
_LATE_SECONDS = 10.0


class Followers:
    """The subscribers, each with its task."""

    def __init__(self, ports: Sequence[int], api: Api, history: History, chance: Random, counts: Counts) -> None:
        """Have nobody subscribed."""
        self._ports = ports
        self._api = api
        self._history = history
        self._chance = chance
        self._counts = counts
        self._followers: list[Follower] = []

    async def follow(self, troupes: Sequence[Troupe], count: int) -> None:
        """Have `count` subscribers follow, most of them the busy organisation, until cancelled."""
        async with asyncio.TaskGroup() as group:
            busy = round(count * _HOT_SHARE)
            others = [troupe for troupe in troupes if troupe.reference != HOT]
            hot = next(troupe for troupe in troupes if troupe.reference == HOT)
            places = [hot] * busy + [others[number % len(others)] for number in range(count - busy)]
            for number, troupe in enumerate(places):
                people = list(troupe.people.values())
                person = people[number % len(people)]
                subscription = _SUBSCRIPTIONS[(number // len(people) + number) % len(_SUBSCRIPTIONS)]
                name = f"subscriber {number} ({person.reference})"
                # Those that stay where they are would never hear more from a stream that is stuck.
                roams = number % 3 != 0
                group.create_task(self._follow(name, troupe, person, subscription, roams=roams))

    async def _follow(self, name: str, troupe: Troupe, person: Person, subscription: str, *, roams: bool) -> None:
        start = troupe.beginning
        if self._chance.random() < 0.25:
            # Comes while others write already, and begins at the end of the log as it is told it.
            await asyncio.sleep(self._chance.uniform(0, _LATE_SECONDS))
            answer = await self._api.ask(person.token, documents.LOG_CURSOR, id=troupe.id)
            start = answer["organisation"]["logCursor"]
        subscriber = Subscriber(
            name=f"{name}, {subscription}",
            organisation=troupe.reference,
            viewer=person.id,
            is_admin=person.is_admin,
            subscription=subscription,
            start=start,
        )
        self._history.subscribers.append(subscriber)
        document = documents.subscription(subscription, nested=self._chance.random() < 0.5)
        follower = Follower(
            subscriber=subscriber,
            organisation_id=troupe.id,
            token=person.token,
            document=document,
            take=lambda event: note(subscriber, event),
            chance=self._chance,
            roams=roams,
        )
        self._followers.append(follower)
        await follower.follow(self._ports, self._counts)
        if follower.surprise is not None:
            self._history.surprises.append(follower.surprise)

    async def reach_the_end(self, seconds: float) -> None:
        """Return when every subscriber has heard the last event that it may see, or has not in all that time."""
        await reach_the_end(self._followers, self._history, seconds)


async def reach_the_end(followers: Sequence[Follower], history: History, seconds: float) -> None:
    """Return when each of these has heard the last event that it may see, or has not in all that time.

    Args:
        followers: The followers.
        history: Has the logs of their organisations.
        seconds: How long they may take.
    """
    goals = [_goal(follower, history) for follower in followers]
    waits = [asyncio.create_task(each.reach(goal)) for each, goal in zip(followers, goals, strict=True)]
    _, late = await asyncio.wait(waits, timeout=seconds)
    for wait in late:
        wait.cancel()
    await asyncio.gather(*(follower.settle() for follower in followers))


def _goal(follower: Follower, history: History) -> int:
    log = history.logs[follower.subscriber.organisation]
    if follower.subscriber.start not in log.places:
        return 0
    return max(expected_of(follower.subscriber, log), default=0)


def note(subscriber: Subscriber, event: dict[str, Any]) -> int:
    """Note an event that a subscriber is told of, and return its sequence."""
    subscriber.heard.append(Heard(event["sequence"], told_of(event), now()))
    sequence: int = event["sequence"]
    return sequence
