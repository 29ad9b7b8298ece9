"""A transaction that writes by kept statements, straight on the driver: what a crowd waits for.

A session builds and compiles its statements, and watches objects, each time anew. What is decided here is decided on
plain rows, and each statement was compiled when it was first asked. Everything else writes by a session.
"""

from collections.abc import Awaitable, Callable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Dialect
from sqlmodel.ext.asyncio.session import AsyncSession

from db.connections_at_hand import ConnectionsAtHand
from db.driver import Driver, driver_of, fetch, send
from db.given_rows import GivenRows
from db.loans import Purpose
from db.outage import committing
from db.parts_query import PartsQuery, Values
from db.row_query import RowQuery

Answer = TypeVar("Answer")
Row = TypeVar("Row")


class Statements:
    """What runs kept statements, one at a time.

    Attributes:
        are_postgresql: Whether PostgreSQL runs them, which can do several changes by one.
        grown: The organisations whose log the transaction appends to: its commit wakes their readers.
    """

    def __init__(self, driver: Driver, dialect: Dialect, when_locked: Callable[[], None] | None = None) -> None:
        """Run statements by a driver.

        Args:
            driver: The driver.
            dialect: The database's.
            when_locked: What `all_locked` calls.
        """
        self._when_locked = when_locked
        self._driver = driver
        self._dialect = dialect
        self.are_postgresql = dialect.name == "postgresql"
        self.grown: set[UUID] = set()

    def all_locked(self) -> None:
        """Tell that the transaction holds every lock it needs but that of the log's head.

        Whoever locks the same in the same order waits for its end from now on, so a group that follows may begin.
        """
        if self._when_locked is not None:
            self._when_locked()

    async def rows(self, query: RowQuery[Row], **values: Any) -> list[Row]:
        """Return the rows that a statement finds or returns.

        Args:
            query: The statement.
            values: Its parameters.

        Raises:
            DBAPIError: Where the database failed.
        """
        found: list[Row] = await self._run(query.compiled(self._dialect), values)
        return found

    async def parts(self, query: PartsQuery, **values: Any) -> Sequence[Values]:
        """Return the rows of a statement of several parts.

        Args:
            query: The statement.
            values: Its parameters.

        Raises:
            DBAPIError: Where the database failed.
        """
        found: Sequence[Values] = await self._run(query.compiled(self._dialect), values)
        return found

    async def rows_for(self, statement: GivenRows[Row], given: Sequence[Sequence[Any]], **values: Any) -> list[Row]:
        """Return the rows that a statement over given rows finds or returns.

        Args:
            statement: The statement.
            given: The rows; where there is none, nothing is asked.
            values: Its other parameters.

        Raises:
            DBAPIError: Where the database failed.
        """
        if not given:
            return []
        dialect = self._dialect
        return await self.rows(statement.query(dialect), **statement.given(dialect, given), **values)

    async def _run(self, compiled: Any, values: dict[str, Any]) -> Any:
        return compiled.rows(await fetch(self._driver, compiled.text, compiled.arguments(values)))


async def write_straight(
    at_hand: ConnectionsAtHand,
    dialect: Dialect,
    work: Callable[[Statements], Awaitable[Answer]],
    when_locked: Callable[[], None] | None = None,
    purpose: Purpose | None = None,
) -> tuple[Answer, AbstractSet[UUID]]:
    """Run `work` in a transaction on a connection at hand, and commit it.

    It is rolled back where `work` raises. On SQLite it has the writer's lock from the beginning.

    Args:
        at_hand: The connections.
        dialect: The database's.
        work: What to do.
        when_locked: What to call when `work` tells that it holds all its locks.
        purpose: What `work` is for; itself where not given.

    Returns:
        What `work` answers, and the organisations whose log it appended to.

    Raises:
        OutcomeUnknown: Where the answer to the commit is lost.
    """
    lent = await at_hand.take(purpose or work)
    try:
        await send(lent.driver, "BEGIN IMMEDIATE" if dialect.name == "sqlite" else "BEGIN")
        statements = Statements(lent.driver, dialect, when_locked)
        answer = await work(statements)
        with committing():
            await send(lent.driver, "COMMIT")
    except BaseException:
        await at_hand.roll_back(lent)
        raise
    await at_hand.give_back(lent)
    return answer, statements.grown


async def statements_in(session: AsyncSession) -> Statements:
    """Return what runs kept statements in the transaction of a session, which must have asked something before.

    What the session's objects hold is read anew when they are next used.
    """
    await session.flush()
    session.expire_all()
    connection = await session.connection()
    raw = await connection.get_raw_connection()
    return Statements(driver_of(raw, connection.dialect), connection.dialect)
