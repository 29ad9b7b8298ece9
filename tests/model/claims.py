"""When a claim holds: by the rules as clients are promised them."""

from typing import Any

from tests.model.answers import error
from tests.model.lifecycle import SHAREABLE
from tests.model.passing_time import let_time_pass
from tests.model.state import CLAIMED, EXPIRED, OFFERED, Share, State


def refusal_of_claim(state: State, share: Share) -> dict[str, Any] | None:
    """Return why a claim by the recipient would be refused now, with all that time has done."""
    state = state.copy()
    share, order = state.shares[share.number], state.orders[share.order]
    let_time_pass(state, order)
    status, window = share.status_at(state.now), {"opensAt": share.opens_at, "closesAt": share.closes_at}
    if status == CLAIMED:
        return None
    if status == EXPIRED:
        return error("CLAIM_WINDOW_CLOSED", **window)
    if status != OFFERED:
        return error("NOT_OFFERED")
    if state.now < share.opens_at:
        return error("CLAIM_WINDOW_NOT_OPEN", **window)
    if share.recipient not in state.roles:
        return error("NOT_A_MEMBER")
    if order.status not in SHAREABLE:
        return error("ORDER_NOT_SHAREABLE")
    if order.shares_claimed >= order.max_shares:
        return error("SHARES_EXHAUSTED", maxShares=order.max_shares, sharesClaimed=order.shares_claimed)
    return None
