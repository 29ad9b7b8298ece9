"""Rows that a row refers to, many at once. Whoever may see the referring row may see these."""

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlmodel import SQLModel, col

from db.order_tables import OrderRow, OrderTypeRow
from db.people_tables import MembershipRow, OrganisationRow, UserRow
from db.plain_rows import (
    PlainMembership,
    PlainOrder,
    PlainOrderType,
    PlainOrganisation,
    PlainSharedOrder,
    PlainUser,
)
from db.row_cache import RowCache
from db.row_query import RowQuery, any_of, columns_of
from db.sharing_tables import SharedOrderRow
from db.snapshot import MOMENT, Snapshot

Key = TypeVar("Key", bound=Hashable)
Row = TypeVar("Row")


def _by_keys(table: type[SQLModel], shape: type[NamedTuple]) -> RowQuery[Any]:
    columns = columns_of(table, shape)
    return RowQuery(select(*columns).where(any_of(columns[0], "keys")), shape._make)


def _by_keys_with_moment(table: type[SQLModel], shape: type[NamedTuple]) -> RowQuery[tuple[Any, Any]]:
    def split(values: Iterable[Any]) -> tuple[Any, Any]:
        *own, now, names = values
        return shape._make(own), (now, names)

    columns = columns_of(table, shape)
    return RowQuery(select(*columns, *MOMENT).where(any_of(columns[0], "keys")), split)


_USERS = _by_keys_with_moment(UserRow, PlainUser)
_ORDER_TYPES = _by_keys_with_moment(OrderTypeRow, PlainOrderType)
_ORGANISATIONS = _by_keys(OrganisationRow, PlainOrganisation)
_ORDERS = _by_keys(OrderRow, PlainOrder)
_SHARED_ORDERS = _by_keys(SharedOrderRow, PlainSharedOrder)
_MEMBERSHIPS = RowQuery(
    select(*columns_of(MembershipRow, PlainMembership)).where(
        any_of(col(MembershipRow.organisation_id), "organisation_ids"),
        any_of(col(MembershipRow.user_id), "user_ids"),
        col(MembershipRow.removed_at).is_(None),
    ),
    PlainMembership._make,
)


async def load_users(snapshot: Snapshot, user_ids: Collection[UUID]) -> Mapping[UUID, PlainUser]:
    """Return users by id, those that are remembered without asking."""
    return await _load_remembered(snapshot, snapshot.names.users, _USERS, user_ids, lambda row: row.id)


def known_user(snapshot: Snapshot, user_id: UUID) -> PlainUser | None:
    """Return what `load_users` would, where nothing needs to be asked for it."""
    return _remembered(snapshot, snapshot.names.users, user_id)


async def load_order_types(snapshot: Snapshot, codes: Collection[str]) -> Mapping[str, PlainOrderType]:
    """Return order types by code, those that are remembered without asking."""
    return await _load_remembered(snapshot, snapshot.names.order_types, _ORDER_TYPES, codes, lambda row: row.code)


def known_order_type(snapshot: Snapshot, code: str) -> PlainOrderType | None:
    """Return what `load_order_types` would, where nothing needs to be asked for it."""
    return _remembered(snapshot, snapshot.names.order_types, code)


def _remembered(snapshot: Snapshot, cache: RowCache[Key, Row], key: Key) -> Row | None:
    return None if snapshot.moment is None else cache.get(snapshot.moment.names, key)


async def _load_remembered(
    snapshot: Snapshot,
    cache: RowCache[Key, Row],
    query: RowQuery[tuple[Row, Any]],
    keys: Collection[Key],
    key_of: Callable[[Row], Key],
) -> Mapping[Key, Row]:
    """Return rows by key, from the cache where the snapshot's moment is known, and remember what had to be asked."""
    known = {key: row for key in keys if (row := _remembered(snapshot, cache, key)) is not None}
    missing = [key for key in keys if key not in known]
    if not missing:
        return known
    asked: dict[Key, Row] = {}
    for row, moment in await snapshot.rows(query, keys=missing):
        snapshot.learn(*moment)
        asked[key_of(row)] = row
    if snapshot.moment is not None:
        cache.put(snapshot.moment.names, asked)
    return known | asked


async def load_organisations(
    snapshot: Snapshot, organisation_ids: Collection[UUID]
) -> Mapping[UUID, PlainOrganisation]:
    """Return organisations by id."""
    return {row.id: row for row in await snapshot.rows(_ORGANISATIONS, keys=organisation_ids)}


async def load_orders(snapshot: Snapshot, order_ids: Collection[UUID]) -> Mapping[UUID, PlainOrder]:
    """Return orders by id."""
    return {row.id: row for row in await snapshot.rows(_ORDERS, keys=order_ids)}


async def load_shared_orders(snapshot: Snapshot, shared_order_ids: Collection[UUID]) -> Mapping[UUID, PlainSharedOrder]:
    """Return shared orders by id."""
    return {row.id: row for row in await snapshot.rows(_SHARED_ORDERS, keys=shared_order_ids)}


async def load_memberships(
    snapshot: Snapshot, places: Collection[tuple[UUID, UUID]]
) -> Mapping[tuple[UUID, UUID], PlainMembership]:
    """Return the memberships that hold now, by organisation and user; it may return others beside those."""
    organisation_ids, user_ids = {place[0] for place in places}, {place[1] for place in places}
    rows = await snapshot.rows(_MEMBERSHIPS, organisation_ids=organisation_ids, user_ids=user_ids)
    return {(row.organisation_id, row.user_id): row for row in rows}
