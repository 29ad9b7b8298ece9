"""One run, from the first request to the last delivery."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from random import Random

from tests.chaos.api import Api
from tests.chaos.book import Book
from tests.chaos.cast import ORGANISATIONS, Troupe
from tests.chaos.counts import Counts
from tests.chaos.faults import Faults, Schedule
from tests.chaos.followers import Followers
from tests.chaos.history import History
from tests.chaos.meeting import first_cursor, meet
from tests.chaos.plan import Plan
from tests.chaos.read_log import read_log
from tests.chaos.sender import Sender
from tests.chaos.stage import Stage
from tests.chaos.writers import Writers


@dataclass(frozen=True)
class Performance:
    """What a run has left."""

    plan: Plan
    history: History
    counts: Counts


async def perform(plan: Plan, stage: Stage) -> Performance:
    """Write, subscribe and break things for as long as the plan says; return what the clients saw."""
    chance, counts, history = Random(plan.seed), Counts(), History()
    api = Api(stage.ports, chance, counts)
    try:
        troupes = [await meet(api, reference) for reference in ORGANISATIONS]
        followers = Followers(stage.ports, api, history, chance, counts)
        following = asyncio.create_task(followers.follow(troupes, plan.subscribers))
        try:
            await _write(plan, stage, troupes, Sender(api, history, chance), chance, counts)
            history.logs = {
                troupe.reference: await read_log(troupe, first_cursor(troupe), stage.ports, api, chance)
                for troupe in troupes
            }
            await followers.reach_the_end(plan.patience)
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following
    finally:
        await api.close()
    return Performance(plan, history, counts)


async def _write(
    plan: Plan, stage: Stage, troupes: list[Troupe], sender: Sender, chance: Random, counts: Counts
) -> None:
    """Write while things go wrong, and return when everything is whole and all that was begun has ended."""
    enough = asyncio.Event()
    writers = Writers([Book(troupe, chance) for troupe in troupes], sender, chance, plan.per_second)
    ends = [
        asyncio.create_task(writers.write(plan.writers, enough)),
        asyncio.create_task(_break(plan, stage, counts, enough)),
        asyncio.create_task(sender.has_done(plan.mutations)),
    ]
    writing, breaking, doing = ends
    await asyncio.wait(ends, timeout=plan.seconds, return_when=asyncio.FIRST_COMPLETED)
    enough.set()
    doing.cancel()
    async with asyncio.timeout(plan.patience):
        await breaking
        for replica in stage.replicas:
            await replica.serves()
    # What is without an outcome after that time is left so; the checker knows what that means.
    with suppress(TimeoutError):
        async with asyncio.timeout(plan.patience):
            await writing


async def _break(plan: Plan, stage: Stage, counts: Counts, enough: asyncio.Event) -> None:
    if plan.pause is None:
        await enough.wait()
    else:
        # Of its own, so that the seed alone decides what fails and in which order.
        chance = Random(plan.seed)
        await Schedule(Faults(plan, stage, chance), chance, counts).run(plan.rounds, plan.pause, enough)
