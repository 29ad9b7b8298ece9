"""A client of the API's replicas over HTTP: what it sends is sent again, elsewhere, until it is answered."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from random import Random
from typing import Any

import httpx

from tests.chaos.counts import Counts

_PATIENCE_SECONDS = 5.0
_UNKNOWN = {"INTERNAL", "UNAVAILABLE"}
"""Codes after which a mutation is sent again with its key."""

_PAUSE_SECONDS = (0.05, 0.5)
_ANSWERS_LOST = 0.05
"""How many answers are lost on their way, as by a network that fails at the wrong moment."""

_HANG_UPS = 0.03
"""How many clients hang up while they are answered."""

_HANG_UP_SECONDS = 0.03


class OutcomeUnknown(Exception):
    """The request may have been carried out, or not."""


class UnexpectedAnswer(Exception):
    """An answer that nobody may get, whatever is broken."""


class Api:
    """The replicas, of which each request takes one by chance."""

    def __init__(self, ports: Sequence[int], chance: Random, counts: Counts) -> None:
        """Connect to nobody yet."""
        self._ports = ports
        self._chance = chance
        self._counts = counts
        self._http = httpx.AsyncClient(timeout=_PATIENCE_SECONDS, trust_env=False)

    async def close(self) -> None:
        """Disconnect."""
        await self._http.aclose()

    async def change(self, token: str, document: str, given: dict[str, Any]) -> dict[str, Any]:
        """Return the data of the answer to a mutation, as `ask` does; now and then only after the answer was lost.

        Raises:
            UnexpectedAnswer: As `ask` does.
        """
        if self._chance.random() < _HANG_UPS:
            try:
                async with asyncio.timeout(self._chance.uniform(0, _HANG_UP_SECONDS)):
                    return await self.ask(token, document, input=given)
            except TimeoutError:
                self._counts.unknown["hung up"] += 1
        data = await self.ask(token, document, input=given)
        if self._chance.random() < _ANSWERS_LOST:
            self._counts.unknown["answer lost"] += 1
            data = await self.ask(token, document, input=given)
        return data

    async def ask(self, token: str, document: str, **variables: Any) -> dict[str, Any]:
        """Return the data of the answer, however often the request must be sent for it.

        Raises:
            UnexpectedAnswer: Where it is refused for what no fault explains.
        """
        port: int | None = None
        while True:
            # Elsewhere, where there is another one.
            port = self._chance.choice([each for each in self._ports if each != port] or self._ports)
            try:
                return await self._ask_once(port, token, document, variables)
            except OutcomeUnknown as unknown:
                self._counts.unknown[str(unknown)] += 1
            # A client waits a moment before it tries again: what has failed for one has failed for many.
            await asyncio.sleep(self._chance.uniform(*_PAUSE_SECONDS))

    async def _ask_once(self, port: int, token: str, document: str, variables: dict[str, Any]) -> dict[str, Any]:
        body = {"query": document, "variables": variables}
        try:
            response = await self._http.post(
                f"http://127.0.0.1:{port}/graphql", json=body, headers={"Authorization": token}
            )
        except httpx.TransportError as fault:
            raise OutcomeUnknown(type(fault).__name__) from fault
        answer: dict[str, Any] = {}
        with suppress(ValueError):
            answer = response.json()
        codes = [error.get("extensions", {}).get("code") for error in answer.get("errors", ())]
        if not _UNKNOWN.isdisjoint(codes) or (response.status_code >= 500 and not codes):
            raise OutcomeUnknown(f"{', '.join(codes)} with HTTP {response.status_code}")
        data = answer.get("data")
        if codes or not isinstance(data, dict):
            raise UnexpectedAnswer(f"HTTP {response.status_code}: {response.text[:500]}")
        return data
