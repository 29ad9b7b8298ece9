"""Mutations that wait for the same are done in one transaction, each with its own answer and idempotency key."""

from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlmodel.ext.asyncio.session import AsyncSession

from db.database import Database
from domain.errors import DomainError
from schema.keys_once import Keyed, each_key_once

Answer = TypeVar("Answer")
Asked = TypeVar("Asked")
Place = TypeVar("Place", bound=Hashable)


@dataclass(frozen=True)
class WorkTogether(Generic[Place, Asked, Answer]):
    """A mutation that is done for all who wait for the same place.

    Attributes:
        answer_type: What each of them is answered.
        find_places: The use case that finds where each is to wait, without a lock; None for one that waits nowhere.
        use_case: Does what is asked for at one place, in the given order, and returns an answer for each.
    """

    answer_type: type[Answer]
    find_places: Callable[[AsyncSession, Sequence[Asked]], Awaitable[Sequence[Place | None]]]
    use_case: Callable[[AsyncSession, Place | None, Sequence[Asked]], Awaitable[Sequence[Answer | DomainError]]]

    async def do(self, database: Database, entry: Keyed[Asked]) -> Answer | DomainError:
        """Do what is asked for together with what else waits for the same place; alone where it waits nowhere."""
        place = await database.read_together(self.find_places, entry.asked)
        if place is not None:
            return await database.write_together(self._run, place, entry)
        [answer] = await database.write(lambda session: self._run(session, None, [entry]))
        return answer

    async def _run(
        self, session: AsyncSession, place: Place | None, entries: Sequence[Keyed[Asked]]
    ) -> Sequence[Answer | DomainError]:
        async def do(asked: Sequence[Asked]) -> Sequence[Answer | DomainError]:
            return await self.use_case(session, place, asked)

        return await each_key_once(session, self.answer_type, entries, do)
