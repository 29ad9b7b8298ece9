"""Rows that hardly ever change, remembered in this process: users, and the types of orders.

They are kept under a version that every snapshot reads in passing (see `db.names`): a snapshot is only ever answered
with rows that were read at the version that it sees itself.
"""

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from typing import Generic, TypeVar
from uuid import UUID

from db.plain_rows import PlainOrderType, PlainUser

Key = TypeVar("Key", bound=Hashable)
Row = TypeVar("Row")

_MOST_USERS = 20_000
_MOST_TYPES = 1_000


class RowCache(Generic[Key, Row]):
    """Rows of one kind, at most so many; those that nobody has asked for longest make room."""

    def __init__(self, size: int) -> None:
        """Begin empty.

        Args:
            size: How many rows it holds at the most.
        """
        self._size = size
        self._version: UUID | None = None
        self._rows: OrderedDict[Key, Row] = OrderedDict()

    def __len__(self) -> int:
        """Return how many rows it holds."""
        return len(self._rows)

    def get(self, version: UUID | None, key: Key) -> Row | None:
        """Return a row as it is at a version, or None where that is not known.

        Args:
            version: What the snapshot sees; None where it sees none, and nothing may be remembered.
            key: The row's key.
        """
        if version is None or version != self._version:
            return None
        row = self._rows.get(key)
        if row is not None:
            self._rows.move_to_end(key)
        return row

    def put(self, version: UUID | None, rows: Mapping[Key, Row]) -> None:
        """Remember rows that were read from a snapshot that sees a version."""
        if version is None:
            return
        if version != self._version:
            self._rows.clear()
            self._version = version
        for key, row in rows.items():
            self._rows[key] = row
            self._rows.move_to_end(key)
        while len(self._rows) > self._size:
            self._rows.popitem(last=False)


class NamesCache:
    """What one `Database` remembers."""

    def __init__(self) -> None:
        """Begin empty."""
        self.users: RowCache[UUID, PlainUser] = RowCache(_MOST_USERS)
        self.order_types: RowCache[str, PlainOrderType] = RowCache(_MOST_TYPES)
