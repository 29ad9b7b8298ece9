"""Relay connections over keyset pages."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

import strawberry

from db.keyset import Page

NodeType = TypeVar("NodeType")
Row = TypeVar("Row")
ConnectionType = TypeVar("ConnectionType", bound="Connection[Any]")


@strawberry.type(description="Whether there is more before and behind a page.")
class PageInfo:
    """Relay's page info."""

    has_next_page: bool = strawberry.field(description="Whether entries follow this page.")
    has_previous_page: bool = strawberry.field(
        description="Whether entries precede this page; when paging forward: whether `after` was given."
    )
    start_cursor: str | None = strawberry.field(description="The cursor of the page's first entry.")
    end_cursor: str | None = strawberry.field(description="The cursor of the page's last entry: the next `after`.")


@strawberry.type(description="An entry of a list, with its place in it.")
class Edge(Generic[NodeType]):
    """Relay's edge."""

    cursor: str = strawberry.field(description="The entry's place, for `after` or `before`.")
    node: NodeType = strawberry.field(description="The entry.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[NodeType]):
    """Relay's connection; the total is counted only where it is asked for."""

    edges: list[Edge[NodeType]] = strawberry.field(description="The entries of this page with their cursors.")
    nodes: list[NodeType] = strawberry.field(description="The entries of this page.")
    page_info: PageInfo = strawberry.field(description="Whether there is more.")
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @strawberry.field(description="How many entries the whole list has. Costs a count; leave it out when not needed.")
    async def total_count(self) -> int:
        """Count the whole list."""
        return await self.count()


def connect(
    connection: type[ConnectionType],
    page: Page[Row],
    nodes: Sequence[Any],
    cursor_of: Callable[[Row], str],
    count: Callable[[], Awaitable[int]],
    edge: type[Edge[Any]] = Edge,
) -> ConnectionType:
    """Return a page of rows as a connection.

    Args:
        connection: The connection's type.
        page: The rows.
        nodes: What each row is to clients, in the same order.
        cursor_of: The cursor of a row.
        count: Counts the whole list.
        edge: The edge's type, where it has one of its own.
    """
    cursors = [cursor_of(row) for row in page.rows]
    return connection(
        edges=[edge(cursor=cursor, node=node) for cursor, node in zip(cursors, nodes, strict=True)],
        nodes=list(nodes),
        page_info=PageInfo(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=cursors[0] if cursors else None,
            end_cursor=cursors[-1] if cursors else None,
        ),
        count=count,
    )
