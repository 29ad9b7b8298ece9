"""What comes with an idempotency key is done once: whatever comes with the same key later gets the same answer."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from db import group_keys, idempotency
from db.idempotency import KeptAnswer, KeyUse, UserKey
from db.writing import Statements
from domain.errors import DomainError, not_found
from resolvers import access, access_straight
from schema.kept_answers import organisations_in, read_back, to_keep

Answer = TypeVar("Answer")
Asked = TypeVar("Asked")


@dataclass(frozen=True, eq=False, slots=True)
class Keyed(Generic[Asked]):
    """What somebody asks for, and the use of their idempotency key where they sent one."""

    asked: Asked
    key_use: KeyUse | None


class KeyBook(Protocol):
    """Where idempotency keys are kept."""

    async def take(self, uses: Sequence[KeyUse]) -> Mapping[UserKey, KeptAnswer]:
        """Take keys; return what was answered to those that were used before."""
        ...

    async def keep(self, answers: Collection[KeptAnswer]) -> None:
        """Keep what is answered."""
        ...

    async def still_members(self, places: Collection[tuple[UUID, UUID]]) -> AbstractSet[tuple[UUID, UUID]]:
        """Return those of `places`, each an organisation and a user, where the user is a member now."""
        ...


@dataclass(frozen=True)
class SessionKeys:
    """The keys as a session's transaction takes them; it has locked nothing yet."""

    session: AsyncSession

    async def take(self, uses: Sequence[KeyUse]) -> Mapping[UserKey, KeptAnswer]:
        """Take keys."""
        return await idempotency.take_keys(self.session, uses)

    async def keep(self, answers: Collection[KeptAnswer]) -> None:
        """Keep what is answered."""
        await idempotency.keep_answers(self.session, answers)

    async def still_members(self, places: Collection[tuple[UUID, UUID]]) -> AbstractSet[tuple[UUID, UUID]]:
        """Return where the user is a member now."""
        return await access.still_members(self.session, places)


@dataclass(frozen=True)
class GroupKeys:
    """The keys as a group's transaction takes them; it has locked nothing yet."""

    statements: Statements

    async def take(self, uses: Sequence[KeyUse]) -> Mapping[UserKey, KeptAnswer]:
        """Take keys."""
        return await group_keys.take_keys(self.statements, uses)

    async def keep(self, answers: Collection[KeptAnswer]) -> None:
        """Keep what is answered."""
        await group_keys.keep_answers(self.statements, answers)

    async def still_members(self, places: Collection[tuple[UUID, UUID]]) -> AbstractSet[tuple[UUID, UUID]]:
        """Return where the user is a member now."""
        return await access_straight.still_members(self.statements, places)


async def each_key_once(
    book: KeyBook,
    answer_type: type[Answer],
    entries: Sequence[Keyed[Asked]],
    do: Callable[[Sequence[Asked]], Awaitable[Sequence[Answer | DomainError]]],
) -> list[Answer | DomainError]:
    """Do what is asked for, each key once, and return the answers; a refusal is kept like any other answer.

    Args:
        book: Where the keys are kept.
        answer_type: What `do` answers, to be read back for a repeated key.
        entries: What is asked for, in the order in which it came.
        do: Does what has not been done before, and returns an answer for each.
    """
    if all(each.key_use is None for each in entries):
        return list(await do([each.asked for each in entries]))
    firsts: dict[UserKey, Keyed[Asked]] = {}
    for each, use in _with_key(entries):
        firsts.setdefault(use.user_key, each)
    kept = await book.take([use for _, use in _with_key(firsts.values())])
    taken = {each for user_key, each in firsts.items() if user_key not in kept}
    new = [each for each in entries if each.key_use is None or each in taken]
    answers = dict(zip(new, await do([each.asked for each in new]) if new else [], strict=True))
    done = {use.user_key: KeptAnswer(use, to_keep(answers[each])) for each, use in _with_key(new)}
    await book.keep(done.values())
    first = {**kept, **done}
    repeated = {each: (use, first[use.user_key]) for each, use in _with_key(entries) if each not in answers}
    answers.update(await _answer_again(book, answer_type, repeated))
    return [answers[each] for each in entries]


async def _answer_again(
    book: KeyBook, answer_type: type[Answer], repeated: Mapping[Keyed[Asked], tuple[KeyUse, KeptAnswer]]
) -> dict[Keyed[Asked], Answer | DomainError]:
    answers: dict[Keyed[Asked], Answer | DomainError] = {}
    places: dict[Keyed[Asked], set[tuple[UUID, UUID]]] = {}
    for each, (use, first) in repeated.items():
        answers[each] = use.refusal_after(first.use) or read_back(answer_type, first.answer)
        places[each] = {(organisation_id, use.user_id) for organisation_id in organisations_in(answers[each])}
    members = await book.still_members(set().union(*places.values()))
    for each, told in places.items():
        # What was answered first is not told again to a user who has left the organisation since.
        if not told <= members:
            answers[each] = not_found("organisation", "idempotency_key")
    return answers


def _with_key(entries: Iterable[Keyed[Asked]]) -> Iterator[tuple[Keyed[Asked], KeyUse]]:
    return ((each, each.key_use) for each in entries if each.key_use is not None)
