"""Following a log: first what is there, then what comes, each event once and in order."""

from collections.abc import AsyncGenerator, Sequence
from uuid import UUID

from db.database import Database
from db.event_log import LogEntry


async def follow(database: Database, organisation_id: UUID, after: int) -> AsyncGenerator[Sequence[LogEntry], None]:
    """Yield the events after the sequence `after`, in batches that are never empty, for as long as the caller asks.

    No connection is held while it waits, and what is new is read once for all who follow (`db.tails`).

    Args:
        database: Where the log is.
        organisation_id: Whose log.
        after: The sequence to begin after.

    Raises:
        SQLAlchemyError: Where the caller is far behind, so that the log had to be read, and the database failed.
    """
    tail = database.tails.begin(organisation_id)
    try:
        while True:
            entries = await tail.after(after)
            if entries:
                after = entries[-1].event.sequence
                yield entries
            else:
                await tail.news_after(after)
    finally:
        database.tails.end(tail)
