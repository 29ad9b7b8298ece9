"""Two terminals that keep an order busy while the server comes and goes: each change is made once."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import httpx

from tests.examples.house import House

SHARE = (
    "mutation($input: ShareOrderInput!) { done: shareOrder(input: $input) { sharedOrders { id } userErrors { code } } }"
)
CLAIM = "mutation($input: ClaimSharedOrderInput!) { done: claimSharedOrder(input: $input) { userErrors { code } } }"
PROCESS = "mutation($input: ProcessOrderInput!) { done: processOrder(input: $input) { userErrors { code } } }"
RELEASE = (
    "mutation($input: ReleaseSharedOrderInput!) { done: releaseSharedOrder(input: $input) { userErrors { code } } }"
)
EVENTS_OF_A_ROUND = 5


async def keep_busy(house: House, rounds: int) -> None:
    """Share the owner's order with the recipient, claim, process at both terminals, release; so many times."""
    order, recipient = await house.world.order_id(), await house.world.user_id("recipient")
    async with httpx.AsyncClient(timeout=60) as http:
        terminals = _Terminals(house, http)
        for _ in range(rounds):
            instruction = {"orderId": order, "recipientIds": [recipient], "permission": "PROCESS"}
            shared = (await terminals.send("owner", SHARE, instruction))["sharedOrders"][0]["id"]
            await terminals.send("recipient", CLAIM, {"sharedOrderId": shared})
            await terminals.send("recipient", PROCESS, {"orderId": shared, "action": "ENDORSE"})
            await terminals.send("owner", PROCESS, {"orderId": order, "action": "ENDORSE"})
            await terminals.send("recipient", RELEASE, {"sharedOrderId": shared})


class _Terminals:
    def __init__(self, house: House, http: httpx.AsyncClient) -> None:
        self._house = house
        self._http = http
        self._sent = 0

    async def send(self, viewer: str, document: str, given: dict[str, Any]) -> dict[str, Any]:
        """Send a mutation, again and again with the same key, until it is answered."""
        self._sent += 1
        body = {"query": document, "variables": {"input": {**given, "idempotencyKey": f"change {self._sent}"}}}
        headers = {"Authorization": f"Bearer {self._house.world.token(viewer, timedelta(hours=1))}"}
        while True:
            await self._house.serves.wait()
            with suppress(httpx.TransportError):
                answer = (await self._http.post(self._house.http_url, json=body, headers=headers)).json()
                assert "errors" not in answer, answer
                done: dict[str, Any] = answer["data"]["done"]
                assert done["userErrors"] == []
                return done
