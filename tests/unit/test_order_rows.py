"""The loop from rows to orders: rows go to their places, and those out of their order are declined."""

from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID

import pytest
from graphql import OperationDefinitionNode, parse
from graphql.execution.values import VariableValues

from db.keyset import PageRequest
from db.parts_query import Slots
from domain.people import Member
from domain.vocabulary import MemberRole
from execution.selection import FieldSelection, Selected
from execution.whole import NotWhole
from resolvers.list_orders import OrderSort
from resolvers.read_order_page import ORDERS, PLACE, SHARES, OrderPageForm, order_page
from schema.build import build_schema
from schema.order_rows import OrderRows
from schema.row_fields import Place
from schema.whole_connection import WholeConnection

_HERE = Place(Member(UUID(int=1), UUID(int=2), MemberRole.MEMBER), datetime(2026, 11, 24, tzinfo=UTC))
_ALL = "{ organisation(id: 1) { orders { nodes { reference sharedOrders { %s nodes { id message } } } } } }"


@cache
def _schema() -> Any:
    return build_schema()._schema


def _orders(text: str) -> FieldSelection:
    operation = parse(text).definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    organisation = Selected(_schema(), operation, {}, VariableValues({}, {}), plain_attributes=True).only_field
    assert organisation is not None
    [orders] = organisation.of_type(_schema().get_type("Organisation")).fields
    return orders


class Rows:
    """The loop of a selection, and rows for it."""

    def __init__(self, more: str = "") -> None:
        written = OrderRows(WholeConnection(_orders(_ALL % more)))
        sort = OrderSort.TYPE_PRIORITY
        form = OrderPageForm(
            ("role",), written.order_columns(sort), written.share_columns, sort, frozenset(), PageRequest(1).form, 9, 9
        )
        self._slots: Slots = order_page(form).slots
        self._write = written.write(sort, self._slots)

    def _row(self, part: int, values: dict[str, Any]) -> list[Any]:
        row: list[Any] = [part, *(None for _ in self._slots.kinds)]
        for name, place in self._slots.places[part].items():
            row[place] = values[name]
        return row

    def order(self, place: int) -> list[Any]:
        return self._row(ORDERS, {"reference": f"order {place}", "place": place})

    def share(self, place: int, number: int) -> list[Any]:
        return self._row(SHARES, {"place": place, "id": UUID(int=number), "message": f"share {number}"})

    def written(self, *rows: list[Any]) -> dict[str, list[str]]:
        """Return the messages of the shared orders of each order."""
        orders, unfinished = self._write(rows, _HERE, str)
        finished = {order["reference"]: shares for order, shares in unfinished}
        told = {}
        for order, _ in orders:
            reference = order["reference"]
            shares = finished.get(reference)
            nodes = order["sharedOrders"]["nodes"] if shares is None else [node for node, _ in shares]
            told[reference] = [node["message"] for node in nodes]
        return told


@pytest.fixture(params=["", "pageInfo { hasNextPage }"], ids=["plain", "pages"])
def rows(request: pytest.FixtureRequest) -> Rows:
    return Rows(request.param)


def test_shared_orders_go_to_their_orders(rows: Rows) -> None:
    told = rows.written(
        rows.order(1),
        rows.order(2),
        rows.order(3),
        rows.share(1, 5),
        rows.share(1, 3),
        rows.share(3, 9),
        rows.share(3, 8),
    )

    assert told == {"order 1": ["share 5", "share 3"], "order 2": [], "order 3": ["share 9", "share 8"]}


@pytest.mark.parametrize(
    "mixed",
    [
        pytest.param([("order", 2), ("order", 1)], id="orders"),
        pytest.param([("order", 1), ("order", 3)], id="an-order-is-missing"),
        pytest.param([("order", 1), ("order", 1)], id="an-order-comes-twice"),
        pytest.param([("order", 1), ("order", 2), ("share", 2, 4), ("share", 1, 5)], id="shares-of-other-orders"),
        pytest.param([("order", 1), ("order", 2), ("share", 2, 5), ("share", 1, 4)], id="newer-shares-of-other-orders"),
        pytest.param([("order", 1), ("share", 1, 4), ("share", 1, 5)], id="shares-of-one-order"),
        pytest.param([("order", 1), ("share", 1, 4), ("share", 1, 4)], id="a-share-comes-twice"),
        pytest.param([("order", 1), ("share", 1, 4), ("order", 2), ("order", 4)], id="an-order-behind-a-share"),
    ],
)
def test_rows_that_are_out_of_their_order_are_declined(rows: Rows, mixed: list[tuple[Any, ...]]) -> None:
    with pytest.raises(NotWhole, match="rows out of their order"):
        rows.written(*(getattr(rows, kind)(*told) for kind, *told in mixed))


def test_a_shared_order_before_its_order_is_declined(rows: Rows) -> None:
    # Whatever a query's call raises is declined.
    with pytest.raises(IndexError):
        rows.written(rows.share(1, 4), rows.order(1))


def test_the_place_has_a_part_of_its_own(rows: Rows) -> None:
    assert (PLACE, ORDERS, SHARES) == (0, 1, 2)
    assert rows.written() == {}
