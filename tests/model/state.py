"""What there is in an organisation, and what its log tells: plain values, hours instead of instants."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

ADMIN, MEMBER = "ADMIN", "MEMBER"
GRACE_HOURS = 30 * 24
OFFERED, CLAIMED, EXPIRED, REVOKED = "OFFERED", "CLAIMED", "EXPIRED", "REVOKED"


@dataclass(frozen=True)
class Reason:
    """Why an order has its status."""

    cause: str
    action: str | None = None
    via: str | None = None
    actor: str | None = None


@dataclass
class Order:
    """An order; `status` is what the log told last, and `results` are the oldest first."""

    reference: str
    owner: str
    status: str
    max_shares: int
    expires_at: int | None
    version: int = 1
    shares_claimed: int = 0
    reason: Reason = Reason("IMPORTED")
    results: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Share:
    """A shared order; `status` is what the log told last."""

    number: int
    order: str
    sender: str
    recipient: str
    permission: str
    opens_at: int
    closes_at: int
    status: str = OFFERED

    def status_at(self, now: int) -> str:
        """Return what a reader sees."""
        return EXPIRED if self.status == OFFERED and now >= self.closes_at else self.status


@dataclass(frozen=True)
class Entry:
    """An event of the log.

    Attributes:
        text: What it tells.
        order: The order it is about.
        parties: The sender and the recipient of the shared order that it is about; None where it is about none.
        subject: The user whose membership it is about.
        role: Their role after it.
    """

    text: str
    order: str | None = None
    parties: frozenset[str] | None = None
    subject: str | None = None
    role: str | None = None


@dataclass
class State:
    """An organisation at one moment.

    Attributes:
        roles: The role of each member of now.
        orders: The orders by reference.
        shares: The shared orders by number.
        policy: Who may share.
        now: The hours since the story began.
        log: Everything that happened.
    """

    roles: dict[str, str]
    orders: dict[str, Order]
    shares: list[Share] = field(default_factory=list)
    policy: str = "ANY_MEMBER"
    now: int = 0
    log: list[Entry] = field(default_factory=list)

    @classmethod
    def imported(cls, roles: dict[str, str], orders: Iterable[Order]) -> "State":
        """Return an organisation as the platform's file makes it."""
        state = cls(dict(roles), {order.reference: order for order in orders})
        for user, role in roles.items():
            state.tell_membership(user, role, None)
        state.log += [Entry(f"nobody: {reference} v1 imported", reference) for reference in state.orders]
        return state

    def copy(self) -> "State":
        """Return the same, to be changed by itself."""
        return replace(
            self,
            roles=dict(self.roles),
            orders={key: replace(order, results=[*order.results]) for key, order in self.orders.items()},
            shares=[replace(share) for share in self.shares],
            log=[*self.log],
        )

    def set_status(self, order: Order, status: str, reason: Reason) -> None:
        """Change an order, which is its next version."""
        previous, order.status, order.reason = order.status, status, reason
        order.version += 1
        why = f"{reason.cause} {reason.action} {reason.via}"
        text = f"{reason.actor or 'nobody'}: {order.reference} v{order.version} {previous} > {status} ({why})"
        self.log.append(Entry(text, order.reference))

    def move(self, share: Share, status: str, actor: str | None) -> None:
        """Change a shared order, and take or free its seat."""
        order = self.orders[share.order]
        order.shares_claimed += (status == CLAIMED) - (share.status == CLAIMED)
        previous, share.status = share.status, status
        self.tell_share(share, previous, actor)

    def tell_share(self, share: Share, previous: str | None, actor: str | None) -> None:
        """Log what became of a shared order."""
        version = self.orders[share.order].version
        text = f"{actor or 'nobody'}: {share.order} v{version} #{share.number} {previous} > {share.status}"
        self.log.append(Entry(text, share.order, frozenset({share.sender, share.recipient})))

    def tell_membership(self, user: str, role: str | None, actor: str | None) -> None:
        """Log what became of a member."""
        self.log.append(Entry(f"{actor or 'nobody'}: {user} is {role}", subject=user, role=role))

    def next_moments(self) -> list[int]:
        """Return the hours to come at which something opens, closes, ends or lapses."""
        moments = {hour for share in self.shares for hour in (share.opens_at, share.closes_at)}
        ends = {order.expires_at for order in self.orders.values() if order.expires_at is not None}
        moments |= ends | {hour + GRACE_HOURS for hour in ends}
        return sorted(hour for hour in moments if hour > self.now)
