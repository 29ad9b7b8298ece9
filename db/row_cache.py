"""Rows that hardly ever change, remembered in this process: users, and the types of orders.

They are kept under a version that every snapshot reads in passing (see `db.names`): a snapshot is only ever answered
with rows that were read at the version that it sees itself.
"""

from collections.abc import Hashable, Mapping
from typing import Any, Generic, TypeVar
from uuid import UUID

from db.plain_rows import PlainOrderType, PlainUser

Key = TypeVar("Key", bound=Hashable)
Row = TypeVar("Row")

_MOST_USERS = 20_000
_MOST_TYPES = 1_000


class RowCache(Generic[Key, Row]):
    """Rows of one kind, at most so many; those that nobody has asked for lately make room.

    They are in two halves. What is asked for is moved to the younger one, and where that is full, the older one goes:
    nearly as good as to note each use, and cheaper where hundreds are asked for at once.
    """

    def __init__(self, size: int) -> None:
        """Begin empty.

        Args:
            size: How many rows it holds at the most.
        """
        self._half = size // 2
        self._version: UUID | None = None
        self._younger: dict[Key, Row] = {}
        self._older: dict[Key, Row] = {}

    def __len__(self) -> int:
        """Return how many rows it holds."""
        return len(self._younger) + len(self._older)

    def get(self, version: UUID | None, key: Key) -> Row | None:
        """Return a row as it is at a version, or None where that is not known.

        Args:
            version: What the snapshot sees; None where it sees none, and nothing may be remembered.
            key: The row's key.
        """
        if version is not self._version and version != self._version:
            return None
        row = self._younger.get(key)
        if row is None and (row := self._older.pop(key, None)) is not None:
            self._keep(key, row)
        return row

    def put(self, version: UUID | None, rows: Mapping[Key, Row]) -> None:
        """Remember rows that were read from a snapshot that sees a version."""
        if version is None:
            return
        if version != self._version:
            self._version, self._younger, self._older = version, {}, {}
        for key, row in rows.items():
            self._older.pop(key, None)
            self._keep(key, row)

    def _keep(self, key: Key, row: Row) -> None:
        if len(self._younger) >= self._half:
            self._older, self._younger = self._younger, {}
        self._younger[key] = row

    def settle(self, version: UUID | None) -> UUID | None:
        """Return the version as this cache holds it, where it is the same: what is the same object compares fast."""
        return self._version if version == self._version else version


class NamesCache:
    """What one `Database` remembers.

    Attributes:
        users: Users.
        order_types: The types of orders.
        ready: What others make of these rows and keep as long as they hold.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self.users: RowCache[UUID, PlainUser] = RowCache(_MOST_USERS)
        self.order_types: RowCache[str, PlainOrderType] = RowCache(_MOST_TYPES)
        self.ready: dict[Hashable, Any] = {}
