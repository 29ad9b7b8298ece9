"""Inserting a row that another transaction may be inserting too."""

from collections.abc import Callable
from typing import Any

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
