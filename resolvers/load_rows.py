"""Rows that a row refers to, many at once. Whoever may see the referring row may see these."""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import tuple_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.order_tables import OrderRow, OrderTypeRow
from db.people_tables import MembershipRow, OrganisationRow, UserRow
from db.sharing_tables import SharedOrderRow


async def load_users(session: AsyncSession, user_ids: Collection[UUID]) -> Mapping[UUID, UserRow]:
    """Return users by id."""
    statement = select(UserRow).where(col(UserRow.id).in_(user_ids))
    return {row.id: row for row in (await session.exec(statement)).all()}


async def load_organisations(
    session: AsyncSession, organisation_ids: Collection[UUID]
) -> Mapping[UUID, OrganisationRow]:
    """Return organisations by id."""
    statement = select(OrganisationRow).where(col(OrganisationRow.id).in_(organisation_ids))
    return {row.id: row for row in (await session.exec(statement)).all()}


async def load_orders(session: AsyncSession, order_ids: Collection[UUID]) -> Mapping[UUID, OrderRow]:
    """Return orders by id."""
    statement = select(OrderRow).where(col(OrderRow.id).in_(order_ids))
    return {row.id: row for row in (await session.exec(statement)).all()}


async def load_shared_orders(
    session: AsyncSession, shared_order_ids: Collection[UUID]
) -> Mapping[UUID, SharedOrderRow]:
    """Return shared orders by id."""
    statement = select(SharedOrderRow).where(col(SharedOrderRow.id).in_(shared_order_ids))
    return {row.id: row for row in (await session.exec(statement)).all()}


async def load_order_types(session: AsyncSession, codes: Collection[str]) -> Mapping[str, OrderTypeRow]:
    """Return order types by code."""
    statement = select(OrderTypeRow).where(col(OrderTypeRow.code).in_(codes))
    return {row.code: row for row in (await session.exec(statement)).all()}


async def load_memberships(
    session: AsyncSession, places: Collection[tuple[UUID, UUID]]
) -> Mapping[tuple[UUID, UUID], MembershipRow]:
    """Return the memberships that hold now, by organisation and user."""
    place = tuple_(col(MembershipRow.organisation_id), col(MembershipRow.user_id))
    statement = select(MembershipRow).where(place.in_(places), col(MembershipRow.removed_at).is_(None))
    return {(row.organisation_id, row.user_id): row for row in (await session.exec(statement)).all()}
