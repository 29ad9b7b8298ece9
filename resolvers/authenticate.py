"""From the reference in a verified token to the user it stands for."""

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.people_tables import UserRow
from domain.errors import DomainError
from domain.importing import require_reference
from domain.people import Viewer


async def find_viewer(session: AsyncSession, reference: str) -> Viewer | None:
    """Return the user with this reference, or None where there is none."""
    try:
        require_reference(reference)
    except DomainError:
        return None
    user_id = (await session.exec(select(UserRow.id).where(col(UserRow.reference) == reference))).first()
    return None if user_id is None else Viewer(user_id)
