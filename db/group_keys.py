"""What `db.idempotency` does for a session, for a group that is written without one."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select, true, update
from sqlalchemy.dialects import postgresql
from sqlmodel import SQLModel

from db.given_rows import Given, GivenRows
from db.idempotency import KeptAnswer, KeyUse, UserKey
from db.log_tables import IdempotencyKeyRow
from db.writing import Statements

_KEYS = SQLModel.metadata.tables[IdempotencyKeyRow.__tablename__]
_USED = [_KEYS.c[name] for name in ("user_id", "key", "operation", "fingerprint")]


def _user_key(values: Iterable[Any]) -> UserKey:
    user_id, key = values
    return user_id, key


def _kept_answer(values: Iterable[Any]) -> KeptAnswer:
    *use, answer = values
    return KeptAnswer(KeyUse(*use), answer)


def _is(given: Given) -> Any:
    return (_KEYS.c.user_id == given["user_id"]) & (_KEYS.c.key == given["key"])


# SQLite takes ON CONFLICT after a SELECT only where that has a condition.
_TAKE = GivenRows(
    {column.key: column for column in _USED},
    lambda given: (
        postgresql.insert(_KEYS)
        .from_select([*given, "created_at"], select(*given.values(), func.clock_timestamp()).where(true()))
        .on_conflict_do_nothing()
        .returning(_KEYS.c.user_id, _KEYS.c.key)
    ),
    _user_key,
)
_KEPT = GivenRows(
    {"user_id": _KEYS.c.user_id, "key": _KEYS.c.key},
    lambda given: select(*_USED, _KEYS.c.answer).where(_is(given), _KEYS.c.answer.is_not(None)),
    _kept_answer,
)
_KEEP = GivenRows(
    {"user_id": _KEYS.c.user_id, "key": _KEYS.c.key, "answer": _KEYS.c.answer},
    lambda given: update(_KEYS).where(_is(given)).values(answer=given["answer"]),
    tuple,
)


async def take_keys(statements: Statements, uses: Sequence[KeyUse]) -> Mapping[UserKey, KeptAnswer]:
    """Take keys for mutations, before anything else is locked; wait as `db.idempotency.take_keys` does.

    Args:
        statements: The mutations' transaction.
        uses: What the keys are to be used for; no key comes twice.

    Returns:
        What was answered to the keys that were used before; the others are taken.
    """
    # Sorted, so that two transactions that want the same keys do not wait for each other.
    in_order = sorted(uses, key=lambda use: use.user_key)
    rows = [(use.user_id, use.key, use.operation, use.fingerprint) for use in in_order]
    taken = set(await statements.rows_for(_TAKE, rows))
    used = [use.user_key for use in in_order if use.user_key not in taken]
    return {kept.use.user_key: kept for kept in await statements.rows_for(_KEPT, used)}


async def keep_answers(statements: Statements, answers: Collection[KeptAnswer]) -> None:
    """Keep what mutations answer, for the next ones with the same keys."""
    await statements.rows_for(_KEEP, [(*each.use.user_key, each.answer) for each in answers])
