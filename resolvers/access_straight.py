"""The locks of `resolvers.access` for what is decided for many at once: by kept statements, of plain objects."""

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, Integer, bindparam, func, literal_column, select
from sqlmodel import SQLModel, col
from sqlmodel.sql.sqltypes import UTCDateTime

from db.given_rows import GivenRows
from db.held_rows import HeldOrder, HeldSharedOrder, held_columns
from db.order_tables import OrderRow
from db.parts_query import Part, PartReader, PartsQuery
from db.people_tables import MembershipRow
from db.row_query import RowQuery, any_of
from db.sharing_tables import SharedOrderRow
from db.writing import Statements
from domain.people import Member
from domain.vocabulary import SharedOrderStatus

_MEMBERS, _ORDERS, _SHARED_ORDERS = 0, 1, 2
"""The parts of the statement that locks."""

_MEMBERSHIP = SQLModel.metadata.tables[MembershipRow.__tablename__]


def _locked_members() -> CTE:
    members = (
        select(*(_MEMBERSHIP.c[each.name] for each in fields(Member)))
        .where(
            col(MembershipRow.organisation_id) == bindparam("organisation"),
            any_of(col(MembershipRow.user_id), "user_ids"),
            col(MembershipRow.removed_at).is_(None),
        )
        .order_by(col(MembershipRow.user_id))
    )
    return members.with_for_update(read=True).cte("members")


def _locked_orders(members: CTE) -> CTE:
    orders = (
        select(*held_columns(OrderRow, HeldOrder))
        .where(
            _counted(members),
            col(OrderRow.organisation_id) == bindparam("organisation"),
            any_of(col(OrderRow.id), "order_ids"),
        )
        .order_by(col(OrderRow.id))
    )
    return orders.with_for_update(key_share=True).cte("held_orders")


def _locked_shared_orders(orders: CTE) -> CTE:
    shared = (
        select(*held_columns(SharedOrderRow, HeldSharedOrder))
        .where(
            _counted(orders),
            any_of(col(SharedOrderRow.id), "shared_order_ids"),
            any_of(col(SharedOrderRow.order_id), "order_ids"),
        )
        .order_by(col(SharedOrderRow.id))
    )
    return shared.with_for_update(key_share=True).cte("held_shared_orders")


def _counted(locked: CTE) -> ColumnElement[bool]:
    """Return the condition that rows of another kind have been counted, which is to say locked, and there are some.

    The order in which a statement comes to its parts is not promised otherwise.
    """
    return select(func.count()).select_from(locked).scalar_subquery() > literal_column("0", Integer())


def _locks() -> tuple[Part, Part, Part]:
    """Return the rows that claims are about, locked in the order in which everybody locks."""
    members = _locked_members()
    orders = _locked_orders(members)
    # PostgreSQL works out the columns of a row before it waits for the row's lock. Of what a CTE has locked, the outer
    # columns are worked out later.
    now = {"now": func.clock_timestamp(type_=UTCDateTime())}
    return _part(members), _part(orders), _part(_locked_shared_orders(orders), now)


def _and_clock(*values: Any) -> tuple[HeldSharedOrder, datetime]:
    *own, now = values
    return HeldSharedOrder(*own), now


def _part(locked: CTE, more: Mapping[str, ColumnElement[Any]] | None = None) -> Part:
    return Part({**locked.c, **(more or {})}, lambda statement: statement.select_from(locked))


_PARTS = _locks()
_HELD = PartsQuery(lambda _: _PARTS)
_READ_MEMBER = PartReader(_HELD, _MEMBERS, _PARTS[_MEMBERS], Member)
_READ_ORDER = PartReader(_HELD, _ORDERS, _PARTS[_ORDERS], HeldOrder)
_READ_SHARED_ORDER = PartReader(_HELD, _SHARED_ORDERS, _PARTS[_SHARED_ORDERS], _and_clock)

_OFFERS = RowQuery(
    select(*held_columns(SharedOrderRow, HeldSharedOrder))
    .where(
        any_of(col(SharedOrderRow.order_id), "order_ids"),
        col(SharedOrderRow.status) == SharedOrderStatus.OFFERED,
    )
    .order_by(col(SharedOrderRow.id))
    .with_for_update(key_share=True),
    lambda values: HeldSharedOrder(*values),
)
_PLACE = {name: _MEMBERSHIP.c[name] for name in ("organisation_id", "user_id")}
_STILL_MEMBERS = GivenRows(
    _PLACE,
    lambda given: select(*_PLACE.values()).where(
        *(column == given[name] for name, column in _PLACE.items()), _MEMBERSHIP.c.removed_at.is_(None)
    ),
    tuple,
)


@dataclass(frozen=True, slots=True)
class Held:
    """What claims in one organisation are about, locked and as it is now.

    Attributes:
        members: Those of the users who are members now, kept from being removed or changed.
        orders: The orders.
        shared: The shared orders.
        at: When all of them were locked.
    """

    members: dict[UUID, Member]
    orders: dict[UUID, HeldOrder]
    shared: dict[UUID, HeldSharedOrder]
    at: datetime


async def hold(
    statements: Statements,
    organisation_id: UUID,
    user_ids: Collection[UUID],
    order_ids: Collection[UUID],
    shared_order_ids: Collection[UUID],
) -> Held | None:
    """Lock what claims are about until the transaction ends, in the order in which everybody locks.

    Args:
        statements: The transaction.
        organisation_id: Where it belongs.
        user_ids: Those who claim.
        order_ids: The orders of the shared orders.
        shared_order_ids: What is claimed.

    Returns:
        It, or None where none of the shared orders is there.
    """
    rows = await statements.parts(
        _HELD,
        organisation=organisation_id,
        user_ids=user_ids,
        order_ids=order_ids,
        shared_order_ids=shared_order_ids,
    )
    members = [_READ_MEMBER(row) for row in rows if row[0] == _MEMBERS]
    orders = [_READ_ORDER(row) for row in rows if row[0] == _ORDERS]
    shared = [_READ_SHARED_ORDER(row) for row in rows if row[0] == _SHARED_ORDERS]
    if not shared:
        return None
    return Held(
        {member.user_id: member for member in members},
        {order.id: order for order in orders},
        {each.id: each for each, _ in shared},
        max(now for _, now in shared),
    )


async def hold_offers(statements: Statements, order_ids: Collection[UUID]) -> list[HeldSharedOrder]:
    """Return what is on offer of orders that are locked, by id, locked and as it is now."""
    return await statements.rows(_OFFERS, order_ids=order_ids)


async def still_members(
    statements: Statements, places: Collection[tuple[UUID, UUID]]
) -> AbstractSet[tuple[UUID, UUID]]:
    """Return those of `places`, each an organisation and a user, where the user is a member now."""
    return set(await statements.rows_for(_STILL_MEMBERS, list(places)))
