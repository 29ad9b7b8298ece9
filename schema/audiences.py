"""Who listens here: subscribers with the same question form an audience.

What makes a question the same: the operation of the document, the organisation, and every variable that the document
uses for anything but the place to begin at.
"""

import asyncio
from collections.abc import Callable, Hashable, Sequence
from functools import partial

import orjson
from strawberry.types import ExecutionResult

from db.database import Database
from db.log_tables import EventRow
from domain.people import Viewer
from execution.subscriptions import Subscribed
from schema.audience import Audience, Outlet
from schema.executable import ExecutableSchema
from schema.following import Following
from schema.observing import NOBODY, Watcher
from schema.told import Execute
from schema.types.event import OrderEvent, event_from_row


class Audiences:
    """The audiences of one process."""

    def __init__(self, schema: ExecutableSchema, database: Database, watcher: Watcher = NOBODY) -> None:
        """Have nobody listen yet.

        Args:
            schema: Answers events.
            database: Where the logs are.
            watcher: Hears how late events are told.
        """
        self._watcher = watcher
        self._schema = schema
        self._database = database
        self._audiences: dict[Hashable, Audience] = {}

    def __len__(self) -> int:
        """Return how many different questions are asked here now."""
        return len(self._audiences)

    @property
    def listeners(self) -> int:
        """How many subscribers there are now."""
        return sum(audience.listeners for audience in self._audiences.values())

    def attend(self, subscribed: Subscribed, outlet: Outlet) -> Callable[[], None]:
        """Begin to tell a subscriber what happens.

        Args:
            subscribed: The subscription.
            outlet: Where the subscriber is told.

        Returns:
            What to call when the subscriber listens no more.
        """
        following: Following[OrderEvent] = subscribed.source
        organisation_id = following.follower.member.organisation_id
        variables = orjson.dumps(subscribed.variables_beside("after"), option=orjson.OPT_SORT_KEYS)
        question = (subscribed.operation, organisation_id, variables)
        audience = self._audiences.get(question)
        if audience is None:
            audience = self._audiences[question] = Audience(
                self._database.tails,
                self._execute(subscribed),
                following.wants,
                lambda: self._audiences.pop(question),
                self._watcher,
            )
        return partial(audience.leave, audience.attend(following.follower, outlet))

    async def end(self) -> None:
        """Tell everybody what has happened by now, and that they are to go on elsewhere."""
        await self._database.tails.look()
        await asyncio.gather(*(audience.end() for audience in self._audiences.values()))

    def _execute(self, subscribed: Subscribed) -> Execute:
        async def execute(events: Sequence[EventRow], viewer: Viewer | None) -> Sequence[ExecutionResult] | None:
            shown = [event_from_row(event) for event in events]
            return await self._schema.answers(subscribed, shown, self._database, viewer)

        return execute
