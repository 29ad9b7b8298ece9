"""What the passing of time does, by the rules as clients are promised them; nothing here is the program's own code."""

from tests.model.state import EXPIRED, GRACE_HOURS, OFFERED, REVOKED, Order, Reason, Share, State

ENDED = ("LAPSED", "CANCELLED")


def due_status(order: Order, now: int) -> str | None:
    """Return the status that time leads to next, or None where nothing is due."""
    if order.expires_at is None:
        return None
    if order.status == "IN_FORCE" and now >= order.expires_at:
        return "GRACE_PERIOD"
    if order.status == "GRACE_PERIOD" and now >= order.expires_at + GRACE_HOURS:
        return "LAPSED"
    return None


def let_time_pass(state: State, order: Order) -> None:
    """Bring an order to where time has led it; an order that lapses has its open offers revoked."""
    while (status := due_status(order, state.now)) is not None:
        state.set_status(order, status, Reason("TIME"))
        if status in ENDED:
            end_offers(state, order, None)


def judged(state: State, order: Order) -> Order:
    """Return an order as whoever judges it now finds it, whether or not the log tells it yet."""
    ahead = state.copy()
    let_time_pass(ahead, ahead.orders[order.reference])
    return ahead.orders[order.reference]


def end_offers(state: State, order: Order, actor: str | None) -> None:
    """End the offers of an order that has ended; claimed shares stay."""
    for share in state.shares:
        if share.order == order.reference and share.status == OFFERED:
            end(state, share, actor)


def end(state: State, share: Share, actor: str | None) -> None:
    """Revoke a shared order; one whose window has closed has expired instead."""
    if not expire(state, share):
        state.move(share, REVOKED, actor)


def expire(state: State, share: Share) -> bool:
    """Log that an offer has expired, where it has and the log does not tell it yet."""
    if share.status == OFFERED and share.status_at(state.now) == EXPIRED:
        state.move(share, EXPIRED, None)
        return True
    return False


def sweep(state: State) -> None:
    """Log all that time has done: the offers first, then the orders, in the order in which they were made."""
    for share in state.shares:
        expire(state, share)
    for order in state.orders.values():
        let_time_pass(state, order)
