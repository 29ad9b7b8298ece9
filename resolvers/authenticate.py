"""From the reference in a verified token to the user it stands for."""

from sqlalchemy import bindparam, select
from sqlmodel import col

from db.people_tables import UserRow
from db.row_query import RowQuery, only_value
from db.snapshot import Snapshot
from domain.errors import DomainError
from domain.importing import require_reference
from domain.people import Viewer

_USER_ID = RowQuery(select(col(UserRow.id)).where(col(UserRow.reference) == bindparam("reference")), only_value)


async def find_viewer(snapshot: Snapshot, reference: str) -> Viewer | None:
    """Return the user with this reference, or None where there is none."""
    try:
        require_reference(reference)
    except DomainError:
        return None
    found = await snapshot.rows(_USER_ID, reference=reference)
    return Viewer(found[0]) if found else None
