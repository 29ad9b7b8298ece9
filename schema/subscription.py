"""Where subscriptions begin: an organisation's log, as far as the viewer may see it."""

from collections.abc import AsyncIterable, Callable
from typing import Annotated, Any

import strawberry

from db.log_tables import EventRow
from domain.vocabulary import EventKind
from resolvers.follow_events import begin_following
from schema.context import Info
from schema.following import Following
from schema.global_id import decode_id
from schema.request_errors import bad_user_input
from schema.types.arguments import AfterEvent, OrganisationId
from schema.types.event import OrderEvent, OrderStatusChanged, SharedOrderChanged

_MAX_ORDERS = 1000


@strawberry.type(
    description=(
        "Each subscription follows one organisation's log: every event that the viewer may see, exactly once, in the "
        "order of `sequence`. Keep the `cursor` of the last event you handled, and give it as `after` when you "
        "reconnect. A stream ends with ACCESS_ENDED where the log removes the viewer."
    )
)
class Subscription:
    """The subscription type."""

    @strawberry.subscription(
        description="Each change of an order's status, and each result that leaves the status as it is."
    )
    async def order_status_changed(
        self,
        info: Info,
        organisation_id: OrganisationId,
        order_ids: Annotated[
            list[strawberry.ID] | None,
            strawberry.argument(description="The ids of the orders to hear of; all where not given."),
        ] = None,
        after: AfterEvent = None,
    ) -> AsyncIterable[OrderStatusChanged]:
        """Follow the changes of status."""
        if order_ids is not None and len(order_ids) > _MAX_ORDERS:
            raise bad_user_input(f"`orderIds` takes at most {_MAX_ORDERS} ids.")
        wanted = None if order_ids is None else {decode_id("Order", text) for text in order_ids}
        return await _begin(
            info,
            organisation_id,
            after,
            lambda event: event.kind is EventKind.ORDER_STATUS_CHANGED and (wanted is None or event.order_id in wanted),
        )

    @strawberry.subscription(
        description=(
            "Each new offer and each change of a shared order that the viewer may see. OFFERED, to its "
            "recipient, is the instruction to claim."
        )
    )
    async def shared_order_changed(
        self, info: Info, organisation_id: OrganisationId, after: AfterEvent = None
    ) -> AsyncIterable[SharedOrderChanged]:
        """Follow the shared orders."""
        return await _begin(info, organisation_id, after, lambda event: event.kind is EventKind.SHARED_ORDER_CHANGED)

    @strawberry.subscription(description="Everything in the log that the viewer may see.")
    async def organisation_events(
        self, info: Info, organisation_id: OrganisationId, after: AfterEvent = None
    ) -> AsyncIterable[OrderEvent]:
        """Follow the whole log."""
        return await _begin(info, organisation_id, after, lambda _event: True)


async def _begin(
    info: Info, organisation_id: str, after: str | None, wants: Callable[[EventRow], bool]
) -> Following[Any]:
    context = info.context
    follower = await begin_following(
        context.database, context.viewer, decode_id("Organisation", organisation_id), context.resume_after or after
    )
    return Following(context, follower, wants)
