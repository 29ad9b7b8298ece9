"""The keys of an issuer, kept at hand: fetched beside the requests, never by one alone."""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from app.fetch_keys import KeySource, NotFetched
from app.public_keys import PublicKey, read_public_keys

_log = logging.getLogger(__name__)


class Pace(NamedTuple):
    """How often keys are fetched, and how long they are kept, in seconds.

    Attributes:
        refresh: When they are fetched anew: from and to. With the time a fetch takes, within five minutes.
        retry: The same after a fetch that failed.
        pause: The least between the beginnings of two fetches, whatever tokens come.
        keep: How long keys are trusted that could not be fetched again.
    """

    refresh: tuple[float, float] = (200.0, 280.0)
    retry: tuple[float, float] = (10.0, 15.0)
    pause: float = 10.0
    keep: float = 3600.0


USUAL_PACE = Pace()


class IssuerKeys:
    """The keys that an issuer publishes now, or did when it could be reached last."""

    def __init__(self, source: KeySource, pace: Pace = USUAL_PACE, clock: Callable[[], float] = time.monotonic) -> None:
        """Have no keys yet.

        Args:
            source: Where they are published.
            pace: How often they are fetched.
            clock: The seconds of a clock that is never set.
        """
        self._source = source
        self._pace = pace
        self._clock = clock
        self._keys: list[PublicKey] = []
        self._fetching: asyncio.Task[None] | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._fetch_began_at = self._fetched_at = float("-inf")
        self._failed = False

    @property
    def are_there(self) -> bool:
        """Whether there is any key."""
        return bool(self._keys)

    def of(self, key_id: str | None) -> Sequence[PublicKey]:
        """Return the keys with an id; all of them for None."""
        return self._keys if key_id is None else [key for key in self._keys if key.key_id == key_id]

    async def look_again(self) -> None:
        """Return once the keys have been fetched anew, or have not been; at once where it is too early for that.

        There is never more than one fetch under way, nor more than one in each `Pace.pause`.
        """
        if self._fetching is None and self._clock() - self._fetch_began_at >= self._pace.pause:
            self._fetch_began_at = self._clock()
            self._fetching = asyncio.create_task(self._fetch())
        if self._fetching is not None:
            await asyncio.wait({self._fetching})

    def start(self) -> None:
        """Begin to keep the keys fresh; an issuer that does not answer yet holds up nothing."""
        self._keeping = asyncio.create_task(self._keep_fresh())

    async def stop(self) -> None:
        """Fetch no more."""
        tasks = {task for task in (self._keeping, self._fetching) if task is not None}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _keep_fresh(self) -> None:
        while True:
            await self.look_again()
            least, most = self._pace.retry if self._failed else self._pace.refresh
            await asyncio.sleep(random.uniform(least, most))  # noqa: S311 - jitter, not a secret

    async def _fetch(self) -> None:
        try:
            self._trust(read_public_keys(await self._source.fetch()))
            self._fetched_at = self._clock()
            self._failed = False
        except Exception as fault:
            # Whatever an answer does to us: the keys that are there go on working.
            reason = str(fault) if isinstance(fault, NotFetched) else type(fault).__name__
            _log.warning("the keys at ORDERSHARE_JWKS_URL could not be fetched: %s", reason)
            self._failed = True
            if self._keys and self._clock() - self._fetched_at >= self._pace.keep:
                _log.error("the keys of the issuer are too old to be trusted any longer")
                self._trust(())
        finally:
            self._fetching = None

    def _trust(self, published: Sequence[PublicKey]) -> None:
        """Trust these keys and no others; of a key that was there before, the trust goes on."""
        before, self._keys = self._keys, []
        for key in published:
            if not any(map(key.is_same, self._keys)):
                self._keys.append(next(filter(key.is_same, before), key))
        for key in before:
            if key not in self._keys:
                key.trust.end()
        if set(before) != set(self._keys):
            _log.info("tokens verify by %d keys of the issuer now", len(self._keys))
