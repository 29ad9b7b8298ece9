"""How much of the server the sockets and streams of one user may take."""

from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from app.http_request import MAX_BODY_BYTES


@dataclass(frozen=True)
class SocketLimits:
    """What a client that stays connected may do.

    Attributes:
        message_bytes: How long a message may be.
        operations: How many operations may be under way over one socket.
        per_user: How many sockets, and streams over HTTP, one user may have open in this process.
    """

    message_bytes: int = MAX_BODY_BYTES
    operations: int = 200
    per_user: int = 10_000


class Places:
    """Counts who is connected."""

    def __init__(self, per_user: int) -> None:
        """Have nobody connected.

        Args:
            per_user: How often each user may be.
        """
        self._per_user = per_user
        self._taken: Counter[UUID] = Counter()

    def has_one(self, user_id: UUID) -> bool:
        """Return whether there is a place for a user."""
        return self._taken.get(user_id, 0) < self._per_user

    def take(self, user_id: UUID) -> None:
        """Take a place for a user."""
        self._taken[user_id] += 1

    def leave(self, user_id: UUID) -> None:
        """Give a place back."""
        self._taken[user_id] -= 1
        if not self._taken[user_id]:
            del self._taken[user_id]
