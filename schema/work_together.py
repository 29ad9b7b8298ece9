"""Mutations that wait for the same are done in one transaction, each with its own answer and idempotency key."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from db.database import Database
from db.idempotency import UserKey
from db.writing import Statements
from domain.errors import DomainError
from schema.keys_once import GroupKeys, Keyed, each_key_once

Answer = TypeVar("Answer")
Asked = TypeVar("Asked")
Found = TypeVar("Found")
Place = TypeVar("Place", bound=Hashable)


@dataclass(frozen=True, eq=False)
class WorkTogether(Generic[Place, Asked, Found, Answer]):
    """A mutation that is done for all who wait at the same place.

    Attributes:
        answer_type: What each of them is answered, to be read back for a repeated key.
        find: The use case that finds what each asks for, without a lock; None for what is nowhere.
        place_of: Where those wait who ask for what was found.
        use_case: Does what was found at one place, in the given order, and returns an answer for each.
        refusal: Why what is nowhere is refused.
    """

    answer_type: Any
    find: Callable[[Statements, Sequence[Asked]], Awaitable[Sequence[Found | None]]]
    place_of: Callable[[Found], Place]
    use_case: Callable[[Statements, Place, Sequence[Found]], Awaitable[Sequence[Answer | DomainError]]]
    refusal: Callable[[], DomainError]

    async def do(self, database: Database, entry: Keyed[Asked]) -> Answer | DomainError:
        """Do what is asked for together with what else waits at the same place; refuse at once what is nowhere.

        What is asked for here is done to its end even when the caller is cancelled.
        """
        # Whoever is found waits at their place before anybody can be cancelled.
        return await (
            await database.read_together_then(self._look_up, entry, self, partial(self._begin, database), self.find)
        )

    async def _look_up(self, statements: Statements, entries: Sequence[Keyed[Asked]]) -> Sequence[Found | None]:
        return await self.find(statements, [entry.asked for entry in entries])

    def _begin(
        self, database: Database, entry: Keyed[Asked], found: Found | None
    ) -> asyncio.Future[Answer | DomainError]:
        if found is not None:
            return database.write_together(self._run, self.place_of(found), Keyed(found, entry.key_use), self.use_case)
        if entry.key_use is not None:
            return database.write_together(self._refuse, entry.key_use.user_key, entry, self.use_case)
        refused: asyncio.Future[Answer | DomainError] = asyncio.get_running_loop().create_future()
        refused.set_result(self.refusal())
        return refused

    async def _run(
        self, statements: Statements, place: Place, entries: Sequence[Keyed[Found]]
    ) -> Sequence[Answer | DomainError]:
        async def do(found: Sequence[Found]) -> Sequence[Answer | DomainError]:
            return await self.use_case(statements, place, found)

        return await each_key_once(GroupKeys(statements), self.answer_type, entries, do)

    async def _refuse(
        self, statements: Statements, _key: UserKey, entries: Sequence[Keyed[Asked]]
    ) -> Sequence[Answer | DomainError]:
        """Refuse what is nowhere and came with a key, which keeps the refusal."""

        async def do(asked: Sequence[Asked]) -> Sequence[Answer | DomainError]:
            return [self.refusal() for _ in asked]

        return await each_key_once(GroupKeys(statements), self.answer_type, entries, do)
