"""Where subscriptions begin: an organisation's log, as far as the viewer may see it."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Annotated, Any, TypeVar

import strawberry

from db.log_tables import EventRow
from domain.vocabulary import EventKind
from resolvers.follow_events import Listening, begin_listening, follow_events
from schema.context import Info
from schema.global_id import decode_id
from schema.request_errors import bad_user_input
from schema.types.arguments import AfterEvent, OrganisationId
from schema.types.event import OrderEvent, OrderStatusChanged, SharedOrderChanged, event_from_row

_MAX_ORDERS = 1000

Event = TypeVar("Event", bound=OrderEvent)


@strawberry.type(
    description=(
        "Each subscription follows one organisation's log: every event that the viewer may see, exactly once, in the "
        "order of `sequence`. Keep the `cursor` of the last event you handled, and give it as `after` when you "
        "reconnect. A stream ends with ACCESS_ENDED where the log removes the viewer."
    )
)
class Subscription:
    """The subscription type."""

    @strawberry.subscription(description="Orders' statuses, each time the server derives one.")
    async def order_status_changed(
        self,
        info: Info,
        organisation_id: OrganisationId,
        order_ids: Annotated[
            list[strawberry.ID] | None, strawberry.argument(description="Only these orders; all where not given.")
        ] = None,
        after: AfterEvent = None,
    ) -> AsyncGenerator[OrderStatusChanged, None]:
        """Follow the changes of status."""
        if order_ids is not None and len(order_ids) > _MAX_ORDERS:
            raise bad_user_input(f"`orderIds` takes at most {_MAX_ORDERS} ids.")
        wanted = None if order_ids is None else {decode_id("Order", text) for text in order_ids}
        listening = await _begin(info, organisation_id, after)
        return _hear(
            info,
            listening,
            lambda event: event.kind is EventKind.ORDER_STATUS_CHANGED and (wanted is None or event.order_id in wanted),
        )

    @strawberry.subscription(
        description=(
            "Shared orders that the viewer sent, received, owns the order of, or administers; OFFERED tells to claim."
        )
    )
    async def shared_order_changed(
        self, info: Info, organisation_id: OrganisationId, after: AfterEvent = None
    ) -> AsyncGenerator[SharedOrderChanged, None]:
        """Follow the shared orders."""
        listening = await _begin(info, organisation_id, after)
        return _hear(info, listening, lambda event: event.kind is EventKind.SHARED_ORDER_CHANGED)

    @strawberry.subscription(description="Everything in the log that the viewer may see.")
    async def organisation_events(
        self, info: Info, organisation_id: OrganisationId, after: AfterEvent = None
    ) -> AsyncGenerator[OrderEvent, None]:
        """Follow the whole log."""
        return _hear(info, await _begin(info, organisation_id, after), lambda _event: True)


async def _begin(info: Info, organisation_id: str, after: str | None) -> Listening:
    context = info.context
    return await begin_listening(context.database, context.viewer, decode_id("Organisation", organisation_id), after)


async def _hear(info: Info, listening: Listening, wanted: Callable[[EventRow], bool]) -> AsyncGenerator[Any, None]:
    async with aclosing(follow_events(info.context.database, listening)) as events:
        async for event in events:
            if wanted(event):
                # Each event is answered from the present, and no connection is held between two.
                await info.context.read_anew()
                yield event_from_row(event)
                await info.context.reading.close()
                # Where the client has left meanwhile, the operation ends here, and not with the next event half begun.
                await asyncio.sleep(0)
