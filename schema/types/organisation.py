"""An organisation, its members and its orders."""

from datetime import datetime
from typing import Annotated, Self, cast
from uuid import UUID

import strawberry

from db.log_cursor import log_end
from db.plain_rows import AnyMembership, AnyOrganisation
from domain.errors import not_found
from domain.people import Member
from domain.vocabulary import MemberRole, OrderStatus, SharePolicy
from execution.batching import in_batches
from resolvers import list_orders as orders
from resolvers.list_members import count_members, list_members
from resolvers.list_order_types import list_order_types
from resolvers.load_rows import load_organisations
from schema.context import Info
from schema.global_id import decode_id, encode_id
from schema.linked import linked, linked_member, linked_user
from schema.paging import DEFAULT_PAGE, PageCursor, page_request
from schema.request_errors import bad_user_input
from schema.scalars import Cursor
from schema.types.arguments import After, Before, First, Last
from schema.types.connection import Connection, Edge, connect, edges_of
from schema.types.node import Node
from schema.types.order import Order, OrderType
from schema.types.user import User

_MAX_FILTER_VALUES = 100
_MAX_SEARCH_LENGTH = 200
_MEMBER_CURSOR = PageCursor("members", (UUID,))
ORDER_CURSORS = {
    orders.OrderSort.TYPE_PRIORITY: PageCursor("TYPE_PRIORITY", (int, int, UUID)),
    orders.OrderSort.EXPIRES_AT: PageCursor("EXPIRES_AT", (int, UUID)),
    orders.OrderSort.EFFECTIVE_AT_DESC: PageCursor("EFFECTIVE_AT_DESC", (int, UUID)),
    orders.OrderSort.PREMIUM_DESC: PageCursor("PREMIUM_DESC", (int, UUID)),
}


@strawberry.input(description="Which orders a list keeps: all conditions that are given must hold.")
class OrderFilter:
    """The filter as clients give it."""

    shareable: bool | None = strawberry.field(
        default=None, description="Whether the order's status lets it be shared; null for both kinds."
    )
    statuses: list[OrderStatus] | None = strawberry.field(default=None, description="The status is one of these.")
    types: list[str] | None = strawberry.field(
        default=None, description="The `code` of the order's type is one of these."
    )
    owner_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="The owner's user id is one of these."
    )
    expires_before: datetime | None = strawberry.field(
        default=None, description="The cover ends before this instant, which one without end never does."
    )
    expires_after: datetime | None = strawberry.field(
        default=None, description="The cover ends after this instant, or never."
    )
    search: str | None = strawberry.field(
        default=None,
        description=(
            "The title contains this text, or the reference starts with it; capital and small letters are the same."
        ),
    )

    def checked(self) -> orders.OrderFilter:
        """Return the filter as the use case takes it.

        Raises:
            GraphQLError: BAD_USER_INPUT for too many values or a search that is too long.
        """
        for name, values in (("types", self.types), ("ownerIds", self.owner_ids)):
            if values is not None and len(values) > _MAX_FILTER_VALUES:
                raise bad_user_input(f"`{name}` takes at most {_MAX_FILTER_VALUES} values.")
        return orders.OrderFilter(
            shareable=self.shareable,
            statuses=self.statuses,
            type_codes=None if self.types is None else [code for code in self.types if "\x00" not in code],
            owner_ids=None if self.owner_ids is None else [decode_id("User", text) for text in self.owner_ids],
            expires_before=self.expires_before,
            expires_after=self.expires_after,
            search=checked_search(self.search),
        )


def checked_search(search: str | None) -> str | None:
    """Return a search text, or None for an empty one, which finds everything.

    Raises:
        GraphQLError: BAD_USER_INPUT.
    """
    if search is not None and (len(search) > _MAX_SEARCH_LENGTH or "\x00" in search):
        raise bad_user_input(f"`search` takes at most {_MAX_SEARCH_LENGTH} characters, and none of them NUL.")
    return search or None


@strawberry.type(description="A family, team or fund, seen by one of its members.")
class Organisation(Node):
    """The public face of an organisation."""

    reference: str = strawberry.field(description="The order platform's key for it.")
    name: str = strawberry.field(description="The name that people use.")
    share_policy: SharePolicy = strawberry.field(description="Who may share its orders.")
    row: strawberry.Private[AnyOrganisation]

    @classmethod
    def from_row(cls, row: AnyOrganisation) -> Self:
        """Return the row as clients see it."""
        return cls(
            id=encode_id("Organisation", row.id),
            reference=row.reference,
            name=row.name,
            share_policy=row.share_policy,
            row=row,
        )

    async def _member(self, info: Info) -> Member:
        """Return the viewer as a member; they may have been removed since the organisation was found for them."""
        member = await linked_member(info, self.row.id)
        if member is None:
            raise not_found("organisation")
        return member

    @strawberry.field(description="What this viewer may do here.")
    async def viewer_role(self, info: Info) -> MemberRole:
        """Load the viewer's membership."""
        return (await self._member(info)).role

    @strawberry.field(
        description=(
            "Where the log stood when this was read. Ask for it together with what you show, then subscribe "
            "with it as `after`: nothing that happens between the two is missed."
        )
    )
    async def log_cursor(self, info: Info) -> Cursor:
        """Read the end of the log from the snapshot that the rest of the answer is read from."""
        await self._member(info)
        return Cursor(str(await info.context.reading.ask(log_end, self.row.id)))

    @strawberry.field(description="The members, in the order in which the server came to know them.")
    async def members(
        self,
        info: Info,
        search: Annotated[
            str | None, strawberry.argument(description="The name contains it, or the reference starts with it.")
        ] = None,
        first: First = 50,
        after: After = None,
    ) -> "MemberConnection":
        """Read a page of members."""
        await self._member(info)
        wanted = checked_search(search)
        request = page_request(_MEMBER_CURSOR, DEFAULT_PAGE, first=first, after=after)
        page = await info.context.reading.ask(list_members, self.row.id, wanted, request)
        return connect(
            MemberConnection,
            page,
            [Membership.from_row(row) for row in page.rows],
            lambda row: _MEMBER_CURSOR.encode((row.user_id,)),
            lambda: info.context.reading.ask(count_members, self.row.id, wanted),
            edge=MemberEdge,
        )

    @strawberry.field(description="Every kind of cover, in the order in which lists are sorted by it.")
    async def order_types(self, info: Info) -> list[OrderType]:
        """Read the types."""
        return [OrderType.from_row(row) for row in await info.context.reading.ask(list_order_types)]

    @strawberry.field(
        name="orders",
        description=(
            "The orders of all the organisation's users; a page has 50 unless `first` or `last` says otherwise."
        ),
    )
    async def list_of_orders(
        self,
        info: Info,
        where: Annotated[
            OrderFilter | None, strawberry.argument(description="Which orders to list; all where not given.")
        ] = None,
        order_by: Annotated[
            orders.OrderSort, strawberry.argument(description="What to sort by.")
        ] = orders.OrderSort.TYPE_PRIORITY,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> "OrderConnection":
        """Read a page of orders."""
        await self._member(info)
        cursor = ORDER_CURSORS[order_by]
        kept = (where or OrderFilter()).checked()
        request = page_request(cursor, DEFAULT_PAGE, first=first, after=after, last=last, before=before)
        page = await info.context.reading.ask(orders.list_orders, self.row.id, kept, order_by, request)
        return connect(
            OrderConnection,
            page,
            [Order.from_row(row) for row in page.rows],
            lambda row: cursor.encode(orders.sort_keys(order_by, row)),
            lambda: info.context.reading.ask(orders.count_orders, self.row.id, kept),
        )


@strawberry.type(description="A user's place in an organisation.")
class Membership:
    """The public face of a membership."""

    role: MemberRole = strawberry.field(description="What the member may do.")
    row: strawberry.Private[AnyMembership]

    @classmethod
    def from_row(cls, row: AnyMembership) -> Self:
        """Return the row as clients see it."""
        return cls(role=row.role, row=row)

    @strawberry.field(description="Where the user is a member.")
    async def organisation(self, info: Info) -> Organisation:
        """Load the organisation."""
        return Organisation.from_row(await linked(info, load_organisations, self.row.organisation_id))

    @strawberry.field(description="The member.")
    async def user(self, info: Info) -> User:
        """Load the user."""
        return await linked_user(info, self.row.user_id)


@strawberry.type(description="A member, with their place in the list.")
class MemberEdge(Edge[Membership]):
    """An edge to a membership."""


@strawberry.type(description="A page of members.")
class MemberConnection(Connection[Membership]):
    """A connection of memberships."""

    # The Relay specification names an edge after its connection, not after its node.
    @strawberry.field(description="The members of this page with their cursors.", metadata=in_batches(edges_of))
    def edges(self) -> list[MemberEdge]:
        """Write the cursors."""
        return cast("list[MemberEdge]", self.made_edges())


@strawberry.type(description="A page of orders.")
class OrderConnection(Connection[Order]):
    """A connection of orders."""
