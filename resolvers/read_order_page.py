"""A page of an organisation's orders with the viewer's place there and the first shared orders of each, in one go.

What separate use cases read by several statements in a transaction, this reads by one statement, and only the columns
that are asked for. It judges nothing that they would judge otherwise: the conditions are theirs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
)
from sqlmodel import SQLModel, col
from sqlmodel.sql.sqltypes import UTCDateTime

from db.first_of_each import first_of_each
from db.instant_text import shown_instant
from db.keyset import PageRequest
from db.log_tables import EventRow
from db.names_tables import NamesRow
from db.order_tables import OrderRow
from db.parts_query import Part, PartsQuery
from db.people_tables import MembershipRow, OrganisationRow
from db.sharing_tables import SharedOrderRow
from domain.vocabulary import MemberRole, SharedOrderStatus
from resolvers.find_rows import VIEWER
from resolvers.list_orders import ORDERINGS, OrderSort, conditions_of

PLACE, ORDERS, SHARES = 0, 1, 2
"""The parts of the statement."""

OFFER_ENDS_AT = "offer_ends_at"
"""When an offer closes; null for a shared order whose status the time of the answer cannot have changed."""

AS_TEXT = "as_text_of_"
"""Begins the name of a column of instants that are read to be shown, not to be judged by; see `db.instant_text`."""


@dataclass(frozen=True)
class OrderPageForm:
    """What the text of the statement depends on.

    Attributes:
        place: The columns that are read of the organisation.
        orders: The columns that are read of each order.
        shares: The columns that are read of each shared order; None where none are read.
        sort: What the orders are sorted by.
        conditions: The names of the filter's conditions.
        bounds: The form of the page that is asked for.
        most_orders: How many orders are read at the most.
        most_shares: How many shared orders of each order are read at the most.
    """

    place: tuple[str, ...]
    orders: tuple[str, ...]
    shares: tuple[str, ...] | None
    sort: OrderSort
    conditions: frozenset[str]
    bounds: PageRequest
    most_orders: int
    most_shares: int = 0


@lru_cache(500)
def order_page(form: OrderPageForm) -> PartsQuery:
    """Return the statement: rows of `PLACE` (one, none where the viewer is no member), `ORDERS` and `SHARES`.

    The number of rows is in its text, so that PostgreSQL can plan once for all requests: a limit that it does not
    know makes it plan anew for each.
    """
    return PartsQuery(lambda dialect: _parts(form, dialect))


def _parts(form: OrderPageForm, dialect: str) -> Sequence[Part]:
    seen = _seen()
    page = _page(form, seen)
    place = {name: _of_place(seen, name) for name in form.place}
    parts = [
        Part(place, lambda statement: statement.select_from(seen)),
        Part({name: page.c[name] for name in form.orders}, lambda statement: statement.select_from(page)),
    ]
    return parts if form.shares is None else [*parts, _shares(form, form.shares, seen, page, dialect)]


def _seen() -> CTE:
    """Return the organisation as the viewer sees it: no row where they are not a member of it now."""
    organisation = [col(OrganisationRow.id), col(OrganisationRow.reference), col(OrganisationRow.name)]
    statement = (
        select(*organisation, col(OrganisationRow.share_policy), col(MembershipRow.role))
        .join(MembershipRow, col(MembershipRow.organisation_id) == col(OrganisationRow.id))
        .where(
            col(OrganisationRow.id) == bindparam("organisation_id"),
            col(MembershipRow.user_id) == VIEWER,
            col(MembershipRow.removed_at).is_(None),
        )
    )
    return statement.cte("seen")


def _of_place(seen: CTE, name: str) -> ColumnElement[Any]:
    if name == "now":
        return func.clock_timestamp(type_=UTCDateTime())
    if name == "names":
        return select(col(NamesRow.version)).scalar_subquery()
    if name in ("sequence", "event_id"):
        last = select(col(getattr(EventRow, name))).where(col(EventRow.organisation_id) == seen.c.id)
        return last.order_by(col(EventRow.sequence).desc()).limit(1).scalar_subquery()
    return seen.c[name]


def _page(form: OrderPageForm, seen: CTE) -> CTE:
    keyset = ORDERINGS[form.sort]
    place = func.row_number(type_=BigInteger()).over(order_by=keyset.ordering(form.bounds)).label("place")
    statement = (
        select(*_columns(OrderRow, {"id", "owner_id", *form.orders} - {"place"}), place)
        .where(
            col(OrderRow.organisation_id) == select(seen.c.id).scalar_subquery(),
            *conditions_of(form.conditions),
            *keyset.bounds(form.bounds),
        )
        .order_by(*keyset.ordering(form.bounds))
        .limit(literal_column(str(form.most_orders)))
    )
    return statement.cte("page")


def _shares(form: OrderPageForm, wanted: tuple[str, ...], seen: CTE, page: CTE, dialect: str) -> Part:
    role = select(seen.c.role).scalar_subquery()
    # `may_see_shared_order` as SQL: what the viewer's role lets them see is worked out once, not for each row.
    visible = or_(
        role == MemberRole.ADMIN,
        col(SharedOrderRow.sender_id) == VIEWER,
        col(SharedOrderRow.recipient_id) == VIEWER,
        page.c.owner_id == VIEWER,
    )
    own = _columns(SharedOrderRow, {"id", *wanted} - {OFFER_ENDS_AT, "place"})
    first, together = first_of_each(
        page,
        page.c.id,
        [*own, _offer_ends_at(dialect).label(OFFER_ENDS_AT)],
        key=col(SharedOrderRow.order_id),
        conditions=[visible],
        ordering=[col(SharedOrderRow.id).desc()],
        limit=form.most_shares,
        dialect=dialect,
    )
    columns: Mapping[str, ColumnElement[Any]] = {
        name: page.c.place if name == "place" else first.c[name] for name in wanted
    }

    def of(statement: Select[Any]) -> Select[Any]:
        rows = statement.select_from(together)
        if dialect == "postgresql":
            return rows
        # SQLite joins as it likes, and sorts a part of a UNION only inside of a subquery.
        return select(rows.order_by(page.c.place, first.c.id.desc()).subquery())

    return Part(columns, of)


def _offer_ends_at(dialect: str) -> ColumnElement[Any]:
    """Return the column `OFFER_ENDS_AT`: PostgreSQL spares the reader the offers that end no sooner than in an hour."""
    status, closes_at = col(SharedOrderRow.status), col(SharedOrderRow.closes_at)
    may_be_over = status == SharedOrderStatus.OFFERED
    if dialect == "postgresql":
        soon = func.clock_timestamp(type_=UTCDateTime()) + literal_column("interval '1 hour'")
        may_be_over = and_(may_be_over, closes_at < soon)
    return case((may_be_over, closes_at))


def _columns(table: type[SQLModel], names: set[str]) -> list[ColumnElement[Any]]:
    source: FromClause = table.__table__  # type: ignore[attr-defined]  # SQLModel has it
    return [
        shown_instant(source.c[name.removeprefix(AS_TEXT)]).label(name) if name.startswith(AS_TEXT) else source.c[name]
        for name in sorted(names)
    ]
