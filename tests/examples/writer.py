"""Two terminals that keep an order busy while the server comes and goes: each change is made once."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx

from tests.examples.house import House

SHARE = """
mutation($input: ShareOrderInput!) { done: shareOrder(input: $input) { sharedOrders { id } userErrors { code } } }
"""
CLAIM = "mutation($input: ClaimSharedOrderInput!) { done: claimSharedOrder(input: $input) { userErrors { code } } }"
PROCESS = "mutation($input: ProcessOrderInput!) { done: processOrder(input: $input) { userErrors { code } } }"
RELEASE = """
mutation($input: ReleaseSharedOrderInput!) { done: releaseSharedOrder(input: $input) { userErrors { code } } }
"""
REMOVE = "mutation($input: RemoveMemberInput!) { done: removeMember(input: $input) { userErrors { code } } }"
EVENTS_OF_A_ROUND = 5


class Writer:
    """Writes by the API, a change after the other."""

    def __init__(self, house: House) -> None:
        """Write where the house is."""
        self._house = house
        self._http = httpx.AsyncClient(timeout=60)
        self._enough = asyncio.Event()

    async def write_until_told(self) -> None:
        """Write rounds until `enough` is said."""
        while not self._enough.is_set():
            await self.write_round()

    def enough(self) -> None:
        """Let the round under way be the last."""
        self._enough.set()

    async def write_round(self) -> None:
        """Share the owner's order with the recipient, claim, process at both terminals, and release."""
        order, recipient = await self._house.world.order_id(), await self._house.world.user_id("recipient")
        instruction = {"orderId": order, "recipientIds": [recipient], "permission": "PROCESS"}
        shared = (await self._send("owner", SHARE, instruction))["sharedOrders"][0]["id"]
        await self._send("recipient", CLAIM, {"sharedOrderId": shared})
        await self._send("recipient", PROCESS, {"orderId": shared, "action": "ENDORSE"})
        await self._send("owner", PROCESS, {"orderId": order, "action": "ENDORSE"})
        await self._send("recipient", RELEASE, {"sharedOrderId": shared})

    async def remove(self, member: str) -> None:
        """Remove a member from the family."""
        organisation, user = await self._house.world.organisation_id(), await self._house.world.user_id(member)
        await self._send("admin", REMOVE, {"organisationId": organisation, "userId": user})

    async def close(self) -> None:
        """Close its connections."""
        await self._http.aclose()

    async def _send(self, viewer: str, document: str, given: dict[str, Any]) -> dict[str, Any]:
        """Send a mutation, again and again with the same key, until it is answered."""
        body = {"query": document, "variables": {"input": {**given, "idempotencyKey": str(uuid4())}}}
        headers = {"Authorization": f"Bearer {self._house.world.token(viewer, timedelta(hours=1))}"}
        while True:
            await self._house.serves.wait()
            with suppress(httpx.TransportError):
                answer = (await self._http.post(self._house.http_url, json=body, headers=headers)).json()
                assert "errors" not in answer, answer
                done: dict[str, Any] = answer["data"]["done"]
                assert done["userErrors"] == []
                return done
