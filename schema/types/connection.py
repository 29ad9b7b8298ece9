"""Relay connections over keyset pages."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

import strawberry

from db.keyset import Page
from execution.batching import in_batches

NodeType = TypeVar("NodeType")
Row = TypeVar("Row")
ConnectionType = TypeVar("ConnectionType", bound="Connection[Any]")


@strawberry.type(description="Whether there is more before and after a page, and where to go on.")
class PageInfo:
    """Relay's page info."""

    has_next_page: bool = strawberry.field(description="Whether entries follow this page.")
    has_previous_page: bool = strawberry.field(
        description="Whether entries precede this page; when paging forward: whether `after` was given."
    )
    start_cursor: str | None = strawberry.field(
        description=(
            "The cursor of the page's first entry: the `before` of the page before it. Null where the page is empty."
        )
    )
    end_cursor: str | None = strawberry.field(
        description="The cursor of the page's last entry: the `after` of the next page. Null where the page is empty."
    )


@strawberry.type(description="An entry of a list, with its place in it.")
class Edge(Generic[NodeType]):
    """Relay's edge."""

    cursor: str = strawberry.field(
        description="The place of this entry in the list: give it as `after` or `before` to go on from here."
    )
    node: NodeType = strawberry.field(description="The entry.")


async def edges_of(_info: object, connections: "Sequence[Connection[Any]]") -> list[list[Edge[Any]]]:
    """Return the edges of many connections: the batch of a field `edges`."""
    return [connection.made_edges() for connection in connections]


async def _page_infos_of(_info: object, connections: "Sequence[Connection[Any]]") -> list[PageInfo]:
    return [connection.made_page_info() for connection in connections]


@strawberry.type(description="A page of a list.")
class Connection(Generic[NodeType]):
    """Relay's connection; its cursors are written, and its total is counted, only where they are asked for."""

    nodes: list[NodeType] = strawberry.field(description="The entries of this page.")
    page: strawberry.Private[Page[Any]]
    cursor_of: strawberry.Private[Callable[[Any], str]]
    count: strawberry.Private[Callable[[], Awaitable[int]]]
    edge: strawberry.Private[type[Edge[Any]]] = Edge

    def made_edges(self) -> list[Edge[Any]]:
        """Return the entries with their cursors."""
        return [
            self.edge(cursor=self.cursor_of(row), node=node)
            for row, node in zip(self.page.rows, self.nodes, strict=True)
        ]

    def made_page_info(self) -> PageInfo:
        """Return whether there is more, and the cursors to go on from."""
        rows = self.page.rows
        return PageInfo(
            has_next_page=self.page.has_next,
            has_previous_page=self.page.has_previous,
            start_cursor=self.cursor_of(rows[0]) if rows else None,
            end_cursor=self.cursor_of(rows[-1]) if rows else None,
        )

    @strawberry.field(description="The entries of this page with their cursors.", metadata=in_batches(edges_of))
    def edges(self) -> list[Edge[NodeType]]:
        """Write the cursors."""
        return self.made_edges()

    @strawberry.field(
        description="Whether there are more pages, and where to go on.", metadata=in_batches(_page_infos_of)
    )
    def page_info(self) -> PageInfo:
        """Write the cursors at both ends."""
        return self.made_page_info()

    @strawberry.field(
        description=(
            "How many entries the whole list has. They are counted each time: leave it out where you do not show it."
        )
    )
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
    return connection(nodes=list(nodes), page=page, cursor_of=cursor_of, count=count, edge=edge)
