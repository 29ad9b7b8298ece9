"""From the references in verified tokens to the users they stand for."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import SQLModel

from db.people_tables import UserRow
from db.row_query import RowQuery, any_of
from db.writing import Statements
from domain.errors import DomainError
from domain.importing import require_reference
from domain.people import Viewer

_USER = SQLModel.metadata.tables[UserRow.__tablename__]
_USERS = RowQuery(
    select(*(_USER.c[name] for name in ("reference", "id"))).where(any_of(_USER.c.reference, "references")), tuple
)


async def find_viewers(statements: Statements, references: Sequence[str]) -> list[Viewer | None]:
    """Return the user with each of these references, or None where there is none."""
    asked = [reference for reference in references if _may_be_one(reference)]
    found = dict(await statements.rows(_USERS, references=asked)) if asked else {}
    return [Viewer(found[reference]) if reference in found else None for reference in references]


def _may_be_one(reference: str) -> bool:
    try:
        require_reference(reference)
    except DomainError:
        return False
    return True
