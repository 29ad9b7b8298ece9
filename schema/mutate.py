"""A mutation's transaction: one for each, with its idempotency key, around one use case."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any, Generic, TypeVar

import orjson
from sqlmodel.ext.asyncio.session import AsyncSession

from db.idempotency import keep_answer, take_key
from domain.errors import DomainError, invalid_input, not_found
from domain.people import Viewer
from resolvers.access import find_member
from schema.context import Info
from schema.kept_answers import from_json, organisations_in, to_json
from schema.user_errors import UserError, user_error

Answer = TypeVar("Answer")
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
    viewer, key = info.context.viewer, given.idempotency_key
    try:
        _require_key(key)
        answer: Answer | DomainError
        if key is None:
            answer = await info.context.database.write(lambda session: use_case(session, viewer))
        else:
            once = _Once(viewer, key, info.field_name, _fingerprint(given), answer_type, use_case)
            answer = await info.context.database.write(once.run)
    except DomainError as refusal:
        return Outcome(None, [user_error(refusal)])
    finally:
        # The fields of the payload read what was committed.
        await info.context.read_anew()
    if isinstance(answer, DomainError):
        return Outcome(None, [user_error(answer)])
    return Outcome(answer, [user_error(refusal) for refusal in getattr(answer, "refusals", [])])


@dataclass(frozen=True)
class _Once(Generic[Answer]):
    """A use case under an idempotency key."""

    viewer: Viewer
    key: str
    operation: str
    fingerprint: str
    answer_type: type[Answer]
    use_case: UseCase[Answer]

    async def run(self, session: AsyncSession) -> Answer | DomainError:
        """Return what the first mutation with this key answered, which is this one if there was none."""
        kept = await take_key(session, self.viewer.user_id, self.key, self.operation, self.fingerprint)
        if kept is not None:
            kind = DomainError if kept["refused"] else self.answer_type
            repeated: Answer | DomainError = from_json(kind, kept["answer"])
            await _require_member_still(session, self.viewer, repeated)
            return repeated
        answer: Answer | DomainError
        try:
            async with session.begin_nested():
                answer = await self.use_case(session, self.viewer)
        except DomainError as refusal:
            answer = refusal
        outcome = {"refused": isinstance(answer, DomainError), "answer": to_json(answer)}
        await keep_answer(session, self.viewer.user_id, self.key, outcome)
        return answer


async def _require_member_still(session: AsyncSession, viewer: Viewer, answer: object) -> None:
    """Refuse to tell again what the first answer told of an organisation that the viewer has left since.

    Raises:
        DomainError: NOT_FOUND.
    """
    for organisation_id in organisations_in(answer):
        if await find_member(session, viewer, organisation_id) is None:
            raise not_found("organisation", "idempotency_key")


def _require_key(key: str | None) -> None:
    if key is not None and (not 1 <= len(key) <= _MAX_KEY_LENGTH or "\x00" in key):
        raise invalid_input(f"An idempotency key has 1 to {_MAX_KEY_LENGTH} characters.", "idempotency_key")


def _fingerprint(given: Any) -> str:
    content = {name: value for name, value in asdict(given).items() if name != "idempotency_key"}
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()
