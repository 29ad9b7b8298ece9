"""Budgets: what the operations of a user, and of all users of an organisation, may cost within a time.

A budget is spent in windows of a fixed length that begin with the first operation. Where replicas share a store, they
count in it by `limits` (https://limits.readthedocs.io): each takes a small part of a budget at a time, and spends it
without asking again, so that an operation which costs less than that waits for no store. Where there is no store, or it
is away, each process has the whole budget for itself, so that neither the service nor its limits end.
"""

import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from limits import RateLimitItem
from limits.aio.storage import Storage

from db.database import Database
from domain.people import Viewer
from resolvers.list_organisations_of import find_organisations_of
from schema.pricing import Spent

_LOOK_AGAIN_SECONDS = 300.0
"""Who belongs where changes seldom, and who is removed pays into the former organisation for so long at the most."""

_KNOWN_USERS = 50_000

_PARTS = 200
"""Each process takes a budget in so many parts: what one of them leaves unspent is lost to the others."""

_log = logging.getLogger(__name__)


class _Budget(NamedTuple):
    """A budget, and by what name it is counted."""

    item: RateLimitItem
    key: str


@dataclass(slots=True)
class _Part:
    """What this process has taken of a budget.

    Attributes:
        left: What is left of it.
        beyond: What was left of the budget besides when it was taken.
        until: When the budget is full again, as a time of the system's clock.
        is_all: Whether that was the whole budget, as no store counts it.
    """

    left: int
    beyond: int
    until: float
    is_all: bool = False


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
        self._store = store
        self._parts: dict[str, _Part] = {}
        self._known: OrderedDict[UUID, tuple[float, Sequence[_Budget]]] = OrderedDict()

    def spend(self, viewer: Viewer, cost: int) -> Spent | Awaitable[Spent]:
        """Take a cost from a user's budgets; one that does not suffice is closed until it is full again.

        Returns:
            What is left, at once where no store and no database must be asked.
        """
        budgets = self._known_budgets_of(viewer)
        if budgets is None or self._store is not None:
            return self._ask_and_spend(viewer, cost, self._store)
        now = time.time()
        spent = Spent(None)
        for budget in budgets:
            spent = _charged(self._all(budget, now), cost, spent)
            if spent.retry_after is not None:
                break
        return spent

    async def _ask_and_spend(self, viewer: Viewer, cost: int, store: Storage | None) -> Spent:
        spent, budgets = Spent(None), self._known_budgets_of(viewer)
        for budget in await self._look_up_budgets_of(viewer) if budgets is None else budgets:
            now = time.time()
            part = self._all(budget, now) if store is None else await self._taken(store, budget, cost, now)
            spent = _charged(part, cost, spent)
            if spent.retry_after is not None:
                break
        return spent

    async def _taken(self, store: Storage, budget: _Budget, cost: int, now: float) -> _Part:
        """Return what this process has of a budget that others share, with more of it where that does not suffice."""
        part = self._parts.get(budget.key)
        if part is not None and part.left >= cost and part.until > now:
            return part
        try:
            return self._keep(budget.key, now, await _taken(store, budget, cost))
        except Exception as fault:
            _log.warning("the store of budgets is away: %s", type(fault).__name__)
            return self._all(budget, now)

    def _all(self, budget: _Budget, now: float) -> _Part:
        """Return what this process has of a budget that nobody shares with it."""
        part = self._parts.get(budget.key)
        if part is not None and part.is_all and part.until > now:
            return part
        item = budget.item
        return self._keep(budget.key, now, _Part(item.amount, 0, now + item.get_expiry(), is_all=True))

    def _keep(self, key: str, now: float, taken: _Part) -> _Part:
        before = self._parts.pop(key, None)
        if before is not None and before.until > now and not taken.is_all:
            taken.left += before.left
        self._parts[key] = taken
        if len(self._parts) > _KNOWN_USERS:
            del self._parts[next(iter(self._parts))]
        return taken

    def _known_budgets_of(self, viewer: Viewer) -> Sequence[_Budget] | None:
        """Return who pays for a user; None where that must be looked up."""
        known = self._known.get(viewer.user_id)
        if known is not None:
            return known[1] if time.monotonic() < known[0] else None
        if self._organisation is None:
            return self._know(viewer, ())
        return None if viewer.came_from is None else self._know(viewer, viewer.came_from)

    async def _look_up_budgets_of(self, viewer: Viewer) -> Sequence[_Budget]:
        return self._know(viewer, await self._database.read_together(find_organisations_of, viewer.user_id))

    def _know(self, viewer: Viewer, belongs_to: Sequence[UUID]) -> Sequence[_Budget]:
        budgets: list[_Budget] = []
        if self._user is not None:
            budgets.append(_Budget(self._user, self._user.key_for("user", viewer.user_id.hex)))
        if self._organisation is not None:
            item = self._organisation
            budgets += [_Budget(item, item.key_for("organisation", each.hex)) for each in belongs_to]
        self._known[viewer.user_id] = time.monotonic() + _LOOK_AGAIN_SECONDS, budgets
        self._known.move_to_end(viewer.user_id)
        if len(self._known) > _KNOWN_USERS:
            self._known.popitem(last=False)
        return budgets


def _charged(part: _Part, cost: int, before: Spent) -> Spent:
    """Take a cost from what there is; return what is left of that, or of what was left `before` where it is less."""
    if part.left < cost:
        part.left = part.beyond = 0
        return Spent(0, max(part.until - time.time(), 1.0))
    part.left -= cost
    left = part.left + part.beyond
    return Spent(left if before.remaining is None else min(before.remaining, left))


async def _taken(store: Storage, budget: _Budget, cost: int) -> _Part:
    item, key = budget
    wanted = max(cost, item.amount // _PARTS)
    left = item.amount - await store.incr(key, item.get_expiry(), amount=wanted)
    return _Part(max(wanted + min(left, 0), 0), max(left, 0), await store.get_expiry(key))
