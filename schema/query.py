"""Where queries begin."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

import strawberry

from domain.lifecycle import TRANSITIONS
from domain.vocabulary import OrderAction, OrderStatus
from execution.whole import wholly
from resolvers.find_rows import (
    find_orders,
    find_organisations,
    find_processing_results,
    find_shared_orders,
    find_users,
)
from resolvers.list_members import list_memberships
from resolvers.list_shared_orders import SharedOrderBox, count_boxed, list_boxed
from resolvers.load_rows import known_user, load_memberships, load_organisations, load_users
from schema.context import Info
from schema.global_id import decode_id, decode_node_id
from schema.linked import linked
from schema.paging import MAX_PAGE, page_request
from schema.request_errors import bad_user_input
from schema.types.arguments import After, First, SharedOrderStatuses
from schema.types.node import Node
from schema.types.order import Order
from schema.types.organisation import Membership, Organisation
from schema.types.processing_result import ProcessingResult
from schema.types.shared_order import CURSOR, SharedOrder, SharedOrderConnection, connection_of
from schema.types.user import User
from schema.whole_organisation import compile_organisation

NodeId = Annotated[strawberry.ID, strawberry.argument(description="A global id.")]


@strawberry.type(description="One thing that can happen to an order: an action, or the passing of time.")
class OrderTransition:
    """The public face of a transition."""

    action: OrderAction | None = strawberry.field(description="The action; null for the passing of time.")
    from_statuses: list[OrderStatus] = strawberry.field(description="The statuses it is possible in.")
    to_status: OrderStatus = strawberry.field(description="The status it leads to.")


@strawberry.type(description="The user whose token came with the request.")
class Viewer:
    """The authenticated user."""

    @strawberry.field(description="The viewer as a user.")
    async def user(self, info: Info) -> User:
        """Load the user."""
        return User.from_row(await linked(info, load_users, info.context.viewer.user_id, known_user))

    @strawberry.field(description="The organisations of which the viewer is a member.")
    async def memberships(self, info: Info) -> list[Membership]:
        """Read the memberships."""
        rows = await info.context.reading.ask(list_memberships, info.context.viewer)
        return [Membership.from_row(row) for row in rows]

    @strawberry.field(
        description="What was shared with the viewer, or by them, in all their organisations; newest first."
    )
    async def shared_orders(
        self,
        info: Info,
        box: Annotated[
            SharedOrderBox, strawberry.argument(description="Those received or those sent.")
        ] = SharedOrderBox.RECEIVED,
        status: SharedOrderStatuses = None,
        first: First = 20,
        after: After = None,
    ) -> SharedOrderConnection:
        """Read a page of one box."""
        reading, viewer = info.context.reading, info.context.viewer
        request = page_request(CURSOR, 20, first=first, after=after)
        now = await reading.now()
        page = await reading.ask(list_boxed, viewer, box, status, now, request)
        return connection_of(page, now, lambda: reading.ask(count_boxed, viewer, box, status, now))


async def _order(info: Info, row_id: UUID) -> Order | None:
    row = await info.context.reading.one_of_many(find_orders, row_id, info.context.viewer)
    return None if row is None else Order.from_row(row)


async def _shared_order(info: Info, row_id: UUID) -> SharedOrder | None:
    row = await info.context.reading.one_of_many(find_shared_orders, row_id, info.context.viewer)
    return None if row is None else SharedOrder.from_row(row, await info.context.reading.now())


async def _organisation(info: Info, row_id: UUID) -> Organisation | None:
    reading, viewer = info.context.reading, info.context.viewer
    seen = await reading.one_of_many(find_organisations, row_id, viewer)
    if seen is None:
        return None
    reading.remember(load_memberships, (row_id, viewer.user_id), seen.membership)
    reading.remember(load_organisations, row_id, seen.organisation)
    return Organisation.from_row(seen.organisation)


async def _processing_result(info: Info, row_id: UUID) -> ProcessingResult | None:
    row = await info.context.reading.one_of_many(find_processing_results, row_id, info.context.viewer)
    return None if row is None else ProcessingResult.from_row(row)


async def _user(info: Info, row_id: UUID) -> User | None:
    row = await info.context.reading.one_of_many(find_users, row_id, info.context.viewer)
    return None if row is None else User.from_row(row)


_FINDERS: dict[str, Any] = {
    "Order": _order,
    "SharedOrder": _shared_order,
    "Organisation": _organisation,
    "ProcessingResult": _processing_result,
    "User": _user,
}


async def _node(info: Info, text: str) -> Node | None:
    type_name, row_id = decode_node_id(text)
    finder = _FINDERS.get(type_name)
    node: Node | None = None if finder is None else await finder(info, row_id)
    return node


@strawberry.type(description="Where queries begin. Whatever the viewer may not see is null, as if it did not exist.")
class Query:
    """The query type."""

    @strawberry.field(description="The user whose token came with the request.")
    def viewer(self) -> Viewer:
        """Return the viewer."""
        return Viewer()

    @strawberry.field(description="Find any object by its id; null where there is none that the viewer may see.")
    async def node(self, info: Info, id: NodeId) -> Node | None:
        """Find one node."""
        return await _node(info, id)

    @strawberry.field(
        description="Find up to 100 objects, in the order of the ids; null for each that the viewer may not see."
    )
    async def nodes(
        self, info: Info, ids: Annotated[list[strawberry.ID], strawberry.argument(description="Global ids.")]
    ) -> list[Node | None]:
        """Find many nodes; those of one type in one statement."""
        if len(ids) > MAX_PAGE:
            raise bad_user_input(f"`ids` takes at most {MAX_PAGE} ids.")
        return await asyncio.gather(*(_node(info, text) for text in ids))

    @strawberry.field(
        description="An organisation of which the viewer is a member.", metadata=wholly(compile_organisation)
    )
    async def organisation(self, info: Info, id: NodeId) -> Organisation | None:
        """Find an organisation."""
        return await _organisation(info, decode_id("Organisation", id))

    @strawberry.field(description="An order of one of the viewer's organisations.")
    async def order(self, info: Info, id: NodeId) -> Order | None:
        """Find an order."""
        return await _order(info, decode_id("Order", id))

    @strawberry.field(
        description="A shared order that the viewer sent or received, or whose order they own or administer."
    )
    async def shared_order(
        self,
        info: Info,
        id: NodeId,
    ) -> SharedOrder | None:
        """Find a shared order."""
        return await _shared_order(info, decode_id("SharedOrder", id))

    @strawberry.field(
        description=(
            "Everything that can happen to an order: which action is possible in which status, and where it "
            "leads. The same for all orders."
        )
    )
    def order_state_machine(self) -> list[OrderTransition]:
        """Return the table of the rules."""
        return [
            OrderTransition(
                action=transition.action,
                from_statuses=list(transition.from_statuses),
                to_status=transition.to_status,
            )
            for transition in TRANSITIONS
        ]
