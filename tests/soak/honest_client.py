"""An honest client: it asks, shares, claims, releases and processes, and checks that each answer is its own."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import uuid4

from tests.chaos.cast import Person
from tests.soak import documents
from tests.soak.asking import Asking, Foreign, Unanswered
from tests.soak.observations import Request
from tests.soak.stopwatch import Stopwatch

_AGAIN_SECONDS = 1.0


class Refused(Exception):
    """A request was not answered as it must be; it is observed already."""


@dataclass(frozen=True, kw_only=True)
class Client:
    """One honest user, who owns an order and shares it with a peer again and again.

    What it asks for is always allowed: nothing but a fault of the server refuses it.

    Attributes:
        person: The user.
        peer: The one that it shares with.
        organisation: The id of the organisation.
        order: The id of its order, which no other client changes.
        asking: How it asks.
        stopwatch: Takes the time of its requests.
        observe: Takes each of its requests.
        chance: Decides how long it thinks.
        think_seconds: How long that is on average.
    """

    person: Person
    peer: Person
    organisation: str
    order: str
    asking: Asking
    stopwatch: Stopwatch
    observe: Callable[[Request], None]
    chance: Random
    think_seconds: float

    async def run(self, over: asyncio.Event) -> None:
        """Ask until it is over."""
        open_share: str | None = None
        await self._think(over)
        try:
            while not over.is_set():
                with suppress(Refused):
                    await self._look(over)
                    await self._answer_offers(over)
                    await self._process(over)
                    open_share = await self._share(over, open_share)
        finally:
            await self.asking.close()

    async def _look(self, over: asyncio.Event) -> None:
        def list_page(data: dict[str, Any]) -> bool:
            organisation = data["organisation"]
            people = {each["owner"]["reference"] for each in organisation["orders"]["nodes"]}
            return (
                self._is_viewer(data)
                and organisation["id"] == self.organisation
                and bool(people)
                and all(each.startswith("honest-") for each in people)
            )

        await self._ask("list page", list_page, documents.LIST_PAGE, id=self.organisation)
        await self._think(over)
        await self._read_order()
        await self._think(over)

    async def _read_order(self) -> dict[str, Any]:
        def is_own(data: dict[str, Any]) -> bool:
            return self._is_viewer(data) and self._is_own_order(data["order"])

        order: dict[str, Any] = (await self._ask("one order", is_own, documents.ONE_ORDER, id=self.order))["order"]
        return order

    async def _answer_offers(self, over: asyncio.Event) -> None:
        """Claim what is offered, and give it back."""

        def is_own(data: dict[str, Any]) -> bool:
            offers = data["viewer"]["sharedOrders"]["nodes"]
            return self._is_viewer(data) and all(self._is_received(each, "OFFERED") for each in offers)

        data = await self._ask("inbox", is_own, documents.INBOX)
        await self._think(over)
        for offer in data["viewer"]["sharedOrders"]["nodes"]:
            await self._move("claim", documents.CLAIM, offer["id"], "CLAIMED")
            await self._think(over)
            await self._move("release", documents.RELEASE, offer["id"], "RELEASED")
            await self._think(over)

    async def _move(self, kind: str, document: str, offer: str, status: str) -> None:
        def is_own(payload: dict[str, Any]) -> bool:
            shared = payload["sharedOrder"]
            return bool(shared["id"] == offer) and self._is_received(shared, status)

        await self._change(kind, is_own, document, sharedOrderId=offer)

    async def _process(self, over: asyncio.Event) -> None:
        version = (await self._read_order())["version"]
        await self._think(over)

        def is_own(payload: dict[str, Any]) -> bool:
            result = payload["processingResult"]
            return (
                self._is_own_order(payload["order"])
                and result["actor"]["reference"] == self.person.reference
                and result["orderVersion"] == version + 1
            )

        await self._change(
            "process", is_own, documents.PROCESS, orderId=self.order, action="ENDORSE", expectedVersion=version
        )
        await self._think(over)

    async def _share(self, over: asyncio.Event, open_share: str | None) -> str | None:
        """Share where the last share has ended; return the id of the open one."""
        if open_share is not None:
            data = await self._ask(
                "shared order",
                lambda data: self._is_viewer(data) and self._is_sent(data["sharedOrder"], open_share),
                documents.SHARED_ORDER,
                id=open_share,
            )
            return None if data["sharedOrder"]["status"] == "RELEASED" else open_share
        payload = await self._change(
            "share",
            lambda payload: len(payload["sharedOrders"]) == 1 and self._is_sent(payload["sharedOrders"][0], None),
            documents.SHARE,
            orderId=self.order,
            recipientIds=[self.peer.id],
        )
        await self._think(over)
        shared: str = payload["sharedOrders"][0]["id"]
        return shared

    def _is_viewer(self, data: dict[str, Any]) -> bool:
        return bool(data["viewer"]["user"]["reference"] == self.person.reference)

    def _is_own_order(self, order: dict[str, Any]) -> bool:
        return bool(order["id"] == self.order and order["owner"]["reference"] == self.person.reference)

    def _is_received(self, shared: dict[str, Any], status: str) -> bool:
        return bool(shared["recipient"]["reference"] == self.person.reference and shared["status"] == status)

    def _is_sent(self, shared: dict[str, Any], share: str | None) -> bool:
        return bool(
            (share is None or shared["id"] == share)
            and shared["sender"]["reference"] == self.person.reference
            and shared["recipient"]["reference"] == self.peer.reference
            and shared["order"]["id"] == self.order
        )

    async def _change(
        self, kind: str, is_own: Callable[[dict[str, Any]], bool], document: str, **given: Any
    ) -> dict[str, Any]:
        """Return the payload of a mutation, which is sent with the same key until it is answered.

        Raises:
            Refused: Where it is answered with user errors.
        """
        given["idempotencyKey"] = str(uuid4())

        def own_payload(data: dict[str, Any]) -> bool:
            [payload] = data.values()
            return is_own(payload)

        while True:
            try:
                data = await self._ask(kind, own_payload, document, input=given)
            except Refused:
                await asyncio.sleep(_AGAIN_SECONDS)
                continue
            payload: dict[str, Any]
            [payload] = data.values()
            if payload["userErrors"]:
                raise Refused
            return payload

    async def _ask(
        self, kind: str, is_own: Callable[[dict[str, Any]], bool], document: str, **variables: Any
    ) -> dict[str, Any]:
        """Return the data of an answer, and observe the request.

        Raises:
            Refused: Where there is none.
        """
        start = self.stopwatch.start()
        refused = foreign = None
        data: dict[str, Any] = {}
        try:
            answer = await self.asking.ask(document, variables)
            data, refused = _judged(answer)
        except Unanswered as fault:
            refused = str(fault)
        except Foreign as fault:
            foreign = str(fault)
        seconds = self.stopwatch.seconds(start)
        if refused is None and foreign is None and not _holds(is_own, data):
            foreign = f"{self.person.reference} was answered {str(data)[:500]}"
        self.observe(Request(kind=kind, at=start.at, seconds=seconds, refused=refused, foreign=foreign))
        if foreign is not None or not data:
            raise Refused
        return data

    async def _think(self, over: asyncio.Event) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), self.chance.uniform(0.5, 1.5) * self.think_seconds)


def _judged(answer: dict[str, Any]) -> tuple[dict[str, Any], str | None]:
    """Return the data of an answer, and why it is a refusal; with user errors it has data too."""
    if answer.get("errors") or not isinstance(answer.get("data"), dict):
        return {}, str(answer)[:500]
    data: dict[str, Any] = answer["data"]
    for value in data.values():
        if isinstance(value, dict) and value.get("userErrors"):
            return data, f"user errors: {value['userErrors']}"
    return data, None


def _holds(is_own: Callable[[dict[str, Any]], bool], data: dict[str, Any]) -> bool:
    """Return whether an answer is the client's own; one of another shape is none."""
    try:
        return is_own(data)
    except (KeyError, TypeError, IndexError, ValueError):
        return False
