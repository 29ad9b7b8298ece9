"""How orders are shared, claimed and given back: by the rules as clients are promised them."""

from tests.model.answers import Answer, Refused, error, order_told, refused, share_told
from tests.model.asks import (
    ClaimSharedOrder,
    DeclineSharedOrder,
    ExtendClaimWindow,
    ReleaseSharedOrder,
    RevokeSharedOrder,
    ShareOrder,
)
from tests.model.claims import refusal_of_claim
from tests.model.lifecycle import SHAREABLE
from tests.model.passing_time import expire, let_time_pass
from tests.model.people import require_member, require_recipient, rules, seen_share
from tests.model.state import ADMIN, CLAIMED, EXPIRED, OFFERED, REVOKED, Order, Share, State

WINDOW_HOURS = 7 * 24


def share(ask: ShareOrder, state: State) -> Answer:
    require_member(state, ask.viewer)
    order = state.orders[ask.order]
    let_time_pass(state, order)
    _require_may_offer(state, ask.viewer, order, ask.permission)
    opens_at = state.now if ask.opens_at is None else ask.opens_at
    closes_at = opens_at + WINDOW_HOURS if ask.closes_at is None else ask.closes_at
    if closes_at <= opens_at or closes_at <= state.now:
        raise refused("INVALID_INPUT")
    made, errors = [], []
    for position, recipient in enumerate(ask.recipients):
        if (code := _refusal_of_recipient(ask, order, recipient, state)) is not None:
            errors.append(error(code, position))
            continue
        share = Share(len(state.shares), ask.order, ask.viewer, recipient, ask.permission, opens_at, closes_at)
        state.shares.append(share)
        state.tell_share(share, None, ask.viewer)
        made.append(share)
    if not made:
        raise Refused(*errors)
    return Answer({"order": order_told(order), "sharedOrders": [share_told(share) for share in made]}, errors)


def _require_may_offer(state: State, viewer: str, order: Order, permission: str) -> None:
    if state.policy != "ANY_MEMBER" and not rules(state, viewer, order):
        raise refused("FORBIDDEN")
    if permission == "PROCESS" and not _holds_process(state, viewer, order):
        raise refused("FORBIDDEN")
    if order.status not in SHAREABLE:
        raise refused("ORDER_NOT_SHAREABLE")


def _holds_process(state: State, viewer: str, order: Order) -> bool:
    return rules(state, viewer, order) or any(
        share.status == CLAIMED and share.permission == "PROCESS"
        for share in state.shares
        if (share.order, share.recipient) == (order.reference, viewer)
    )


def _refusal_of_recipient(ask: ShareOrder, order: Order, recipient: str, state: State) -> str | None:
    if recipient not in state.roles or recipient in ask.too_early_for:
        return "NOT_A_MEMBER"
    if recipient == order.owner:
        return "OWN_ORDER"
    if recipient == ask.viewer:
        return "INVALID_INPUT"
    return "ALREADY_SHARED" if _is_open(state, order.reference, recipient) else None


def _is_open(state: State, order: str, recipient: str, besides: Share | None = None) -> bool:
    """Return whether a recipient was offered the order, or holds it; what has expired is logged first."""
    others = [each for each in state.shares if (each.order, each.recipient) == (order, recipient)]
    for share in others:
        if share is not besides:
            expire(state, share)
    return any(share.status in (OFFERED, CLAIMED) for share in others if share is not besides)


def claim(ask: ClaimSharedOrder, state: State) -> Answer:
    share = seen_share(state, ask.viewer, ask.share)
    require_recipient(ask.viewer, share)
    if (refusal := refusal_of_claim(state, share)) is not None:
        raise Refused(refusal)
    let_time_pass(state, state.orders[share.order])
    if share.status != CLAIMED:
        state.move(share, CLAIMED, ask.viewer)
    return Answer({"sharedOrder": share_told(share)})


def decline(ask: DeclineSharedOrder, state: State) -> Answer:
    share = seen_share(state, ask.viewer, ask.share)
    require_recipient(ask.viewer, share)
    if share.status_at(state.now) != OFFERED:
        raise refused("NOT_OFFERED")
    state.move(share, "DECLINED", ask.viewer)
    return Answer({"sharedOrder": share_told(share)})


def release(ask: ReleaseSharedOrder, state: State) -> Answer:
    share = seen_share(state, ask.viewer, ask.share)
    require_recipient(ask.viewer, share)
    if share.status != CLAIMED:
        raise refused("NOT_CLAIMED")
    state.move(share, "RELEASED", ask.viewer)
    return Answer({"sharedOrder": share_told(share)})


def revoke(ask: RevokeSharedOrder, state: State) -> Answer:
    share = seen_share(state, ask.viewer, ask.share)
    if ask.viewer != share.sender and not rules(state, ask.viewer, state.orders[share.order]):
        raise refused("FORBIDDEN")
    if share.status_at(state.now) not in (OFFERED, CLAIMED, EXPIRED):
        raise refused("NOT_CLAIMED" if share.status == "RELEASED" else "NOT_OFFERED")
    expire(state, share)
    state.move(share, REVOKED, ask.viewer)
    return Answer({"sharedOrder": share_told(share)})


def extend(ask: ExtendClaimWindow, state: State) -> Answer:
    share = seen_share(state, ask.viewer, ask.share)
    order = state.orders[share.order]
    if ask.viewer != share.sender and state.roles[ask.viewer] != ADMIN:
        raise refused("FORBIDDEN")
    let_time_pass(state, order)
    if share.status not in (OFFERED, EXPIRED):
        raise refused("NOT_OFFERED")
    if ask.closes_at <= state.now or ask.closes_at <= share.opens_at:
        raise refused("INVALID_INPUT")
    # It is a new offer in all but name, and needs what a new one needs.
    _require_may_offer(state, ask.viewer, order, share.permission)
    if share.recipient not in state.roles:
        raise refused("NOT_A_MEMBER")
    if share.recipient == order.owner:
        raise refused("OWN_ORDER")
    expire(state, share)
    if _is_open(state, share.order, share.recipient, besides=share):
        raise refused("ALREADY_SHARED")
    share.closes_at = ask.closes_at
    state.move(share, OFFERED, ask.viewer)
    return Answer({"sharedOrder": share_told(share)})
