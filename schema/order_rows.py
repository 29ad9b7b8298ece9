"""The loop from the rows of `resolvers.read_order_page` to orders as they are in an answer, written for a selection."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from db.order_tables import OrderRow
from db.parts_query import Slots, Values
from db.sharing_tables import SharedOrderRow
from execution.selection import FieldSelection
from execution.whole import NotWhole
from resolvers.list_orders import KEY_NAMES, OrderSort
from resolvers.read_order_page import ORDERS, SHARES
from schema.ready_objects import Form
from schema.row_fields import Remembered, SharedOrders
from schema.row_writer import RowWriter, mark_of_field
from schema.whole_connection import Entry, WholeConnection

Write: TypeAlias = Callable[..., tuple[list[Entry], list[tuple[dict[str, Any], list[Entry]]]]]
"""Takes the rows, the place, what writes instants, and the ready objects.

It returns the orders, and those whose shared orders are unfinished.
"""


class OrderRows:
    """What an answer shows of orders and of the shared orders of each, as code.

    Attributes:
        ready: The ready objects that the loop looks up, and the names of the parameters that take them.
        nested: The field of shared orders and what is selected of it; None where it is not.
    """

    def __init__(self, connection: WholeConnection) -> None:
        """Look at what is selected of each order.

        Raises:
            NotWhole: Where something is that no row tells.
        """
        self.ready: dict[tuple[Remembered, Form], str] = {}
        self._names: dict[str, Any] = {"NotWhole": NotWhole}
        self.nested = _nested(connection)
        self._has_cursors = connection.has_cursors
        self._share_row = RowWriter("share", SharedOrderRow, self._names, self.ready)
        self._share = None if self.nested is None else self._share_row.dictionary(self.nested[1].node)
        self._order_row = RowWriter("order", OrderRow, self._names, self.ready)
        self._order = self._order_row.dictionary(connection.node, self._nested_expression())
        self._order_row.variable("place")
        for column in ("place", "id"):
            self._share_row.variable(column)

    def _nested_expression(self) -> Mapping[str, str]:
        if self.nested is None:
            return {}
        field, connection = self.nested
        return {field.name: connection.plain("shares") if connection.is_plain else "None"}

    def order_columns(self, sort: OrderSort) -> tuple[str, ...]:
        """Return the columns that are read of each order, its place in the list among them where that is shown."""
        return tuple(dict.fromkeys((*self._order_row.columns, *self._keys(sort))))

    def _keys(self, sort: OrderSort) -> tuple[str, ...]:
        return KEY_NAMES[sort] if self._has_cursors else ()

    @property
    def share_columns(self) -> tuple[str, ...] | None:
        """The columns that are read of each shared order; None where none is shown."""
        return None if self.nested is None else tuple(self._share_row.columns)

    def write(self, sort: OrderSort, slots: Slots) -> Write:
        """Return the loop for rows whose columns are in these slots."""
        keys = "".join(f"order_{name}, " for name in self._keys(sort))
        order = _unpacking("order", slots.places[ORDERS], len(slots.kinds))
        lines = [
            f"def write(rows, place, instant{''.join(f', {name}' for name in self.ready.values())}):",
            "    orders, unfinished, lists, count, place_before, id_before = [], [], [None], 0, 0, None",
            "    for row in rows:",
            f"        if row[0] == {ORDERS}:",
            f"            {order} = row",
            # A UNION keeps the order of its parts, and they theirs, but SQL does not promise it.
            "            count += 1",
            "            if order_place != count: raise NotWhole('rows out of their order')",
            *(f"            {check}" for check in self._order_row.checks()),
            "            shares = []",
            "            lists.append(shares)",
            f"            order = {self._order}",
            f"            orders.append((order, ({keys})))",
            *(["            unfinished.append((order, shares))"] if self._is_unfinished else []),
            *self._share_lines(slots),
            "    return orders, unfinished",
        ]
        names = dict(self._names)
        exec(compile("\n".join(lines), "<rows of orders>", "exec"), names)  # noqa: S102 - quoted names and our own alone
        written: Write = names["write"]
        return written

    def keys(self, rows: Sequence[Values], slots: Slots) -> dict[Remembered, set[Any]]:
        """Return the keys of the remembered rows that rows refer to."""
        keys: dict[Remembered, set[Any]] = {kind: set() for kind in Remembered}
        for part, references in ((ORDERS, self._order_row.references), (SHARES, self._share_row.references)):
            for kind, column in references:
                place = slots.places[part][column]
                keys[kind].update(row[place] for row in rows if row[0] == part and row[place] is not None)
        return keys

    @property
    def _is_unfinished(self) -> bool:
        return self.nested is not None and not self.nested[1].is_plain

    def _share_lines(self, slots: Slots) -> list[str]:
        if self._share is None:
            return []
        share = f"({self._share}, (share_id,))" if self._is_unfinished else self._share
        return [
            "        else:",
            f"            {_unpacking('share', slots.places[SHARES], len(slots.kinds))} = row",
            "            if share_place > place_before: shares = lists[share_place]",
            "            elif share_place < place_before or share_id >= id_before:",
            "                raise NotWhole('rows out of their order')",
            "            place_before, id_before = share_place, share_id",
            *(f"            {check}" for check in self._share_row.checks()),
            f"            shares.append({share})",
        ]


def _nested(connection: WholeConnection) -> tuple[FieldSelection, WholeConnection] | None:
    fields = [each for each in connection.node.fields if isinstance(mark_of_field(each), SharedOrders)]
    if len(fields) > 1:
        raise NotWhole("several lists of shared orders")
    return (fields[0], WholeConnection(fields[0])) if fields else None


def _unpacking(prefix: str, places: Mapping[str, int], slots: int) -> str:
    """Return the variables that a row is unpacked into: those of the columns in their places."""
    names = {place: f"{prefix}_{name}" for name, place in places.items()}
    return ", ".join(["_", *(names.get(place, "_") for place in range(1, slots + 1))])
