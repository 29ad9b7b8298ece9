"""A mutation's transaction, with its idempotency key: one for each, or one for those that wait for the same."""

import hashlib
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, is_dataclass
from functools import partial
from typing import Any, Generic, TypeVar

import orjson
from sqlmodel.ext.asyncio.session import AsyncSession

from db.idempotency import KeyUse
from domain.errors import DomainError, invalid_input
from domain.people import Viewer
from schema.context import Info, OperationContext
from schema.keys_once import Keyed, SessionKeys, each_key_once
from schema.user_errors import UserError, user_error
from schema.work_together import WorkTogether

Answer = TypeVar("Answer")
Asked = TypeVar("Asked")
Found = TypeVar("Found")
Place = TypeVar("Place", bound=Hashable)
UseCase = Callable[[AsyncSession, Viewer], Awaitable[Answer]]

_MAX_KEY_LENGTH = 128


@dataclass(frozen=True)
class Outcome(Generic[Answer]):
    """What a mutation answers.

    Attributes:
        answer: The use case's answer, or None where it refused.
        user_errors: Why it refused, or refused a part.
    """

    answer: Answer | None
    user_errors: list[UserError]


async def mutate(info: Info, given: Any, answer_type: type[Answer], use_case: UseCase[Answer]) -> Outcome[Answer]:
    """Run a use case in a transaction of its own, once for each idempotency key.

    A refusal rolls back everything but the key, which keeps it.

    Args:
        info: The mutation.
        given: Its `input`, a dataclass.
        answer_type: What the use case returns, to be read back for a repeated key.
        use_case: What to do.
    """
    viewer, database = info.context.viewer, info.context.database

    async def run(key_use: KeyUse | None) -> Answer | DomainError:
        if key_use is None:
            return await database.write(lambda session: use_case(session, viewer), info.field_name)
        return await database.write(partial(_under_key, viewer, key_use, answer_type, use_case), info.field_name)

    return await _outcome_of(info.context, info.field_name, given, run)


async def _under_key(
    viewer: Viewer, key_use: KeyUse, answer_type: type[Answer], use_case: UseCase[Answer], session: AsyncSession
) -> Answer | DomainError:
    async def do(_: Sequence[None]) -> list[Answer | DomainError]:
        try:
            async with session.begin_nested():
                return [await use_case(session, viewer)]
        except DomainError as refusal:
            return [refusal]

    [answer] = await each_key_once(SessionKeys(session), answer_type, [Keyed(None, key_use)], do)
    return answer


async def mutate_together(
    context: OperationContext, mutation: str, given: Any, work: WorkTogether[Place, Asked, Found, Answer], asked: Asked
) -> Outcome[Answer]:
    """Do what is asked in one transaction with whatever waits for the same, once for each idempotency key.

    Args:
        context: The operation.
        mutation: The mutation's name.
        given: Its `input`, a dataclass.
        work: What to do, always the same object.
        asked: What is asked for.
    """

    async def run(key_use: KeyUse | None) -> Answer | DomainError:
        return await work.do(context.database, Keyed(asked, key_use))

    return await _outcome_of(context, mutation, given, run)


async def _outcome_of(
    context: OperationContext,
    mutation: str,
    given: Any,
    run: Callable[[KeyUse | None], Awaitable[Answer | DomainError]],
) -> Outcome[Answer]:
    """Return what a mutation answers that `run` does, given the use of its idempotency key; a refusal is data."""
    answer: Answer | DomainError
    try:
        answer = await run(_key_use(context.viewer, mutation, given))
    except DomainError as refusal:
        answer = refusal
    finally:
        # The fields of the payload read what was committed.
        await context.read_anew()
    if isinstance(answer, DomainError):
        return Outcome(None, [user_error(answer)])
    return Outcome(answer, [user_error(refusal) for refusal in getattr(answer, "refusals", [])])


def _key_use(viewer: Viewer, mutation: str, given: Any) -> KeyUse | None:
    key: str | None = given.idempotency_key
    if key is None:
        return None
    if not 1 <= len(key) <= _MAX_KEY_LENGTH or "\x00" in key:
        raise invalid_input(f"An idempotency key has 1 to {_MAX_KEY_LENGTH} characters.", "idempotency_key")
    return KeyUse(viewer.user_id, key, mutation, _fingerprint(given))


def _fingerprint(given: Any) -> str:
    content = _content(given)
    del content["idempotency_key"]
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _content(given: Any) -> Any:
    """Return what `dataclasses.asdict` does, without its copies of plain values: an import has ten thousand."""
    if isinstance(given, list):
        return [_content(each) for each in given]
    return {name: _content(value) for name, value in vars(given).items()} if is_dataclass(given) else given
