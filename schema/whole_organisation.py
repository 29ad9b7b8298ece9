"""An organisation with a page of its orders, had whole: one statement, and one loop from its rows to the answer.

This is what every front end shows first, and shows again with each turn of the page. Whatever a selection or a request
asks beyond it, and whatever is not as expected, is left to the fields themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from db.database import Database
from db.keyset import PageRequest
from db.log_cursor import LogCursor
from db.parts_query import PartsQuery, Values
from domain.people import Member, Viewer
from domain.vocabulary import MemberRole, SharePolicy
from execution.selection import FieldSelection, TypeSelection
from execution.whole import NotWhole, Request, Whole
from resolvers.list_orders import OrderSort, values_given
from resolvers.load_rows import load_order_types, load_users
from resolvers.read_order_page import PLACE, OrderPageForm, order_page
from schema.global_id import decode_id, encode_id
from schema.order_rows import OrderRows, Write
from schema.paging import DEFAULT_PAGE, PageCursor, page_request
from schema.ready_objects import NotRemembered, ready_objects
from schema.row_fields import Place, Remembered
from schema.row_writer import of_object
from schema.types.organisation import ORDER_CURSORS, OrderFilter
from schema.types.shared_order import CURSOR as SHARE_CURSOR
from schema.whole_connection import WholeConnection

_DEFAULT_SHARES = 20
_ALWAYS = ("role", "share_policy", "now", "names")
_STATEMENTS = 64

_COLUMNS: dict[str, tuple[str, ...]] = {
    "__typename": (),
    "id": (),
    "reference": ("reference",),
    "name": ("name",),
    "sharePolicy": ("share_policy",),
    "viewerRole": ("role",),
    "logCursor": ("sequence", "event_id"),
}
"""The columns of the organisation's own fields."""


@dataclass(frozen=True)
class _Statement:
    """What the text of the statement depends on, beside what is selected."""

    sort: OrderSort
    conditions: frozenset[str]
    bounds: PageRequest
    orders: int
    shares: int


@dataclass(frozen=True)
class _Prepared:
    """A statement, and what makes orders of its rows."""

    query: PartsQuery
    write: Write


@dataclass(frozen=True)
class _Lists:
    """The pages that a request asks for."""

    sort: OrderSort
    kept: dict[str, Any]
    orders: PageRequest
    shares: PageRequest


def compile_organisation(field: FieldSelection) -> Whole:
    """Return what is called to have an organisation with a page of its orders whole.

    Args:
        field: The selection of `Query.organisation`.

    Raises:
        NotWhole: Where something else is selected of it.
    """
    return WholeOrganisation(field).call


class WholeOrganisation:
    """A selection of an organisation with one page of orders."""

    def __init__(self, field: FieldSelection) -> None:
        """Look at what is selected, and write the code.

        Raises:
            NotWhole: Where it is anything else.
        """
        self._field = field
        self._selection = of_object(field)
        self._orders = _only_list(self._selection)
        self._connection = WholeConnection(self._orders)
        self._rows = OrderRows(self._connection)
        own = [_COLUMNS[each.field_name] for each in self._selection.fields if each is not self._orders]
        self._place_columns = tuple(dict.fromkeys((*_ALWAYS, *(name for names in own for name in names))))
        self._fixed: tuple[_Lists, _Prepared] | None = None
        self._prepared = lru_cache(_STATEMENTS)(self._prepare)

    async def call(self, request: Request) -> dict[str, Any]:
        """Return the organisation as it is in the answer.

        Raises:
            NotWhole: Where the request, or what is found, is not as expected.
        """
        database: Database = request.context.database
        viewer: Viewer = request.context.viewer
        organisation_id = decode_id("Organisation", request.argument(self._field, "id"))
        lists, prepared = self._fixed or self._asked(request)
        found = await database.glance(
            prepared.query,
            organisation_id=organisation_id,
            viewer_id=viewer.user_id,
            **lists.kept,
            **lists.orders.parameters(),
        )
        if not found or found[0][0] != PLACE:
            raise NotWhole("no organisation that the viewer sees")
        told = {name: found[0][place] for name, place in prepared.query.slots.places[PLACE].items()}
        place = _place(told, organisation_id, viewer)
        try:
            orders, unfinished = self._write(database, prepared, found, place, told["names"])
        except NotRemembered:
            await _remember(database, self._rows.keys(found, prepared.query.slots))
            orders, unfinished = self._write(database, prepared, found, place, told["names"])
        self._finish(unfinished, lists.shares)
        page = self._connection.answer(orders, lists.orders, ORDER_CURSORS[lists.sort].encode)
        return self._answer(organisation_id, told, page)

    def _asked(self, request: Request) -> tuple[_Lists, _Prepared]:
        lists = self._lists(request)
        asked = lists, self._prepared(self._statement(lists))
        nested = self._rows.nested
        if self._orders.has_fixed_arguments and (nested is None or nested[0].has_fixed_arguments):
            self._fixed = asked
        return asked

    def _lists(self, request: Request) -> _Lists:
        given = request.arguments(self._orders)
        sort = given["order_by"]
        orders = _page(ORDER_CURSORS[sort], DEFAULT_PAGE, given)
        kept = values_given((given.get("where") or OrderFilter()).checked())
        if self._rows.nested is None:
            return _Lists(sort, kept, orders, PageRequest(1))
        nested = request.arguments(self._rows.nested[0])
        if nested.get("status") is not None or nested.get("after") is not None:
            raise NotWhole("a page of some shared orders")
        return _Lists(sort, kept, orders, _page(SHARE_CURSOR, None, {"first": _DEFAULT_SHARES, **nested}))

    def _statement(self, lists: _Lists) -> _Statement:
        nested = self._rows.nested
        return _Statement(
            lists.sort,
            frozenset(lists.kept),
            lists.orders.form,
            lists.orders.size + self._connection.asks_for_more,
            lists.shares.size + (nested is not None and nested[1].asks_for_more),
        )

    def _prepare(self, statement: _Statement) -> _Prepared:
        query = order_page(
            OrderPageForm(
                self._place_columns,
                self._rows.order_columns(statement.sort),
                self._rows.share_columns,
                statement.sort,
                statement.conditions,
                statement.bounds,
                statement.orders,
                statement.shares,
            )
        )
        return _Prepared(query, self._rows.write(statement.sort, query.slots))

    def _write(
        self, database: Database, prepared: _Prepared, found: Sequence[Values], place: Place, version: UUID | None
    ) -> Any:
        rows = iter(found)
        next(rows)
        ready = [ready_objects(database.names, version, *wanted) for wanted in self._rows.ready]
        return prepared.write(rows, place, database.instant_text, *ready)

    def _finish(self, unfinished: Any, page: PageRequest) -> None:
        if unfinished and self._rows.nested is not None:
            field, connection = self._rows.nested
            for order, shares in unfinished:
                order[field.name] = connection.answer(shares, page, SHARE_CURSOR.encode)

    def _answer(self, organisation_id: UUID, told: dict[str, Any], page: dict[str, Any]) -> dict[str, Any]:
        return {
            each.name: page if each is self._orders else _own(each.field_name, organisation_id, told)
            for each in self._selection.fields
        }


async def _remember(database: Database, keys: dict[Remembered, set[Any]]) -> None:
    """Load rows that are not remembered yet; those of another version than the answer's will not serve it."""
    async with database.snapshot(_remember) as snapshot:
        await snapshot.ask_moment()
        await load_users(snapshot, keys[Remembered.USERS])
        await load_order_types(snapshot, keys[Remembered.ORDER_TYPES])


def _only_list(selection: TypeSelection) -> FieldSelection:
    """Return the one list of orders that is selected, having seen that the other fields are in `_COLUMNS`."""
    lists = [each for each in selection.fields if each.field_name not in _COLUMNS]
    if len(lists) != 1 or lists[0].field_name != "orders":
        raise NotWhole("not an organisation with one list of orders")
    return lists[0]


def _page(cursor: PageCursor, default: int | None, given: dict[str, Any]) -> PageRequest:
    wanted = {name: given.get(name) for name in ("first", "after", "last", "before")}
    return page_request(cursor, default or 0, **wanted)


def _place(told: dict[str, Any], organisation_id: UUID, viewer: Viewer) -> Place:
    member = Member(viewer.user_id, organisation_id, MemberRole(told["role"]))
    return Place(member, told["now"], SharePolicy(told["share_policy"]))


def _own(field: str, organisation_id: UUID, told: dict[str, Any]) -> Any:
    if field == "__typename":
        return "Organisation"
    if field == "id":
        return encode_id("Organisation", organisation_id)
    if field == "logCursor":
        sequence, event_id = told["sequence"], told["event_id"]
        if event_id is None:
            return str(LogCursor.before_everything(organisation_id))
        return str(LogCursor(organisation_id, sequence, event_id.bytes[:8]))
    [column] = _COLUMNS[field]
    return told[column]
