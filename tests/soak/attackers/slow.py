"""Attackers that take their time, and those that take more places than they have."""

import asyncio
import socket
from contextlib import AsyncExitStack

from tests.soak.attackers.attack import Attack, Outcomes, Surprise, status_outcome
from tests.soak.attackers.sockets import following
from tests.soak.attackers.wire import Wire, connected, post

PLACES = 100
"""Sockets and streams that the server allows a user in a soak."""

_SENDERS = 20
_SENDING_SECONDS = 10.0
_READERS = 10


async def slow_senders(attack: Attack) -> Outcomes:
    """Send requests byte by byte over twenty connections, half of them in the head and half in the body."""
    request = post("{ viewer { user { reference } } }", token=attack.token)
    body = request.index(b"\r\n\r\n") + 4

    async def one(number: int) -> str:
        begun = body if number % 2 else 10
        async with connected(attack.target.port) as wire:
            await wire.send(request[:begun])
            for step in range(int(_SENDING_SECONDS * 2)):
                if not await wire.send(request[begun + step : begun + step + 1]):
                    return "closed"
                await asyncio.sleep(0.5)
            return "closed" if wire.reader.at_eof() else "left"

    return await asyncio.gather(*map(one, range(_SENDERS)))


async def slow_readers(attack: Attack) -> Outcomes:
    """Ask for large answers over ten connections, and read a kilobyte of them now and then."""
    fields = "id title status version availableActions owner { name } type { name }"
    pages = " ".join(f"p{number}: orders(first: 100) {{ nodes {{ {fields} }} }}" for number in range(10))
    document = f"query($id: ID!) {{ organisation(id: $id) {{ {pages} }} }}"
    request = post(document, token=attack.token, variables={"id": attack.target.catalogue})

    async def one() -> str:
        opened = socket.socket()
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        opened.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(opened, ("127.0.0.1", attack.target.port))
            reader, writer = await asyncio.open_connection(sock=opened, limit=1_024)
        except OSError:
            opened.close()
            raise
        try:
            wire = Wire(reader, writer)
            await wire.send(request)
            for _ in range(int(_SENDING_SECONDS * 2)):
                await wire.reader.read(1_024)
                await asyncio.sleep(0.5)
            return "closed" if reader.at_eof() else "left"
        finally:
            writer.transport.abort()

    return await asyncio.gather(*(one() for _ in range(_READERS)))


async def too_many_streams(attack: Attack) -> Outcomes:
    """Ask for half as many streams again as are allowed, all at the same moment."""
    variables = {"organisation": attack.target.archive}
    request = post(following("a"), "Accept: text/event-stream", token=attack.token, variables=variables)
    asked = PLACES * 3 // 2
    async with AsyncExitStack() as stack:
        wires = [await stack.enter_async_context(connected(attack.target.port)) for _ in range(asked)]
        await asyncio.gather(*(wire.send(request) for wire in wires))
        statuses = await asyncio.gather(*(wire.first_status() for wire in wires))
    if statuses.count(200) > PLACES:
        raise Surprise(f"{statuses.count(200)} streams were opened where {PLACES} are allowed")
    return [status_outcome(each) for each in statuses]
