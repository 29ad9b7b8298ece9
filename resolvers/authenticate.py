"""From the references in verified tokens to the users they stand for."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlmodel import SQLModel

from db.people_tables import MembershipRow, UserRow
from db.row_query import RowQuery, any_of
from db.writing import Statements
from domain.errors import DomainError
from domain.importing import require_reference
from domain.people import Viewer

_USER, _MEMBERSHIP = (SQLModel.metadata.tables[name] for name in (UserRow.__tablename__, MembershipRow.__tablename__))
_USERS = RowQuery(
    select(_USER.c.reference, _USER.c.id, _MEMBERSHIP.c.organisation_id)
    .select_from(
        _USER.outerjoin(_MEMBERSHIP, (_MEMBERSHIP.c.user_id == _USER.c.id) & _MEMBERSHIP.c.removed_at.is_(None))
    )
    .where(any_of(_USER.c.reference, "references")),
    tuple,
)


async def find_viewers(statements: Statements, references: Sequence[str]) -> list[Viewer | None]:
    """Return the user with each of these references, or None where there is none."""
    asked = [reference for reference in references if _may_be_one(reference)]
    found: dict[str, tuple[UUID, list[UUID]]] = {}
    for reference, user_id, organisation_id in await statements.rows(_USERS, references=asked) if asked else ():
        _, organisations = found.setdefault(reference, (user_id, []))
        if organisation_id is not None:
            organisations.append(organisation_id)
    viewers = {reference: Viewer(user_id, tuple(came_from)) for reference, (user_id, came_from) in found.items()}
    return [viewers.get(reference) for reference in references]


def _may_be_one(reference: str) -> bool:
    try:
        require_reference(reference)
    except DomainError:
        return False
    return True
