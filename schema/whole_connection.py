"""A connection of a list that is had whole: what is selected of it, and its answer made of nodes that are written."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from db.keyset import PageRequest, cut
from execution.selection import FieldSelection, TypeSelection
from execution.whole import NotWhole
from schema.row_writer import of_item, of_object

Entry: TypeAlias = tuple[dict[str, Any], Any]
"""A node as it is in the answer, and the keys of its row."""


class WholeConnection:
    """What is selected of a connection.

    Attributes:
        node: What is selected of each node.
        asks_for_more: Whether it must be known if there are entries behind the page.
        has_cursors: Whether the keys of entries are needed, for their cursors.
        is_plain: Whether it is a list of nodes and nothing that depends on them.
    """

    def __init__(self, field: FieldSelection) -> None:
        """Look at what is selected.

        Raises:
            NotWhole: Where that is more than a page, or where nodes are selected in two ways.
        """
        self._selection = of_object(field)
        self._nodes: list[TypeSelection] = []
        self._makers = {each.name: self._maker(each) for each in self._selection.fields}
        if len(self._nodes) != 1:
            raise NotWhole("nodes are selected in more than one way, or not at all")
        [self.node] = self._nodes
        selected = {each.field_name for each in self._selection.fields}
        self.asks_for_more = "pageInfo" in selected
        self.has_cursors = bool(selected & {"pageInfo", "edges"})
        self.is_plain = selected <= {"nodes", "__typename"}

    def answer(self, entries: Sequence[Entry], request: PageRequest, cursor_of: Callable[[Any], str]) -> dict[str, Any]:
        """Return the connection of a page.

        Args:
            entries: The entries in the order in which they are read, one more than wanted where there is more.
            request: The page that is asked for.
            cursor_of: The cursor of an entry's keys.
        """
        page = cut(entries, request)
        return {name: make(page, cursor_of) for name, make in self._makers.items()}

    def plain(self, nodes: str) -> str:
        """Return the expression of a plain connection whose nodes are in a variable."""
        parts = [
            f"{each.name!r}: {nodes if each.field_name == 'nodes' else repr(self._selection.type.name)}"
            for each in self._selection.fields
        ]
        return "{" + ", ".join(parts) + "}"

    def _maker(self, field: FieldSelection) -> Callable[..., Any]:
        if field.field_name == "__typename":
            return _constant(self._selection.type.name)
        if field.field_name == "nodes":
            self._nodes.append(of_item(field))
            return lambda page, _: [node for node, _ in page.rows]
        if field.field_name == "edges":
            return self._edges(of_item(field))
        if field.field_name == "pageInfo":
            return _page_info(of_object(field))
        raise NotWhole(f"{field.field_name} is not told by a page")

    def _edges(self, selection: TypeSelection) -> Callable[..., Any]:
        makers: dict[str, Callable[..., Any]] = {}
        for field in selection.fields:
            if field.field_name == "node":
                self._nodes.append(of_object(field))
                makers[field.name] = lambda node, _keys, _: node
            elif field.field_name == "cursor":
                makers[field.name] = lambda _node, keys, cursor_of: cursor_of(keys)
            else:
                makers[field.name] = _constant(selection.type.name)

        def edges(page: Any, cursor_of: Callable[[Any], str]) -> list[dict[str, Any]]:
            return [{name: make(node, keys, cursor_of) for name, make in makers.items()} for node, keys in page.rows]

        return edges


def _constant(value: str) -> Callable[..., Any]:
    return lambda *_: value


def _page_info(selection: TypeSelection) -> Callable[..., Any]:
    wanted = [(field.name, field.field_name) for field in selection.fields]

    def page_info(page: Any, cursor_of: Callable[[Any], str]) -> dict[str, Any]:
        rows = page.rows
        values = {
            "hasNextPage": page.has_next,
            "hasPreviousPage": page.has_previous,
            "startCursor": cursor_of(rows[0][1]) if rows else None,
            "endCursor": cursor_of(rows[-1][1]) if rows else None,
            "__typename": selection.type.name,
        }
        return {name: values[of] for name, of in wanted}

    return page_info
