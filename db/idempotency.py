"""Answers kept for idempotency keys, in the transaction that made them."""

from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.database import present
from db.insert_once import insert_once
from db.log_tables import IdempotencyKeyRow
from domain.errors import DomainError
from domain.vocabulary import ErrorCode


async def take_key(
    session: AsyncSession, user_id: UUID, key: str, operation: str, fingerprint: str
) -> dict[str, Any] | None:
    """Take a user's key for a mutation, before anything else is locked.

    A second transaction with the same key waits here until the first has ended.

    Args:
        session: The mutation's transaction.
        user_id: Whose key.
        key: The key.
        operation: The mutation's name.
        fingerprint: A digest of its input.

    Returns:
        What the first mutation with this key answered, or None where this one is the first.

    Raises:
        DomainError: KEY_REUSED where the first had another name or input.
    """
    mine = {
        "user_id": user_id,
        "key": key,
        "operation": operation,
        "fingerprint": fingerprint,
        "created_at": await present(session),
    }
    if await insert_once(session, IdempotencyKeyRow, mine):
        return None
    first = await session.get_one(IdempotencyKeyRow, (user_id, key))
    if (first.operation, first.fingerprint) != (operation, fingerprint):
        raise DomainError(
            ErrorCode.KEY_REUSED, "This idempotency key was used with another input.", ("idempotency_key",)
        )
    return first.answer


async def keep_answer(session: AsyncSession, user_id: UUID, key: str, answer: dict[str, Any]) -> None:
    """Keep what the mutation answers, for the next one with the same key."""
    mine = (col(IdempotencyKeyRow.user_id) == user_id, col(IdempotencyKeyRow.key) == key)
    await session.exec(update(IdempotencyKeyRow).where(*mine).values(answer=answer))
