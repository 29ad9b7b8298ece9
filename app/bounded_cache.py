"""A cache whose entries take a bounded number of bytes."""

from collections import OrderedDict
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")

_ENTRY_BYTES = 256
"""What a dictionary, the order of its entries and the pair of an entry take besides what it holds."""


class BoundedCache(Generic[Key, Value]):
    """Keeps what was used last, within a number of bytes and of entries."""

    def __init__(self, max_bytes: int, max_entries: int | None = None) -> None:
        """Keep nothing yet.

        Args:
            max_bytes: How many bytes of memory all entries may take.
            max_entries: How many there may be; None for any number.
        """
        self._max_bytes = max_bytes
        self._max_entries = max_entries
        self._entries: OrderedDict[Key, tuple[Value, int]] = OrderedDict()
        self._bytes = 0

    @property
    def held_bytes(self) -> int:
        """How many bytes the entries take."""
        return self._bytes

    def get(self, key: Key) -> Value | None:
        """Return what is kept by a key, which counts as its last use; None where there is nothing."""
        found = self._entries.get(key)
        if found is None:
            return None
        self._entries.move_to_end(key)
        return found[0]

    def put(self, key: Key, value: Value, size: int) -> None:
        """Keep a value; what was used longest ago makes room for it.

        Args:
            key: By what it is found.
            value: The value.
            size: How many bytes of memory the key and the value take, by `sys.getsizeof`.
        """
        self.discard(key)
        self._entries[key] = value, size + _ENTRY_BYTES
        self._bytes += size + _ENTRY_BYTES
        while self._bytes > self._max_bytes or (
            self._max_entries is not None and len(self._entries) > self._max_entries
        ):
            _, (_, freed) = self._entries.popitem(last=False)
            self._bytes -= freed

    def discard(self, key: Key) -> None:
        """Keep nothing by a key any more."""
        _, freed = self._entries.pop(key, (None, 0))
        self._bytes -= freed
