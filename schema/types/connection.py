"""Relay connections over keyset pages."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Entries(Generic[Row]):
    """The rows behind a connection. Cursors cost as much as the rows, so only those that are asked for are written.

    Attributes:
        page: The rows.
        cursor_of: The cursor of a row.
        edge: The type of the edges.
    """

    page: Page[Row]
    cursor_of: Callable[[Row], str]
    edge: type[Edge[Any]]

    def edges(self, nodes: Sequence[Any]) -> list[Any]:
        """Return the rows with their cursors."""
        return [
            self.edge(cursor=self.cursor_of(row), node=node) for row, node in zip(self.page.rows, nodes, strict=True)
        ]

    def page_info(self) -> PageInfo:
        """Return whether there is more, and the ends of the page."""
        rows = self.page.rows
        return PageInfo(
            has_next_page=self.page.has_next,
            has_previous_page=self.page.has_previous,
            start_cursor=self.cursor_of(rows[0]) if rows else None,
            end_cursor=self.cursor_of(rows[-1]) if rows else None,
        )


@strawberry.type(description="A page of a list.")
class Connection(Generic[NodeType]):
    """Relay's connection; the total is counted only where it is asked for."""

    @strawberry.field(description="The entries of this page with their cursors.")
    def edges(self) -> list[Edge[NodeType]]:
        """Return the entries with their cursors."""
        return self.entries.edges(self.all_nodes)

    @strawberry.field(description="The entries of this page.")
    def nodes(self) -> list[NodeType]:
        """Return the entries."""
        return self.all_nodes

    @strawberry.field(description="Whether there is more.")
    def page_info(self) -> PageInfo:
        """Return whether there is more."""
        return self.entries.page_info()

    all_nodes: strawberry.Private[list[Any]]
    entries: strawberry.Private[Entries[Any]]
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
    return connection(all_nodes=list(nodes), entries=Entries(page, cursor_of, edge), count=count)
