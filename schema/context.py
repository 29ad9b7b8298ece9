"""What an operation carries: who asks, and what its fields read."""

from typing import TypeAlias

import strawberry
from strawberry.fastapi import BaseContext
from uuid_utils.compat import uuid4

from db.database import Database
from domain.people import Viewer
from schema.reading import Reading


class ConnectionContext(BaseContext):
    """What a request, or a socket with all its operations, carries."""

    def __init__(self, database: Database, viewer: Viewer | None = None) -> None:
        """Carry the database, and the viewer once they are authenticated."""
        super().__init__()
        self.database = database
        self.viewer = viewer


class OperationContext:
    """What one operation carries. A snapshot is never shared between operations."""

    def __init__(self, database: Database, viewer: Viewer) -> None:
        """Begin an operation of the viewer."""
        self.database = database
        self.viewer = viewer
        self.request_id = uuid4().hex
        self.reading = Reading(database)

    async def read_anew(self) -> None:
        """Let the fields that follow read the present: after a mutation's commit, and for each event."""
        await self.reading.close()
        self.reading = Reading(self.database)

    async def close(self) -> None:
        """End the operation."""
        await self.reading.close()


Info: TypeAlias = strawberry.Info[OperationContext, None]
