"""Follows an organisation, and handles each event exactly once, whatever happens to the network, the server or itself.

`TOKEN_FILE=… python listen.py DATABASE [API]` keeps what it handles, and the cursor of the last event handled, in one
SQLite database: both are written by one transaction, so neither can be there without the other.
"""

import asyncio
import json
import os
import random
import sqlite3
import sys
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any

from gql import Client, GraphQLRequest
from gql.client import AsyncClientSession
from gql.transport.exceptions import TransportError, TransportQueryError
from gql.transport.websockets import WebsocketsTransport
from websockets.exceptions import ConnectionClosed

API = "http://127.0.0.1:8000/graphql"
LONGEST_PAUSE_SECONDS = 10.0
TEMPORARY = {"RATE_LIMITED", "UNAVAILABLE", "TIMEOUT", "INTERNAL"}
FORBIDDEN = 4403
CLOSED_FOR_GOOD = 4000
"""Lower close codes are the network's or a restart's; these are the server's own, but for the next ones."""
TOO_SLOW = {4408, 4504}
CUT = 1006

PLACE = "{ viewer { memberships { organisation { id logCursor } } } }"
EVENTS = """
subscription($organisation: ID!, $after: Cursor) {
  organisationEvents(organisationId: $organisation, after: $after) {
    __typename id cursor sequence order { reference }
    ... on SharedOrderChanged { shareStatus: status }
    ... on OrderStatusChanged { orderStatus: status }
  }
}
"""


class Journal:
    """What was handled, and how far."""

    def __init__(self, path: str) -> None:
        """Open the database, or make it."""
        self._database = sqlite3.connect(path)
        with self._database:
            self._database.execute("CREATE TABLE IF NOT EXISTS place (organisation TEXT, cursor TEXT)")
            self._database.execute("CREATE TABLE IF NOT EXISTS handled (sequence INTEGER PRIMARY KEY, event TEXT)")

    def place(self) -> tuple[str, str] | None:
        """Return the organisation and the cursor of the last event handled; None before the first start."""
        place: tuple[str, str] | None = self._database.execute("SELECT organisation, cursor FROM place").fetchone()
        return place

    def begin(self, organisation: str, cursor: str) -> None:
        """Keep where to begin, before anything is heard: what happens from here on is not missed."""
        with self._database:
            self._database.execute("INSERT INTO place VALUES (?, ?)", (organisation, cursor))

    def handle(self, event: dict[str, Any]) -> None:
        """Handle an event. What else it should do to this database belongs into this transaction."""
        cursor = event.pop("cursor")
        with self._database:
            self._database.execute("INSERT INTO handled VALUES (?, ?)", (event["sequence"], json.dumps(event)))
            self._database.execute("UPDATE place SET cursor = ?", (cursor,))


def connect(api: str) -> Client:
    """Return a client with the token as it is now: another one may have been put there since the last connection."""
    token = Path(os.environ["TOKEN_FILE"]).read_text(encoding="utf-8").strip()
    transport = WebsocketsTransport(
        api.replace("http", "ws", 1),
        init_payload={"authorization": f"Bearer {token}"},
        subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL],
        # A network that is gone says nothing: whoever does not answer in time is given up.
        ping_interval=10,
        pong_timeout=5,
    )
    return Client(transport=transport)


async def follow(journal: Journal, api: str) -> None:
    """Handle what comes, over as many connections as it takes.

    Raises:
        TransportQueryError: Where the server refuses to go on: the cursor is of another log, or access has ended.
        TransportConnectionFailed: Where it refuses us: a fresh token is no good either.
    """
    failures = refusals = 0
    while True:
        try:
            async with connect(api) as session:
                failures = refusals = 0
                await handle_events(session, journal)
        except TransportQueryError as fault:
            if not is_temporary(fault):
                raise
            report(broke=None)
        except (TransportError, TimeoutError) as fault:
            code = close_code(fault)
            refusals += code == FORBIDDEN
            if is_final(code, refusals):
                raise
            report(broke=code)
        # By chance: not all clients of a server that comes back are there at the same moment.
        await asyncio.sleep(random.uniform(0, min(LONGEST_PAUSE_SECONDS, 0.25 * 2**failures)))
        failures += 1


async def handle_events(session: AsyncClientSession, journal: Journal) -> None:
    """Handle the events of one connection."""
    if journal.place() is None:
        answer = await session.execute(GraphQLRequest(PLACE))
        organisation = answer["viewer"]["memberships"][0]["organisation"]
        journal.begin(organisation["id"], organisation["logCursor"])
    organisation, after = journal.place() or ("", "")
    report(following=organisation)
    request = GraphQLRequest(EVENTS, variable_values={"organisation": organisation, "after": after})
    async with aclosing(session.subscribe(request)) as results:
        async for result in results:
            event = result["organisationEvents"]
            journal.handle(event)
            report(handled=event["sequence"])


def is_temporary(fault: TransportQueryError) -> bool:
    """Return whether what the server refuses now may be granted later."""
    return all(error.get("extensions", {}).get("code") in TEMPORARY for error in fault.errors or [{}])


def is_final(code: int | None, refusals: int) -> bool:
    """Return whether the server closed for good, having refused so many tokens in a row."""
    if code == FORBIDDEN:
        # A token that has expired is worth one more connection, for which it is read again.
        return refusals > 1
    return code is not None and code >= CLOSED_FOR_GOOD and code not in TOO_SLOW


def close_code(fault: BaseException | None) -> int | None:
    """Return the code with which a socket was closed; None where there was no connection."""
    while fault is not None:
        if isinstance(fault, ConnectionClosed):
            return fault.rcvd.code if fault.rcvd else CUT
        fault = fault.__cause__
    return None


def report(**what: object) -> None:
    """Print a line of JSON."""
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    if len(sys.argv) not in {2, 3}:
        sys.exit(__doc__)
    with suppress(KeyboardInterrupt):
        asyncio.run(follow(Journal(sys.argv[1]), *(sys.argv[2:] or [API])))
