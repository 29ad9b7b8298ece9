"""The locks of `resolvers.access` for what is decided for many at once: by kept statements, of plain objects."""

from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, func, select
from sqlmodel import SQLModel, col
from sqlmodel.sql.sqltypes import UTCDateTime

from db.given_rows import GivenRows
from db.held_rows import HeldOrder, HeldSharedOrder, held_columns
from db.order_tables import OrderRow
from db.people_tables import MembershipRow
from db.row_query import RowQuery, any_of
from db.sharing_tables import SharedOrderRow
from db.writing import Statements
from domain.people import Member
from domain.vocabulary import SharedOrderStatus

_MEMBERSHIP = SQLModel.metadata.tables[MembershipRow.__tablename__]


def _with_clock(locking: Select[Any]) -> Select[Any]:
    """Return a statement's rows, each with the time at which its lock was held.

    In the statement itself the time might be that before the wait: PostgreSQL locks a row when it has worked out its
    columns. The rows of a subquery that locks have been locked when the outer columns are worked out.
    """
    held = locking.subquery("held")
    return select(*held.c, func.clock_timestamp(type_=UTCDateTime()))


def _and_clock(values: Iterable[Any]) -> tuple[HeldSharedOrder, datetime]:
    *own, now = values
    return HeldSharedOrder(*own), now


_MEMBERS = RowQuery(
    select(*(_MEMBERSHIP.c[name] for name in ("user_id", "organisation_id", "role")))
    .where(
        col(MembershipRow.organisation_id) == bindparam("organisation"),
        any_of(col(MembershipRow.user_id), "user_ids"),
        col(MembershipRow.removed_at).is_(None),
    )
    .order_by(col(MembershipRow.user_id))
    .with_for_update(read=True),
    lambda values: Member(*values),
)
_ORDERS = RowQuery(
    select(*held_columns(OrderRow, HeldOrder))
    .where(col(OrderRow.organisation_id) == bindparam("organisation"), any_of(col(OrderRow.id), "order_ids"))
    .order_by(col(OrderRow.id))
    .with_for_update(key_share=True),
    lambda values: HeldOrder(*values),
)
_SHARED_ORDERS = RowQuery(
    _with_clock(
        select(*held_columns(SharedOrderRow, HeldSharedOrder))
        .where(
            any_of(col(SharedOrderRow.id), "shared_order_ids"),
            any_of(col(SharedOrderRow.order_id), "order_ids"),
        )
        .order_by(col(SharedOrderRow.id))
        .with_for_update(key_share=True)
    ),
    _and_clock,
)
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


async def hold_members(
    statements: Statements, organisation_id: UUID, user_ids: Collection[UUID]
) -> Mapping[UUID, Member]:
    """Return those of the users who are members now, kept from being removed or changed until the transaction ends."""
    members = await statements.rows(_MEMBERS, organisation=organisation_id, user_ids=user_ids)
    return {member.user_id: member for member in members}


async def hold_orders(
    statements: Statements, organisation_id: UUID, order_ids: Collection[UUID]
) -> Mapping[UUID, HeldOrder]:
    """Return orders of the organisation, locked and as they are now; lock memberships first."""
    orders = await statements.rows(_ORDERS, organisation=organisation_id, order_ids=order_ids)
    return {order.id: order for order in orders}


async def hold_shared_orders(
    statements: Statements, order_ids: Collection[UUID], shared_order_ids: Collection[UUID]
) -> tuple[dict[UUID, HeldSharedOrder], datetime | None]:
    """Return shared orders of orders that are locked, locked and as they are now.

    Returns:
        They, and the time when all of them were locked; no time where there are none.
    """
    rows = await statements.rows(_SHARED_ORDERS, order_ids=order_ids, shared_order_ids=shared_order_ids)
    return {shared.id: shared for shared, _ in rows}, rows[-1][1] if rows else None


async def hold_offers(statements: Statements, order_ids: Collection[UUID]) -> list[HeldSharedOrder]:
    """Return what is on offer of orders that are locked, by id, locked and as it is now."""
    return await statements.rows(_OFFERS, order_ids=order_ids)


async def still_members(
    statements: Statements, places: Collection[tuple[UUID, UUID]]
) -> AbstractSet[tuple[UUID, UUID]]:
    """Return those of `places`, each an organisation and a user, where the user is a member now."""
    return set(await statements.rows_for(_STILL_MEMBERS, list(places)))
