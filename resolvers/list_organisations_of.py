"""The organisations that users belong to."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlmodel import SQLModel

from db.people_tables import MembershipRow
from db.row_query import RowQuery, any_of
from db.writing import Statements

_MEMBERSHIP = SQLModel.metadata.tables[MembershipRow.__tablename__]
_MEMBERSHIPS = RowQuery(
    select(*(_MEMBERSHIP.c[name] for name in ("user_id", "organisation_id"))).where(
        any_of(_MEMBERSHIP.c.user_id, "user_ids"), _MEMBERSHIP.c.removed_at.is_(None)
    ),
    tuple,
)


async def find_organisations_of(statements: Statements, user_ids: Sequence[UUID]) -> list[list[UUID]]:
    """Return, for each of these users, the organisations they belong to, in no order."""
    found: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for user_id, organisation_id in await statements.rows(_MEMBERSHIPS, user_ids=user_ids):
        found[user_id].append(organisation_id)
    return [found[user_id] for user_id in user_ids]
