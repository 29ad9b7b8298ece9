"""The members of an organisation, and the organisations of a user."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, func, select
from sqlmodel import col

from db.keyset import UP_TO, Keyset, Page, PageRequest, cut
from db.people_tables import MembershipRow, UserRow
from db.plain_rows import PlainMembership
from db.row_query import RowQuery, columns_of, only_value
from db.search import found_by, search_values
from db.snapshot import Snapshot
from domain.people import Viewer
from resolvers.find_rows import VIEWER

_OLDEST_FIRST = Keyset((col(MembershipRow.user_id),))
_COLUMNS = columns_of(MembershipRow, PlainMembership)
_HOLDS = col(MembershipRow.removed_at).is_(None)


async def list_members(
    snapshot: Snapshot, organisation_id: UUID, search: str | None, request: PageRequest
) -> Page[PlainMembership]:
    """Return a page of the members, in the order in which their users were made.

    Args:
        snapshot: What to read from.
        organisation_id: Whose members; the caller has seen that the viewer is one of them.
        search: The name contains it, or the reference starts with it, in any case of letters; None for all.
        request: Which page.
    """
    query = _listing(search is not None, request.form)
    values = _values(organisation_id, search)
    return cut(await snapshot.rows(query, **values, **request.parameters()), request)


async def count_members(snapshot: Snapshot, organisation_id: UUID, search: str | None) -> int:
    """Return how many members the search finds."""
    return await snapshot.one(_counting(search is not None), **_values(organisation_id, search))


_OF_VIEWER = RowQuery(
    select(*_COLUMNS).where(col(MembershipRow.user_id) == VIEWER, _HOLDS).order_by(col(MembershipRow.organisation_id)),
    PlainMembership._make,
)


async def list_memberships(snapshot: Snapshot, viewer: Viewer) -> Sequence[PlainMembership]:
    """Return the viewer's memberships that hold now, oldest organisation first."""
    return await snapshot.rows(_OF_VIEWER, viewer_id=viewer.user_id)


@lru_cache(16)
def _listing(searching: bool, form: PageRequest) -> RowQuery[PlainMembership]:
    statement = (
        select(*_COLUMNS)
        .where(*_conditions(searching), *_OLDEST_FIRST.bounds(form))
        .order_by(*_OLDEST_FIRST.ordering(form))
        .limit(UP_TO)
    )
    return RowQuery(statement, PlainMembership._make)


@lru_cache(2)
def _counting(searching: bool) -> RowQuery[int]:
    return RowQuery(select(func.count()).select_from(MembershipRow).where(*_conditions(searching)), only_value)


def _conditions(searching: bool) -> list[ColumnElement[bool]]:
    conditions = [col(MembershipRow.organisation_id) == bindparam("organisation_id"), _HOLDS]
    if searching:
        found = select(col(UserRow.id)).where(found_by(col(UserRow.search_name), col(UserRow.search_reference)))
        conditions.append(col(MembershipRow.user_id).in_(found))
    return conditions


def _values(organisation_id: UUID, search: str | None) -> dict[str, Any]:
    return {"organisation_id": organisation_id, **({} if search is None else search_values(search))}
