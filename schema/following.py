"""Where a subscription's events come from: an organisation's log, as far as one subscriber may see it."""

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from db.log_tables import EventRow
from resolvers.follow_events import Follower, follow_events
from schema.context import OperationContext
from schema.types.event import OrderEvent, event_from_row

Event = TypeVar("Event", bound=OrderEvent)


@dataclass(eq=False)
class Following(Generic[Event]):
    """What a subscription's resolver returns.

    Our transports take it apart and join it to an audience (`schema.delivery`). To whoever iterates it, as any executor
    of subscriptions may, it gives the same events for this subscriber alone.

    Attributes:
        context: The context of the operation that subscribed.
        follower: The subscriber's place in the log.
        wants: Whether the subscription tells of an event.
    """

    context: OperationContext
    follower: Follower
    wants: Callable[[EventRow], bool]

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Yield the events, each to be answered from the present."""
        async with aclosing(follow_events(self.context.database, self.follower)) as events:
            async for event in events:
                if self.wants(event):
                    await self.context.read_anew()
                    yield cast(Event, event_from_row(event))
