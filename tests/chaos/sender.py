"""Sends mutations until their outcome is known, and writes down what came of each."""

import asyncio
from collections.abc import Callable, Sequence
from itertools import count
from random import Random
from typing import Any

from tests.chaos import documents
from tests.chaos.api import Api, UnexpectedAnswer
from tests.chaos.cast import Person, Troupe
from tests.chaos.history import CursorRead, Effect, History, Mark, Mutation, Outcome
from tests.chaos.moment import now

_CURSOR_READS = 0.1
"""How many acknowledged mutations are followed by a look at the log's end."""


class Sender:
    """Sends mutations with idempotency keys, for all writers of a run."""

    def __init__(self, api: Api, history: History, chance: Random) -> None:
        """Have sent nothing yet."""
        self._api = api
        self._history = history
        self._chance = chance
        self._numbers = count(1)
        self._acknowledged = 0
        self._goal: int | None = None
        self._at_goal = asyncio.Event()

    async def has_done(self, count: int | None) -> None:
        """Return when so many mutations are acknowledged; never where none is given."""
        self._goal = count
        await self._at_goal.wait()

    async def ask(self, person: Person, document: str, **variables: Any) -> dict[str, Any]:
        """Return the answer to a query."""
        return await self._api.ask(person.token, document, **variables)

    async def mutate(
        self,
        troupe: Troupe,
        person: Person,
        kind: str,
        given: dict[str, Any],
        asks: Sequence[Mark],
        effects_of: Callable[[dict[str, Any]], Sequence[Effect]],
    ) -> dict[str, Any] | None:
        """Return a mutation's payload, once it is known; None where the answer was one that nobody may get.

        Args:
            troupe: The organisation that it is about.
            person: Who sends it.
            kind: The field of the schema, whose input is `given`.
            given: Without the idempotency key.
            asks: The events that it may lead to.
            effects_of: Returns the events that a payload promises.
        """
        number = next(self._numbers)
        sending = _Sending(f"#{number} {kind} by {person.reference}", kind, troupe.reference, asks)
        payload = await self._send(sending, person, {**given, "idempotencyKey": f"chaos-{number}"})
        if payload is None:
            return None
        mutation = sending.answered(payload, effects_of(payload))
        self._note(mutation, payload)
        if mutation.effects and self._chance.random() < _CURSOR_READS:
            await self._read_cursor(troupe, person)
        return payload

    async def _send(self, sending: "_Sending", person: Person, given: dict[str, Any]) -> dict[str, Any] | None:
        try:
            answer = await self._api.change(person.token, documents.MUTATIONS[sending.kind], given)
        except UnexpectedAnswer as fault:
            self.surprise(f"{sending.name}: {fault}")
            self._history.mutations.append(sending.unknown())
            return None
        except BaseException:
            # The run ends before the outcome is known.
            self._history.mutations.append(sending.unknown())
            raise
        payload: dict[str, Any] = answer[sending.kind]
        return payload

    def surprise(self, what: object) -> None:
        """Note an answer that nobody may get."""
        self._history.surprises.append(str(what))

    def _note(self, mutation: Mutation, payload: dict[str, Any]) -> None:
        self._history.mutations.append(mutation)
        if mutation.code == "KEY_REUSED" or not (mutation.effects or mutation.code):
            self.surprise(f"{mutation.name}: {payload}")
        self._acknowledged += bool(mutation.effects)
        if self._acknowledged == self._goal:
            self._at_goal.set()

    async def _read_cursor(self, troupe: Troupe, person: Person) -> None:
        sent_at = now()
        answer = await self.ask(person, documents.LOG_CURSOR, id=troupe.id)
        cursor = answer["organisation"]["logCursor"]
        self._history.cursor_reads.append(CursorRead(troupe.reference, cursor, sent_at))


class _Sending:
    """A mutation on its way."""

    def __init__(self, name: str, kind: str, organisation: str, asks: Sequence[Mark]) -> None:
        self.name = name
        self.kind = kind
        self._known: dict[str, Any] = {
            "name": name,
            "kind": kind,
            "organisation": organisation,
            "asks": asks,
            "sent_at": now(),
        }

    def unknown(self) -> Mutation:
        return Mutation(**self._known, answered_at=None, outcome=Outcome.UNKNOWN)

    def answered(self, payload: dict[str, Any], effects: Sequence[Effect]) -> Mutation:
        code = next((error["code"] for error in payload["userErrors"]), None)
        outcome = Outcome.ACKNOWLEDGED if effects else Outcome.REFUSED
        return Mutation(
            **self._known,
            answered_at=now(),
            outcome=outcome,
            effects=effects,
            code=None if effects else code,
        )
