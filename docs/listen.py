"""Follows the log of an organisation: `python docs/listen.py API TOKEN ORGANISATION_ID [CURSOR]`.

Prints each event as a line of JSON. When the connection is lost, it connects again and goes on after the event that it
printed last, so nothing is missed and nothing comes twice.
"""

import asyncio
import json
import sys
from contextlib import suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

USAGE = (4, 5)
CLOSED_FOR_GOOD = 4000
"""Lower close codes are the network's or a restart's; these are the server's own, such as 4403: no valid token."""

SUBSCRIPTION = """
subscription($organisation: ID!, $after: Cursor) {
  organisationEvents(organisationId: $organisation, after: $after) {
    cursor sequence __typename actor { name } order { title }
    ... on SharedOrderChanged { shareStatus: status }
    ... on OrderStatusChanged { orderStatus: status reason { cause via action } }
  }
}
"""


async def follow(api: str, token: str, organisation: str, after: str | None = None) -> None:
    """Print the events after a place in the log, or from now on, for as long as the server lets the token in."""
    async for socket in connect(api.replace("http", "ws", 1), subprotocols=[Subprotocol("graphql-transport-ws")]):
        try:
            await send(socket, type="connection_init", payload={"authorization": f"Bearer {token}"})
            async for text in socket:
                message = json.loads(text)
                if message["type"] == "connection_ack":
                    variables = {"organisation": organisation, "after": after}
                    payload = {"query": SUBSCRIPTION, "variables": variables}
                    await send(socket, id="1", type="subscribe", payload=payload)
                elif message["type"] == "next" and message["payload"].get("data"):
                    event = message["payload"]["data"]["organisationEvents"]
                    after = event.pop("cursor")
                    print(json.dumps(event, ensure_ascii=False), flush=True)
                elif message["type"] == "ping":
                    await send(socket, type="pong")
                else:
                    sys.exit(f"The stream ended: {text!s}")
        except ConnectionClosed:
            pass
        if (socket.close_code or 0) >= CLOSED_FOR_GOOD:
            sys.exit(f"The server closed the socket: {socket.close_code} {socket.close_reason}")


async def send(socket: ClientConnection, **message: Any) -> None:
    """Send a message of the graphql-transport-ws protocol."""
    await socket.send(json.dumps(message))


if __name__ == "__main__":
    if len(sys.argv) not in USAGE:
        sys.exit(__doc__)
    with suppress(KeyboardInterrupt):
        asyncio.run(follow(*sys.argv[1:]))
