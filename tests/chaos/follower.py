"""A subscriber of a run: it follows a log over one socket after another."""

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Any

import websockets
from websockets.exceptions import ConnectionClosed, WebSocketException

from tests.chaos.counts import Counts
from tests.chaos.history import Subscriber

_PASSES = ("INTERNAL", "UNAVAILABLE")
_SILENT_SECONDS = 5.0
"""How long a replica may be silent before a client gives it up."""

_STAYS_SECONDS = (3.0, 40.0)
_PAUSE_SECONDS = (0.0, 0.5)
_PROTOCOL = websockets.Subprotocol("graphql-transport-ws")
_OF_THE_SERVER = 4000
"""Lower close codes are the network's or a restart's; these say that the client may not go on."""

Take = Callable[[dict[str, Any]], int]
"""Takes an event as it was told, and returns its sequence."""


class Over(Exception):
    """The socket is of no use any more; says why."""


@dataclass(kw_only=True)
class Follower:
    """Keeps the cursor of the last event, and goes on after it on another replica when a socket ends.

    Attributes:
        subscriber: What it is and where it begins.
        organisation_id: The id of the organisation.
        token: The header of its user.
        document: Its subscription.
        take: Takes what it is told.
        chance: Decides which replica it takes, and for how long.
        roams: Whether it leaves a socket now and then that nothing is wrong with.
        surprise: What it was told that no fault explains; it follows no more then.
    """

    subscriber: Subscriber
    organisation_id: str
    token: str
    document: str
    take: Take
    chance: Random
    roams: bool
    surprise: str | None = None

    def __post_init__(self) -> None:
        """Have heard nothing yet."""
        self.after = self.subscriber.start
        self._reached = 0
        self._goal: int | None = None
        self._at_goal = asyncio.Event()
        self._socket: websockets.ClientConnection | None = None
        self._ponged = asyncio.Event()

    async def follow(self, ports: Sequence[int], counts: Counts) -> None:
        """Follow until cancelled, or until a server says what no fault explains.

        Args:
            ports: The replicas.
            counts: Counts sockets and their ends.
        """
        while self.surprise is None:
            try:
                await self.follow_once(f"ws://127.0.0.1:{self.chance.choice(ports)}/graphql", counts)
            except Over as over:
                counts.endings[str(over)] += 1
            # A client leaves a moment between, so that sixty of them do not knock at the same time.
            await asyncio.sleep(self.chance.uniform(*_PAUSE_SECONDS))

    async def reach(self, sequence: int) -> None:
        """Return when the event at a place in the log has been heard."""
        self._goal = sequence
        if self._reached < sequence:
            await self._at_goal.wait()

    async def settle(self) -> None:
        """Return when everything is heard that the server had sent, where there is a socket now."""
        if self._socket is not None:
            self._ponged.clear()
            with suppress(ConnectionClosed, TimeoutError):
                await _send(self._socket, type="ping")
                async with asyncio.timeout(_SILENT_SECONDS):
                    await self._ponged.wait()

    async def follow_once(self, url: str, counts: Counts) -> None:
        """Follow over one socket.

        Raises:
            Over: When it has ended.
        """
        try:
            async with websockets.connect(
                url,
                subprotocols=[_PROTOCOL],
                proxy=None,
                open_timeout=_SILENT_SECONDS,
                ping_interval=_SILENT_SECONDS,
                ping_timeout=_SILENT_SECONDS,
                close_timeout=1,
            ) as socket:
                await self._listen(socket, counts)
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd is not None else None
            if code is not None and code >= _OF_THE_SERVER:
                self.surprise = f"{self.subscriber.name}: closed with {code} {closed.reason}"
            raise Over("broken" if code is None else f"closed with {code}") from closed
        except (OSError, TimeoutError, WebSocketException) as fault:
            raise Over("not opened") from fault
        finally:
            self._socket = None

    async def _listen(self, socket: websockets.ClientConnection, counts: Counts) -> None:
        await _send(socket, type="connection_init", payload={"authorization": self.token})
        async with asyncio.timeout(_SILENT_SECONDS):
            while json.loads(await socket.recv())["type"] != "connection_ack":
                pass
        variables = {"organisation": self.organisation_id, "after": self.after}
        payload = {"query": self.document, "variables": variables}
        await _send(socket, id="1", type="subscribe", payload=payload)
        counts.sockets += 1
        self._socket = socket
        try:
            async with asyncio.timeout(self.chance.uniform(*_STAYS_SECONDS) if self.roams else None):
                while True:
                    await self._hear(socket, json.loads(await socket.recv()))
        except TimeoutError:
            raise Over(await self._leave(socket)) from None

    async def _leave(self, socket: websockets.ClientConnection) -> str:
        """Leave in one of the ways in which clients do, and return which."""
        match self.chance.randrange(3):
            case 0:
                await _send(socket, id="1", type="complete")
                return "completed"
            case 1:
                socket.transport.abort()
                return "hung up"
            case _:
                # The caller closes it.
                return "left"

    async def _hear(self, socket: websockets.ClientConnection, message: dict[str, Any]) -> None:
        match message["type"]:
            case "next":
                self.hear_event(message["payload"])
            case "ping":
                await _send(socket, type="pong")
            case "pong":
                self._ponged.set()
            case "error":
                self._refuse(message["payload"])
            case other:
                raise Over(other)

    def hear_event(self, payload: dict[str, Any]) -> None:
        if payload.get("errors"):
            self._refuse(payload["errors"])
        [event] = payload["data"].values()
        self._reached = self.take(event)
        self.after = event["cursor"]
        if self._goal is not None and self._reached >= self._goal:
            self._at_goal.set()

    def _refuse(self, errors: Sequence[dict[str, Any]]) -> None:
        """Leave a stream that has failed; it goes on after the cursor, unless it may not.

        Raises:
            Over: Always.
        """
        if any(error.get("extensions", {}).get("code") not in _PASSES for error in errors):
            self.surprise = f"{self.subscriber.name}: {errors}"
        raise Over("failed for now")


async def _send(socket: websockets.ClientConnection, **message: Any) -> None:
    await socket.send(json.dumps(message))
