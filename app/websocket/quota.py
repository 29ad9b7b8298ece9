"""How much of the server the sockets and streams of one user may hold."""

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


class ConnectionQuota:
    """Limits what one user, and all users together, hold of something: connections, or the bytes of their messages.

    What is reserved counts at once, so that of many who ask at the same moment no more than the limit are let in.
    """

    def __init__(self, per_user: int, total: int | None = None) -> None:
        """Start with nothing reserved.

        Args:
            per_user: How much one user may hold.
            total: How much all users may hold together; None for any amount.
        """
        self._per_user = per_user
        self._total = total
        self._held: Counter[UUID | None] = Counter()
        self._held_by_all = 0

    def reserve(self, user_id: UUID | None, amount: int = 1) -> "Reservation | None":
        """Return a reservation, which its holder must release; None where it would exceed a limit.

        Args:
            user_id: Who holds it; None for all who are not known yet.
            amount: How much.
        """
        reservation = Reservation(self, user_id)
        return reservation if reservation.resize(amount) else None

    def change(self, user_id: UUID | None, difference: int) -> bool:
        """Add to what a user holds; return whether that was possible, which giving back always is."""
        held, held_by_all = self._held[user_id] + difference, self._held_by_all + difference
        if difference > 0 and (held > self._per_user or (self._total is not None and held_by_all > self._total)):
            # Reading a counter makes no entry.
            return False
        self._held_by_all = held_by_all
        if held:
            self._held[user_id] = held
        else:
            del self._held[user_id]
        return True


class Reservation:
    """What a user holds of a quota."""

    __slots__ = ("_amount", "_quota", "_user_id")

    def __init__(self, quota: ConnectionQuota, user_id: UUID | None) -> None:
        """Hold nothing yet."""
        self._quota = quota
        self._user_id = user_id
        self._amount = 0

    def resize(self, amount: int) -> bool:
        """Hold another amount; return whether that is allowed. Where it is not, the amount stays as it is."""
        if not self._quota.change(self._user_id, amount - self._amount):
            return False
        self._amount = amount
        return True

    def release(self) -> None:
        """Give everything back; nothing happens the second time."""
        self.resize(0)
