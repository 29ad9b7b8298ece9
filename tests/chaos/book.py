"""What the writers of an organisation know of it, from the answers that they got."""

from collections import defaultdict
from dataclasses import dataclass, field
from random import Random

from tests.chaos.cast import KnownOrder, Person, Troupe

_KEPT_OPEN = frozenset({"SHARES_EXHAUSTED", "CLAIM_WINDOW_NOT_OPEN"})
_BUSY_ORDERS = 5


@dataclass(frozen=True)
class KnownOffer:
    """A shared order."""

    id: str
    order_id: str
    sender: Person
    recipient: Person
    may_process: bool


@dataclass
class Book:
    """One organisation as its writers know it; what they know may be old, and then they are refused."""

    troupe: Troupe
    chance: Random
    open: dict[str, KnownOffer] = field(default_factory=dict)
    held: dict[str, KnownOffer] = field(default_factory=dict)
    imported: dict[str, dict[str, object]] = field(default_factory=dict)

    def any_order(self) -> KnownOrder:
        """Return an order, every other time one of a few that everybody is after."""
        orders = list(self.troupe.orders.values())
        return self.chance.choice(orders[:_BUSY_ORDERS] if self.chance.random() < 0.5 else orders)

    def any_person(self) -> Person:
        """Return a member."""
        return self.chance.choice(list(self.troupe.people.values()))

    def any_open(self) -> KnownOffer | None:
        """Return an offer, if there is one."""
        return self.chance.choice(list(self.open.values())) if self.open else None

    def any_held(self) -> KnownOffer | None:
        """Return a claimed share, if there is one."""
        return self.chance.choice(list(self.held.values())) if self.held else None

    def rivals(self) -> list[KnownOffer]:
        """Return offers of one order: more than one where any order has several."""
        by_order: defaultdict[str, list[KnownOffer]] = defaultdict(list)
        for offer in self.open.values():
            by_order[offer.order_id].append(offer)
        several = [offers for offers in by_order.values() if len(offers) > 1]
        return self.chance.choice(several)[:4] if several else list(self.open.values())[:1]

    def person_of(self, user_id: str) -> Person:
        """Return the member with a user's id."""
        return next(person for person in self.troupe.people.values() if person.id == user_id)

    def claim_answered(self, offer: KnownOffer, refusal: str | None) -> None:
        """Note what came of a claim."""
        if refusal not in _KEPT_OPEN:
            self.open.pop(offer.id, None)
        if refusal is None:
            self.held[offer.id] = offer

    def ended(self, offer: KnownOffer) -> None:
        """Note that a shared order is neither offered nor claimed, or that it was not what it was taken for."""
        self.open.pop(offer.id, None)
        self.held.pop(offer.id, None)
