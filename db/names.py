"""The version of all names: of users and of the types of orders.

Whoever changes a name that rows refer to gives it another version in the same transaction, whose row stays locked to
the commit. So the changes of names have one order, and a version that a snapshot sees tells which of them it sees:
exactly those up to the one that wrote it. Versions are random, so that one is never two states, even in a database
that was restored from a backup while the server ran.
"""

from uuid import UUID

from sqlalchemy import update
from sqlmodel.ext.asyncio.session import AsyncSession

from db.columns import new_id
from db.names_tables import NamesRow


async def names_changed(session: AsyncSession) -> None:
    """Note that the transaction changes the name of a user or of a type; after its other locks, before the log's."""
    version: UUID = new_id()
    await session.exec(update(NamesRow).values(version=version).execution_options(synchronize_session=False))
