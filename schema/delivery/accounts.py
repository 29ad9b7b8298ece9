"""Accounts of memory: what is kept for each user for as long as their subscriptions go on, in bytes."""

from collections import Counter
from uuid import UUID


class Accounts:
    """What is kept for each user, up to a bound."""

    def __init__(self, most: int) -> None:
        """Keep nothing yet.

        Args:
            most: Bytes that may be kept for one user.
        """
        self._most = most
        self._kept: Counter[UUID] = Counter()

    def has_room(self, user_id: UUID, size: int) -> bool:
        """Return whether so many bytes more may be kept for a user."""
        return self._kept.get(user_id, 0) + size <= self._most

    def add(self, user_id: UUID, size: int) -> None:
        """Keep so many bytes more for a user."""
        self._kept[user_id] += size

    def release(self, user_id: UUID, size: int) -> None:
        """Keep so many bytes less for a user."""
        self._kept[user_id] -= size
        if not self._kept[user_id]:
            del self._kept[user_id]


class SharedMemory:
    """What is kept once for several users. It is on the account of the one who has shared it longest."""

    __slots__ = ("_accounts", "_holder", "_size", "users")

    def __init__(self, accounts: Accounts, size: int) -> None:
        """Have no users yet.

        Args:
            accounts: The accounts of all users.
            size: How many bytes it takes.
        """
        self.users: Counter[UUID] = Counter()
        """The users who share it, and how often each does."""
        self._accounts = accounts
        self._size = size
        self._holder: UUID | None = None

    def join(self, user_id: UUID) -> None:
        """Have a user share it once more."""
        self.users[user_id] += 1
        if self._holder is None:
            self._hold(user_id)

    def leave(self, user_id: UUID) -> None:
        """Have a user share it once less."""
        self.users[user_id] -= 1
        if self.users[user_id]:
            return
        del self.users[user_id]
        if self._holder == user_id:
            self._accounts.release(user_id, self._size)
            self._holder = None
            if self.users:
                self._hold(next(iter(self.users)))

    def _hold(self, user_id: UUID) -> None:
        self._holder = user_id
        self._accounts.add(user_id, self._size)
