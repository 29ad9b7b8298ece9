"""Attackers over WebSockets: what they subscribe to costs time, or memory for as long as it is kept."""

import asyncio
from contextlib import AsyncExitStack, suppress

from tests.soak.attackers.attack import Attack, Outcomes
from tests.soak.attackers.wire import Wire, acknowledged, connected, opened, post, text

_SUBSCRIPTIONS = 200
_LONG = 240_000
_READ_SECONDS = 8.0
_HOLD_SECONDS = 5.0

_FIELDS = "sequence cursor actor { name } order { title status sharesClaimed owner { name } }"


def following(alias: str, fields: str = "sequence") -> str:
    """Return a subscription to an organisation's log under an alias, which makes it another question."""
    return (
        "subscription($organisation: ID!, $after: Cursor) "
        f"{{ {alias}: organisationEvents(organisationId: $organisation, after: $after) {{ {fields} }} }}"
    )


async def catching_up(attack: Attack) -> Outcomes:
    """Subscribe 200 times over one socket, from the beginning of a log of 3,000 events, and read what comes."""
    target = attack.target
    async with acknowledged(target.port, attack.token) as wire:
        for number in range(_SUBSCRIPTIONS):
            document = following(f"a{attack.number}x{number}", _FIELDS)
            if not await wire.subscribe(str(number), document, organisation=target.archive, after=target.beginning):
                return ["closed"]
        return [await _received(wire, _READ_SECONDS)]


async def many_questions(attack: Attack) -> Outcomes:
    """Ask 1,000 different questions over five sockets, and then have three events happen."""
    target = attack.target
    async with AsyncExitStack() as stack:
        wires = [await stack.enter_async_context(acknowledged(target.port, attack.token)) for _ in range(5)]
        for socket, wire in enumerate(wires):
            for number in range(_SUBSCRIPTIONS):
                document = following(f"q{attack.number}x{socket}x{number}", _FIELDS)
                if not await wire.subscribe(str(number), document, organisation=target.archive):
                    return ["closed"]
        for _ in range(3):
            await _cause_an_event(attack)
        return await asyncio.gather(*(_received(wire, _READ_SECONDS) for wire in wires))


async def _cause_an_event(attack: Attack) -> None:
    document = "mutation($input: ProcessOrderInput!) { processOrder(input: $input) { userErrors { code } } }"
    given = {"input": {"orderId": attack.target.orders[attack.user], "action": "ENDORSE"}}
    async with connected(attack.target.port) as wire:
        await wire.send(post(document, token=attack.token, variables=given))
        await wire.first_status()


async def undeclared_variables(attack: Attack) -> Outcomes:
    """Ask 200 questions with 240 KB of variables that the documents do not declare, and stay."""
    # Many small values: the most memory for a byte.
    unused = [[]] * (_LONG // 3)  # type: ignore[var-annotated]  # they stay empty
    async with acknowledged(attack.target.port, attack.token) as wire:
        for number in range(_SUBSCRIPTIONS):
            document = following(f"v{attack.number}x{number}")
            if not await wire.subscribe(str(number), document, organisation=attack.target.archive, unused=unused):
                return ["closed"]
        return [await _received(wire, _HOLD_SECONDS)]


async def long_operation_ids(attack: Attack) -> Outcomes:
    """Subscribe 200 times with operation ids of 240,000 characters, and stay."""
    async with acknowledged(attack.target.port, attack.token) as wire:
        for number in range(_SUBSCRIPTIONS):
            name = f"{number}-{'i' * _LONG}"
            if not await wire.subscribe(
                name, following(f"i{attack.number}x{number}"), organisation=attack.target.archive
            ):
                return ["closed"]
        return [await _received(wire, _HOLD_SECONDS)]


async def unacknowledged_messages(attack: Attack) -> Outcomes:
    """Send 40 long messages before the server can have acknowledged the first, on half of the sockets without it."""
    async with opened(attack.target.port) as wire:
        messages = [text({"type": "ping", "payload": {"x": "x" * _LONG}})] * 40
        if attack.number % 2:
            messages.insert(0, text({"type": "connection_init", "payload": {"authorization": attack.token}}))
        await wire.send(b"".join(messages), _HOLD_SECONDS)
        return [await _received(wire, 2.0)]


async def deaf_sockets(attack: Attack) -> Outcomes:
    """Have 20 sockets follow a log from its beginning, and read nothing of it."""
    target = attack.target
    async with AsyncExitStack() as stack:
        wires = []
        for _ in range(20):
            with suppress(ConnectionError):
                wires.append(await stack.enter_async_context(acknowledged(target.port, attack.token)))
        for wire in wires:
            await wire.subscribe("1", following("a", _FIELDS), organisation=target.archive, after=target.beginning)
        await asyncio.sleep(_HOLD_SECONDS)
        return ["left"] * len(wires) + ["not acknowledged"] * (20 - len(wires))


async def _received(wire: Wire, seconds: float) -> str:
    """Read for so many seconds; return whether the server closed the connection meanwhile, or sent something."""
    data = await wire.read(seconds)
    if wire.reader.at_eof():
        return "closed"
    return "received" if data else "silent"
