"""What becomes of an order that a terminal processes: by the rules as clients are promised them."""

from tests.model.answers import Answer, order_told, refused
from tests.model.asks import ProcessOrder
from tests.model.lifecycle import TABLE, actions_from
from tests.model.passing_time import ENDED, end_offers, let_time_pass
from tests.model.people import require_member, require_recipient, rules, seen_share
from tests.model.state import CLAIMED, Order, Reason, Share, State


def process(ask: ProcessOrder, state: State) -> Answer:
    order, share = _processed(ask, state)
    let_time_pass(state, order)
    if ask.expected_version not in (None, order.version):
        raise refused("VERSION_CONFLICT", currentVersion=order.version, currentStatus=order.status)
    if ask.action not in TABLE[order.status]:
        actions = actions_from(order.status)
        raise refused("ACTION_NOT_ALLOWED", currentStatus=order.status, availableActions=actions)
    order.expires_at = _expiry_after(ask, order, state.now)
    before, after = order.status, TABLE[order.status][ask.action]
    via = "FIRST_ORDER" if share is None else "SHARED_ORDER"
    state.set_status(order, after, Reason("PROCESSED", ask.action, via, ask.viewer))
    result = {
        "action": ask.action,
        "actor": {"reference": ask.viewer},
        "via": via,
        "sharedOrder": None if share is None else {"id": share.number},
        "fromStatus": before,
        "toStatus": after,
        "orderVersion": order.version,
    }
    order.results.append(result)
    if after in ENDED:
        end_offers(state, order, ask.viewer)
    return Answer({"order": order_told(order), "processingResult": result})


def _processed(ask: ProcessOrder, state: State) -> tuple[Order, Share | None]:
    """Return what is processed, and through which shared order."""
    if isinstance(ask.through, str):
        require_member(state, ask.viewer)
        order = state.orders[ask.through]
        if not rules(state, ask.viewer, order):
            raise refused("FORBIDDEN")
        return order, None
    share = seen_share(state, ask.viewer, ask.through)
    require_recipient(ask.viewer, share)
    if share.status != CLAIMED:
        raise refused("NOT_CLAIMED")
    if share.permission != "PROCESS":
        raise refused("FORBIDDEN")
    return state.orders[share.order], share


def _expiry_after(ask: ProcessOrder, order: Order, now: int) -> int | None:
    if ask.new_expires_at is None:
        if ask.action == "RENEW":
            raise refused("INVALID_INPUT")
        return order.expires_at
    if ask.action not in ("RENEW", "REINSTATE") or ask.new_expires_at <= now:
        raise refused("INVALID_INPUT")
    return ask.new_expires_at
