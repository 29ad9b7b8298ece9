"""Inserting rows that another transaction may be inserting too."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

_INSERT: dict[str, Callable[..., postgresql.Insert | sqlite.Insert]] = {
    "postgresql": postgresql.insert,
    "sqlite": sqlite.insert,
}


async def insert_once(session: AsyncSession, table: type[SQLModel], values: dict[str, Any]) -> bool:
    """Insert a row unless one with its key is there; wait for a transaction that is inserting one.

    Returns:
        Whether this transaction inserted it.
    """
    statement = _INSERT[session.get_bind().dialect.name](table).values(**values)
    inserted = await session.exec(statement.on_conflict_do_nothing())
    return bool(inserted.rowcount)


async def insert_each_once(
    session: AsyncSession, table: type[SQLModel], rows: Sequence[dict[str, Any]]
) -> set[tuple[Any, ...]]:
    """Insert each row, in the given order, unless one with its primary key is there; wait as `insert_once` does.

    Returns:
        The primary keys of those that this transaction inserted.
    """
    statement = _INSERT[session.get_bind().dialect.name](table).on_conflict_do_nothing()
    inserted = await session.exec(statement.returning(*inspect(table).primary_key), params=rows)
    return {tuple(key) for key in inserted.all()}
