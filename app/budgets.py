"""Budgets: what the operations of a user, and of all users of an organisation, may cost within a time.

The counting is done by `limits` (https://limits.readthedocs.io), with sliding windows: in this process, or in a store
that replicas share. Where that store is away each process counts for itself, so that neither the service nor its limits
end.
"""

import logging
import time
from collections import OrderedDict
from collections.abc import Sequence
from uuid import UUID

from limits import RateLimitItem
from limits.aio.storage import MemoryStorage, Storage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from db.database import Database
from domain.people import Viewer
from resolvers.list_organisations_of import find_organisations_of
from schema.pricing import Spent

_LOOK_AGAIN_SECONDS = 60.0
"""Who belongs where changes seldom, and who is removed pays into the former organisation for so long at the most."""

_KNOWN_USERS = 50_000

_log = logging.getLogger(__name__)


class Budgets:
    """Takes what operations cost from the budget of the user, and from those of the organisations they belong to."""

    def __init__(
        self,
        database: Database,
        user: RateLimitItem | None,
        organisation: RateLimitItem | None,
        store: Storage | None = None,
    ) -> None:
        """Begin with full budgets.

        Args:
            database: Tells who belongs where.
            user: What one user may spend; None for any amount.
            organisation: What all users of one organisation may spend; None for any amount.
            store: What replicas share; None to count in this process.
        """
        self._database = database
        self._user = user
        self._organisation = organisation
        self._here = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._shared = self._here if store is None else SlidingWindowCounterRateLimiter(store)
        self._organisations: OrderedDict[UUID, tuple[float, Sequence[UUID]]] = OrderedDict()

    async def spend(self, viewer: Viewer, cost: int) -> Spent:
        """Take a cost from a user's budgets, or none of it from the first that does not suffice."""
        budgets = [] if self._user is None else [(self._user, "user", viewer.user_id.hex)]
        if self._organisation is not None:
            organisation_ids = await self._organisations_of(viewer)
            budgets += [(self._organisation, "organisation", each.hex) for each in organisation_ids]
        try:
            return await _spend(self._shared, budgets, cost)
        except Exception as fault:
            if self._shared is self._here:
                raise
            _log.warning("the store of budgets is away: %s", type(fault).__name__)
            return await _spend(self._here, budgets, cost)

    async def _organisations_of(self, viewer: Viewer) -> Sequence[UUID]:
        known = self._organisations.get(viewer.user_id)
        now = time.monotonic()
        if known is not None and now < known[0]:
            return known[1]
        found = await self._database.read_together(find_organisations_of, viewer.user_id)
        self._organisations[viewer.user_id] = now + _LOOK_AGAIN_SECONDS, found
        self._organisations.move_to_end(viewer.user_id)
        if len(self._organisations) > _KNOWN_USERS:
            self._organisations.popitem(last=False)
        return found


async def _spend(
    limiter: SlidingWindowCounterRateLimiter, budgets: Sequence[tuple[RateLimitItem, str, str]], cost: int
) -> Spent:
    remaining: int | None = None
    for budget, kind, name in budgets:
        enough = await limiter.hit(budget, kind, name, cost=cost)
        stats = await limiter.get_window_stats(budget, kind, name)
        if not enough:
            return Spent(stats.remaining, max(stats.reset_time - time.time(), 1.0))
        remaining = stats.remaining if remaining is None else min(remaining, stats.remaining)
    return Spent(remaining)
