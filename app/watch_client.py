"""A client of the public API that follows an organisation's log over a WebSocket, through any break."""

import asyncio
import random
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

Event = dict[str, Any]
"""An event as the API answers it, by the names of `_EVENTS`."""

_PROTOCOL = Subprotocol("graphql-transport-ws")
_ORGANISATIONS = """
query Organisations { viewer { user { name } memberships { organisation { id reference name logCursor } } } }
"""
_EVENTS = """
subscription Watch($organisation: ID!, $after: Cursor) {
  organisationEvents(organisationId: $organisation, after: $after) {
    cursor sequence type: __typename occurredAt orderVersion
    actor { reference name }
    order { id reference title }
    ... on OrderStatusChanged { previousOrderStatus: previousStatus orderStatus: status reason { cause action via } }
    ... on SharedOrderChanged {
      previousSharedOrderStatus: previousStatus sharedOrderStatus: status
      sharedOrder { id permission sender { reference name } recipient { reference name } }
    }
    ... on MembershipChanged { user { reference name } role }
    ... on SharePolicyChanged { previousSharePolicy sharePolicy }
  }
}
"""

_NOT_LET_IN, _SLOW_TO_INTRODUCE = 4403, 4408
_CLOSED_FOR_GOOD = 4000
"""Lower close codes are the network's or a restart's; these are the API's own."""
_PASSES = ("INTERNAL", "RATE_LIMITED", "TIMEOUT", "UNAVAILABLE")
_CLIENTS_FAULT, _SERVERS_FAULT, _TOO_MANY = 400, 500, 429

_OPEN_SECONDS, _CLOSE_SECONDS = 10.0, 1.0
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.25, 5.0


class WatchEnded(Exception):
    """Nothing more will come, however often it is tried; the message is one line that says why."""


class _Broken(Exception):
    """The connection is lost, or was never made; the message says why. It may go on later."""


@dataclass(frozen=True)
class Door:
    """Where to go in, and by what.

    Attributes:
        url: The API's address, `ws://…` or `wss://…`.
        token: Returns the token for a connection; it is told nobody else.
        renews: Whether that is a new one each time, so that one that expires is no end.
    """

    url: str
    token: Callable[[], str]
    renews: bool = False


@dataclass(frozen=True)
class Place:
    """A place in a log: the organisation's global id, and the cursor of the last event that was handled."""

    organisation: str
    cursor: str


@dataclass
class Watch:
    """Follows the log of an organisation.

    Attributes:
        door: Where to go in.
        organisation: Its global id, or its reference.
        after: The cursor after which to begin; None for the place that was kept, or else for now.
        kept: The place where an earlier watch ended; None where there was none.
        on_place: Told of the place where this one begins, once it is known.
        say: Told in a sentence what happens to the connection.
    """

    door: Door
    organisation: str
    after: str | None
    kept: Place | None
    on_place: Callable[[Place], None]
    say: Callable[[str], None]
    _place: Place | None = None
    _let_in: bool = False

    async def events(self) -> AsyncGenerator[tuple[Place, Event], None]:
        """Yield each event that happens, with the place after it: every one once, in order, for ever.

        Raises:
            WatchEnded: Where the server says that there is no more for this viewer.
        """
        pause = 0.0
        while True:
            self._let_in = False
            try:
                async with aclosing(self._one_connection()) as events:
                    async for event in events:
                        self._place = Place(event[0].organisation, event[0].cursor)
                        yield event
            except _Broken as fault:
                begun = self._let_in or not pause
                pause = _FIRST_PAUSE_SECONDS if begun else min(pause * 2, _LONGEST_PAUSE_SECONDS)
                # Not all who were cut off come back at the same moment.
                chosen = pause * random.uniform(0.5, 1)  # noqa: S311 - nobody gains by guessing it
                self.say(f"Not connected: {fault}. Trying again in {chosen:.1f} s.")
                await asyncio.sleep(chosen)

    async def _one_connection(self) -> AsyncGenerator[tuple[Place, Event], None]:
        try:
            async with connect(
                self.door.url,
                subprotocols=[_PROTOCOL],
                open_timeout=_OPEN_SECONDS,
                close_timeout=_CLOSE_SECONDS,
            ) as socket:
                async for event in self._follow(socket):
                    yield event
        except ConnectionClosed as fault:
            raise self._closed(fault) from None
        except InvalidStatus as fault:
            raise _refused(fault.response.status_code) from None
        except ssl.SSLCertVerificationError as fault:
            raise WatchEnded(f"The server's certificate is not to be trusted: {fault.verify_message}.") from None
        except (OSError, InvalidHandshake, EOFError) as fault:
            raise _Broken(getattr(fault, "strerror", None) or type(fault).__name__) from None
        except (ValueError, KeyError, TypeError):
            raise WatchEnded("The server does not answer as this API does.") from None
        raise _Broken("the server closed the connection")

    async def _follow(self, socket: ClientConnection) -> AsyncIterator[tuple[Place, Event]]:
        await _send(socket, type="connection_init", payload={"authorization": f"Bearer {self.door.token()}"})
        message = await _receive(socket)
        if message.get("type") != "connection_ack":
            raise _Broken("the server did not answer as expected")
        self._let_in = True
        if self._place is None:
            self._place = await self._begin(socket)
            self.on_place(self._place)
        else:
            self.say("Connected again.")
        organisation = self._place.organisation
        variables = {"organisation": organisation, "after": self._place.cursor}
        async for data in _answers(socket, "watch", _EVENTS, variables):
            event = data["organisationEvents"]
            yield Place(organisation, event["cursor"]), event

    async def _begin(self, socket: ClientConnection) -> Place:
        """Return where to begin: a cursor from the start, so that a break before the first event loses nothing."""
        [data] = [data async for data in _answers(socket, "organisations", _ORGANISATIONS, {})]
        viewer = data["viewer"]
        theirs = [membership["organisation"] for membership in viewer["memberships"]]
        found = [each for each in theirs if self.organisation in (each["id"], each["reference"])]
        if not found:
            among = ", ".join(each["reference"] for each in theirs) or "none"
            raise WatchEnded(f"There is no organisation {self.organisation!a} of this user's; there are: {among}.")
        organisation = found[0]
        cursor = self.after
        if cursor is None and self.kept is not None:
            if self.kept.organisation != organisation["id"]:
                raise WatchEnded("The kept cursor is of another organisation: name another --state file.")
            cursor = self.kept.cursor
        self.say(f"Watching {organisation['name']} as {viewer['user']['name']}.")
        return Place(organisation["id"], cursor or organisation["logCursor"])

    def _closed(self, fault: ConnectionClosed) -> Exception:
        code, reason = (fault.rcvd.code, fault.rcvd.reason) if fault.rcvd else (None, "")
        if code == _NOT_LET_IN:
            if self._let_in and self.door.renews:
                return _Broken("the token has expired")
            what = "holds no longer" if self._let_in else "is not accepted"
            return WatchEnded(f"The token {what}: get another one.")
        if code is not None and code >= _CLOSED_FOR_GOOD and code != _SLOW_TO_INTRODUCE:
            return WatchEnded(f"The server closed the connection: {code} {reason}".rstrip() + ".")
        return _Broken(reason.lower() if reason else "the connection was lost")


async def _answers(
    socket: ClientConnection, operation: str, document: str, variables: dict[str, str]
) -> AsyncIterator[dict[str, Any]]:
    """Yield the data that an operation is answered with, to its end; a connection has one operation at a time."""
    payload = {"query": document, "variables": variables}
    await _send(socket, id=operation, type="subscribe", payload=payload)
    while True:
        message = await _receive(socket)
        match message.get("type"):
            case "next" if message["payload"].get("data"):
                yield message["payload"]["data"]
            case "next":
                raise _failed(message["payload"].get("errors"))
            case "error":
                raise _failed(message["payload"])
            case "complete" if operation == "watch":
                raise _Broken("the stream ended")
            case "complete":
                return


def _failed(errors: list[dict[str, Any]] | None) -> Exception:
    first = (errors or [{}])[0]
    code, message = first.get("extensions", {}).get("code"), first.get("message", "the server failed")
    if code is None or code in _PASSES:
        return _Broken(message.rstrip("."))
    return WatchEnded(f"{code}: {message}")


def _refused(status: int) -> Exception:
    if _CLIENTS_FAULT <= status < _SERVERS_FAULT and status != _TOO_MANY:
        return WatchEnded(f"There is no API of ours at this address: it answers {status}.")
    return _Broken(f"the server answers {status}")


async def _send(socket: ClientConnection, **message: Any) -> None:
    await socket.send(orjson.dumps(message).decode())


async def _receive(socket: ClientConnection) -> dict[str, Any]:
    while True:
        message: dict[str, Any] = orjson.loads(await socket.recv())
        if message.get("type") != "ping":
            return message
        await _send(socket, type="pong")
