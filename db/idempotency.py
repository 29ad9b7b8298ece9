"""Answers kept for idempotency keys, in the transaction that made them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import tuple_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.database import present
from db.insert_once import insert_each_once
from db.log_tables import IdempotencyKeyRow
from domain.errors import DomainError
from domain.vocabulary import ErrorCode

UserKey = tuple[UUID, str]
"""A key, and the user whose key it is."""


@dataclass(frozen=True, slots=True)
class KeyUse:
    """A mutation with an idempotency key.

    Attributes:
        user_id: Whose key.
        key: The key.
        operation: The mutation's name.
        fingerprint: A digest of its input.
    """

    user_id: UUID
    key: str
    operation: str
    fingerprint: str

    @property
    def user_key(self) -> UserKey:
        """The key and whose it is."""
        return self.user_id, self.key

    def refusal_after(self, first: "KeyUse") -> DomainError | None:
        """Return why the key cannot be used for this after its first use, or None where both say the same."""
        if (first.operation, first.fingerprint) == (self.operation, self.fingerprint):
            return None
        return DomainError(
            ErrorCode.KEY_REUSED, "This idempotency key was used with another input.", ("idempotency_key",)
        )


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What a mutation used a key for, and what it was answered."""

    use: KeyUse
    answer: dict[str, Any]


async def take_keys(session: AsyncSession, uses: Sequence[KeyUse]) -> Mapping[UserKey, KeptAnswer]:
    """Take keys for mutations, before anything else is locked.

    Another transaction with one of the keys waits here until this one has ended.

    Args:
        session: The mutations' transaction.
        uses: What the keys are to be used for; no key comes twice.

    Returns:
        What was answered to the keys that were used before; the others are taken.
    """
    if not uses:
        return {}
    at = await present(session)
    # Sorted, so that two transactions that want the same keys do not wait for each other.
    in_order = sorted(uses, key=lambda use: use.user_key)
    rows = [
        {
            "user_id": use.user_id,
            "key": use.key,
            "operation": use.operation,
            "fingerprint": use.fingerprint,
            "created_at": at,
        }
        for use in in_order
    ]
    taken = await insert_each_once(session, IdempotencyKeyRow, rows)
    return await _kept(session, [use.user_key for use in in_order if use.user_key not in taken])


async def _kept(session: AsyncSession, keys: Sequence[UserKey]) -> Mapping[UserKey, KeptAnswer]:
    if not keys:
        return {}
    mine = tuple_(col(IdempotencyKeyRow.user_id), col(IdempotencyKeyRow.key)).in_(keys)
    rows = (await session.exec(select(IdempotencyKeyRow).where(mine))).all()
    return {
        (row.user_id, row.key): KeptAnswer(KeyUse(row.user_id, row.key, row.operation, row.fingerprint), row.answer)
        for row in rows
        if row.answer is not None
    }


async def keep_answers(session: AsyncSession, answers: Collection[KeptAnswer]) -> None:
    """Keep what mutations answer, for the next ones with the same keys."""
    if answers:
        rows = [{"user_id": each.use.user_id, "key": each.use.key, "answer": each.answer} for each in answers]
        await session.exec(update(IdempotencyKeyRow), params=rows)
