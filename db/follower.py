"""Following a log: first what is there, then what comes, each event once and in order."""

import random
from collections.abc import AsyncGenerator, Sequence
from uuid import UUID

from db.database import Database
from db.event_log import LogEntry, read_events

BATCH = 200
"""How many events are read at once."""

_LOOK_AGAIN_SECONDS = (1.0, 2.0)


async def follow(database: Database, organisation_id: UUID, after: int) -> AsyncGenerator[Sequence[LogEntry], None]:
    """Yield the events after the sequence `after`, in batches that are never empty, for as long as the caller asks.

    No connection is held while it waits. A hint may be lost, or come from a process that shares no hints with this
    one, so it looks again every second or two without any.

    Args:
        database: Where the log is.
        organisation_id: Whose log.
        after: The sequence to begin after.
    """
    with database.signals.listen(organisation_id) as wakeup:
        while True:
            # Before the read: a hint that comes during it is kept for the wait.
            wakeup.forget()
            async with database.read() as session:
                entries = await read_events(session, organisation_id, after, BATCH)
            if entries:
                after = entries[-1].event.sequence
                yield entries
            else:
                await wakeup.wait(random.uniform(*_LOOK_AGAIN_SECONDS))  # noqa: S311 - jitter, not a secret
