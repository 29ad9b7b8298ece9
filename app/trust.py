"""Whether a key is still trusted, and how long those who came in by it may stay."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

_LOOK_AGAIN_SECONDS = 24 * 3600.0

EXPIRED, WITHDRAWN = "Token expired", "Token withdrawn"


class Trust:
    """The trust in a key, which may end before the tokens that the key has signed expire."""

    def __init__(self) -> None:
        """Begin to trust."""
        self.is_over = False
        self._stays: set[Stay] = set()

    def end(self) -> None:
        """Trust the key no more, and end the stays that rest on it."""
        self.is_over = True
        for stay in self._stays:
            stay.end_soon(WITHDRAWN)

    def add(self, stay: "Stay") -> None:
        """Have a stay rest on this trust."""
        self._stays.add(stay)
        if self.is_over:
            stay.end_soon(WITHDRAWN)

    def remove(self, stay: "Stay") -> None:
        """Forget a stay that is over."""
        self._stays.discard(stay)


class Stay:
    """The time for which a token lets somebody listen: until it expires, or its key is trusted no more."""

    def __init__(self, expires_at: datetime, trust: Trust | None, end: Callable[[str], None]) -> None:
        """Begin.

        Args:
            expires_at: When the token expires.
            trust: The trust in its key; None where that never ends.
            end: Called with the reason when the time is over, by the loop and at most once.
        """
        self._expires_at = expires_at
        self._trust = trust
        self._end = end
        self._timer = self._expiry()
        if trust is not None:
            trust.add(self)

    def cancel(self) -> None:
        """Leave of one's own accord: nothing is called any more."""
        self._timer.cancel()
        if self._trust is not None:
            self._trust.remove(self)

    def end_soon(self, reason: str) -> None:
        """Have the time be over.

        Args:
            reason: `EXPIRED` or `WITHDRAWN`.
        """
        self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_soon(self._be_over, reason)

    def _expiry(self) -> asyncio.Handle:
        loop = asyncio.get_running_loop()
        seconds = (self._expires_at - datetime.now(UTC)).total_seconds()
        if seconds > _LOOK_AGAIN_SECONDS:
            # The clock may be set meanwhile, and no loop waits for centuries.
            return loop.call_later(_LOOK_AGAIN_SECONDS, self._look_again)
        return loop.call_later(seconds, self._be_over, EXPIRED)

    def _look_again(self) -> None:
        self._timer = self._expiry()

    def _be_over(self, reason: str) -> None:
        self.cancel()
        self._end(reason)
