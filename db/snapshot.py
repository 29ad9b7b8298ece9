"""A snapshot of the database: what is read from it is all of one moment, as plain rows, straight from the driver."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import Dialect, Label, func, select
from sqlmodel import col
from sqlmodel.sql.sqltypes import UTCDateTime

from db.connections_at_hand import ConnectionsAtHand
from db.driver import Driver, fetch, send
from db.loans import Purpose
from db.names_tables import NamesRow
from db.parts_query import PartsQuery, Values
from db.row_cache import NamesCache
from db.row_query import RowQuery

Row = TypeVar("Row")

_BEGIN_POSTGRESQL = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_PARTS = "a statement of several parts"


class Moment(NamedTuple):
    """The moment of a snapshot.

    Attributes:
        now: The time, by the clock that all replicas share.
        names: The version of names that the snapshot sees; None where the database has none.
    """

    now: datetime
    names: UUID | None


# As subqueries, so that they are worked out once and not for each row of the statement that bears them.
MOMENT: tuple[Label[Any], ...] = (
    select(func.clock_timestamp(type_=UTCDateTime())).scalar_subquery().label("now"),
    select(col(NamesRow.version)).scalar_subquery().label("names"),
)
"""The columns that tell the moment; a query that has them last spares the answer a statement of its own for it."""

_MOMENT = RowQuery(select(*MOMENT), Moment._make)


class Snapshot:
    """What one answer reads from; one query at a time.

    Attributes:
        names: What the process remembers of users and order types.
        moment: The snapshot's moment, where a query has told it.
    """

    def __init__(self, driver: Driver, dialect: Dialect, names: NamesCache) -> None:
        """Read by a driver that has begun a transaction."""
        self._driver = driver
        self._dialect = dialect
        self.names = names
        self.moment: Moment | None = None

    async def rows(self, query: RowQuery[Row], **values: Any) -> list[Row]:
        """Return the rows that a query finds.

        Args:
            query: What to read.
            values: Its parameters.

        Raises:
            DBAPIError: Where the database failed.
        """
        compiled = query.compiled(self._dialect)
        return compiled.rows(await fetch(self._driver, compiled.text, compiled.arguments(values)))

    async def one(self, query: RowQuery[Row], **values: Any) -> Row:
        """Return the row of a query that always finds one."""
        [row] = await self.rows(query, **values)
        return row

    def learn(self, now: datetime, names: UUID | None) -> Moment:
        """Note the moment that a row told by the columns of `MOMENT`; the first one told stays."""
        if self.moment is None:
            self.moment = Moment(now, names)
        return self.moment

    async def ask_moment(self) -> Moment:
        """Return the snapshot's moment, by a statement of its own where no row has told it."""
        return self.moment or self.learn(*await self.one(_MOMENT))


@asynccontextmanager
async def open_snapshot(
    at_hand: ConnectionsAtHand, dialect: Dialect, names: NamesCache, purpose: Purpose
) -> AsyncIterator[Snapshot]:
    """Open a snapshot on a connection at hand; give it back at the end."""
    lent = await at_hand.take(purpose)
    try:
        await send(lent.driver, "BEGIN" if dialect.name == "sqlite" else _BEGIN_POSTGRESQL)
        yield Snapshot(lent.driver, dialect, names)
    finally:
        await at_hand.roll_back(lent)


async def read_parts(
    at_hand: ConnectionsAtHand, dialect: Dialect, query: PartsQuery, values: dict[str, Any]
) -> Sequence[Values]:
    """Return what one statement reads: all of one moment, with no transaction around it.

    Raises:
        DBAPIError: Where the database failed.
    """
    compiled = query.compiled(dialect)
    arguments = compiled.arguments(values)
    return compiled.rows(await at_hand.glance(lambda driver: fetch(driver, compiled.text, arguments), _PARTS))
