"""The members of an organisation, and the organisations of a user."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, or_
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.keyset import Keyset, Page, PageRequest, cut
from db.people_tables import MembershipRow, UserRow
from domain.people import Viewer

_OLDEST_FIRST = Keyset((col(MembershipRow.user_id),))


async def list_members(
    session: AsyncSession, organisation_id: UUID, search: str | None, request: PageRequest
) -> Page[MembershipRow]:
    """Return a page of the members, in the order in which their users were made.

    Args:
        session: An open session.
        organisation_id: Whose members; the caller has seen that the viewer is one of them.
        search: The name contains it, or the reference starts with it, in any case of letters; None for all.
        request: Which page.
    """
    statement = (
        select(MembershipRow)
        .where(*_conditions(organisation_id, search), *_OLDEST_FIRST.bounds(request))
        .order_by(*_OLDEST_FIRST.ordering(request))
        .limit(request.size + 1)
    )
    return cut((await session.exec(statement)).all(), request)


async def count_members(session: AsyncSession, organisation_id: UUID, search: str | None) -> int:
    """Return how many members the search finds."""
    statement = select(func.count()).select_from(MembershipRow).where(*_conditions(organisation_id, search))
    return (await session.exec(statement)).one()


async def list_memberships(session: AsyncSession, viewer: Viewer) -> Sequence[MembershipRow]:
    """Return the viewer's memberships that hold now, oldest organisation first."""
    statement = (
        select(MembershipRow)
        .where(col(MembershipRow.user_id) == viewer.user_id, col(MembershipRow.removed_at).is_(None))
        .order_by(col(MembershipRow.organisation_id))
    )
    return (await session.exec(statement)).all()


def _conditions(organisation_id: UUID, search: str | None) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [
        col(MembershipRow.organisation_id) == organisation_id,
        col(MembershipRow.removed_at).is_(None),
    ]
    if search is not None:
        found = select(UserRow.id).where(
            or_(
                col(UserRow.search_name).contains(search.casefold(), autoescape=True),
                col(UserRow.search_reference).startswith(search.casefold(), autoescape=True),
            )
        )
        conditions.append(col(MembershipRow.user_id).in_(found))
    return conditions
