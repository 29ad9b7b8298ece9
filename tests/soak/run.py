"""One soak, from the first listener to the last delivery."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from random import Random
from typing import Any

from tests.chaos.api import Api, UnexpectedAnswer
from tests.chaos.cast import Person, Troupe
from tests.chaos.meeting import first_cursor, meet
from tests.chaos.read_log import read_log
from tests.soak.asking import Asking, OverHTTP, OverWebSocket
from tests.soak.attacking import AttackersEnded, attackers
from tests.soak.ground import Ground
from tests.soak.honest_client import Client
from tests.soak.listeners import Listeners
from tests.soak.observations import Observations, Phase, Sample
from tests.soak.people import HONEST
from tests.soak.plan import DatabaseKind, Plan
from tests.soak.stopwatch import Stopwatch
from tests.soak.target import Target
from tests.soak.watch import ServerEnded, Watch

_SOCKET_EACH = 5
"""Every so many-th client asks over a WebSocket; of the others, every second one through the proxy."""

_LISTEN_SECONDS = 60.0
_SETTLED_DESCRIPTORS = 2


async def soak(plan: Plan, ground: Ground) -> Observations:
    """Have attackers attack while honest clients ask and listen; return what was observed.

    Where the server or the attackers end before their time, the observations say so and have what was seen until then.
    """
    observations = Observations(database=plan.database)
    watch = Watch(ground.server, ground.metrics_token, observations)
    acting = asyncio.create_task(_act(plan, ground, observations, watch))
    ending = asyncio.create_task(watch.until_it_ends())
    await asyncio.wait([acting, ending], return_when=asyncio.FIRST_COMPLETED)
    if ending.done():
        observations.ended = ending.result()
    for task in (acting, ending):
        task.cancel()
    try:
        await acting
    except (AttackersEnded, ServerEnded, TimeoutError) as fault:
        observations.ended = observations.ended or str(fault)
    except asyncio.CancelledError:
        pass
    await watch.close()
    return observations


async def _act(plan: Plan, ground: Ground, observations: Observations, watch: Watch) -> None:
    chance = Random(plan.seed)
    port = ground.server.port
    api = Api([port], chance, observations.counts)
    try:
        async with _within(plan.patience_seconds, "the honest organisation could not be read"):
            troupe = await meet(api, HONEST)
        listeners = Listeners(port, troupe, observations.history, observations.counts, chance)
        async with _going_on(listeners.listen(plan.listeners)):
            before = await watch.settled(
                lambda sample: sample.counted is not None and sample.counted.subscriptions == plan.listeners,
                _LISTEN_SECONDS,
            )
            observations.quiet_before = before
            async with _going_on(watch.watch(plan.sample_seconds)):
                await _ask(plan, ground, observations, watch, _clients(plan, ground, troupe, observations, chance))
            observations.quiet_after = await watch.settled(
                lambda sample: _is_as(before, sample, plan.database), plan.settle_seconds
            )
            async with _within(plan.patience_seconds, "the log could not be read"):
                log = await read_log(troupe, first_cursor(troupe), [port], api, chance)
            observations.history.logs = {troupe.reference: log}
            await listeners.reach_the_end(plan.patience_seconds)
    finally:
        await api.close()


async def _ask(plan: Plan, ground: Ground, observations: Observations, watch: Watch, clients: list[Client]) -> None:
    """Have the honest clients ask before, during and after the attacks."""
    over = asyncio.Event()
    async with _going_on(_all_ask(clients, over)) as asking:
        await asyncio.sleep(plan.calm_seconds)
        watch.phase = Phase.ATTACKED
        async with attackers(plan, ground.target) as attacking:
            await attacking.attack(plan.seconds)
            observations.attackers = await attacking.end()
        watch.phase = Phase.AFTER
        await asyncio.sleep(plan.calm_seconds)
        over.set()
        # Each ends what it has begun.
        with suppress(TimeoutError):
            async with asyncio.timeout(plan.patience_seconds):
                await asyncio.shield(asking)


async def _all_ask(clients: list[Client], over: asyncio.Event) -> None:
    async with asyncio.TaskGroup() as group:
        for client in clients:
            group.create_task(client.run(over))


def _clients(plan: Plan, ground: Ground, troupe: Troupe, observations: Observations, chance: Random) -> list[Client]:
    people = list(troupe.people.values())
    orders = {order.owner: order.id for order in troupe.orders.values()}
    stopwatch = Stopwatch(ground.server)
    return [
        Client(
            person=person,
            peer=people[(number + 1) % plan.clients],
            organisation=troupe.id,
            order=orders[person.id],
            asking=_way(number, person, ground.target),
            stopwatch=stopwatch,
            observe=observations.requests.append,
            chance=chance,
            think_seconds=plan.think_seconds,
        )
        for number, person in enumerate(people[: plan.clients])
    ]


def _way(number: int, person: Person, target: Target) -> Asking:
    if number % _SOCKET_EACH == 0:
        return OverWebSocket(target.port, person.token)
    return OverHTTP(target.proxy_port if number % 2 else target.port, person.token)


def _is_as(before: Sample, sample: Sample, database: DatabaseKind) -> bool:
    """Return whether the server has given back what clients and attackers used."""
    was, now = before.counted, sample.counted
    if was is None or now is None:
        return False
    opened = sample.descriptors_of_clients(database) - before.descriptors_of_clients(database)
    return (
        now.in_use <= was.in_use
        and now.overdue == 0
        and (now.sockets, now.streams, now.subscriptions) == (was.sockets, was.streams, was.subscriptions)
        and opened <= _SETTLED_DESCRIPTORS
    )


@asynccontextmanager
async def _within(seconds: float, otherwise: str) -> AsyncIterator[None]:
    """Give what is inside so many seconds.

    Raises:
        TimeoutError: Where they are not enough, or it is refused; it says what then is the case.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except (TimeoutError, UnexpectedAnswer) as fault:
        raise TimeoutError(f"{otherwise}: {str(fault) or 'no answer in time'}") from fault


@asynccontextmanager
async def _going_on(work: Coroutine[Any, Any, None]) -> AsyncIterator[asyncio.Task[None]]:
    """Have work go on as long as the context lasts; a fault of its own comes up at the end."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
