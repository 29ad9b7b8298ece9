"""Makes of what somebody wishes to do what they ask for, as things are."""

from dataclasses import replace
from typing import Any

from tests.model.asks import (
    AddMember,
    Ask,
    AskOfShare,
    ClaimSharedOrder,
    ExtendClaimWindow,
    ProcessOrder,
    RevokeSharedOrder,
    ShareOrder,
)
from tests.model.cast import BOB, CAY, FOUNDER, MEMBERS, ORDERS
from tests.model.lifecycle import ACTIONS, SHAREABLE, actions_from
from tests.model.passing_time import judged
from tests.model.reference import play
from tests.model.state import CLAIMED, OFFERED, Order, Share, State
from tests.model.wishes import ANY

_POSSIBLE_ONLY = 4
"""Below this number a wish is about a shared order that it can come true for, from it on about any."""


def settled(wish: Ask, state: State) -> Ask:
    """Return what is asked for; where there is nothing that the wish could be about, for what leads there."""
    if isinstance(wish, AskOfShare) or (isinstance(wish, ProcessOrder) and isinstance(wish.through, int)):
        share = _chosen(wish, state)
        return _instead(state) if share is None else _about_share(wish, share, state)
    if isinstance(wish, AddMember) and wish.user == "gone":
        return replace(wish, user=BOB if BOB not in state.roles else CAY)
    if isinstance(wish, ShareOrder):
        order = state.orders[_to_share(state) if wish.order == ANY else wish.order]
        viewer = order.owner if wish.viewer == "owner" else wish.viewer
        recipients = wish.recipients
        if "others" in recipients:
            recipients = tuple(_without(order, state, viewer)) or tuple(user for user in MEMBERS if user != order.owner)
        asked = replace(wish, order=order.reference, viewer=viewer, recipients=recipients)
        return replace(asked, **_terms(wish, order, state))
    if isinstance(wish, ProcessOrder):
        order = state.orders[str(wish.through)]
        viewer = order.owner if wish.viewer == "owner" else wish.viewer
        return replace(wish, **{"viewer": viewer, **_terms(wish, order, state)})
    return wish


def _about_share(wish: Ask, share: Share, state: State) -> Ask:
    order = state.orders[share.order]
    people = {"recipient": share.recipient, "sender": share.sender, "owner": order.owner}
    given: dict[str, Any] = {"share" if isinstance(wish, AskOfShare) else "through": share.number}
    return replace(wish, **given, **_terms(wish, order, state), viewer=people.get(wish.viewer, wish.viewer))


def _chosen(wish: Ask, state: State) -> Share | None:
    """Return the shared order that a wish is about, or None where there is none that it could come true for."""
    number: int = getattr(wish, "share" if isinstance(wish, AskOfShare) else "through")
    possible = state.shares
    if number < _POSSIBLE_ONLY:
        usual = "sender" if isinstance(wish, RevokeSharedOrder | ExtendClaimWindow) else "recipient"
        by_usual = replace(wish, viewer=usual)
        possible = [share for share in state.shares if _changes(state, _about_share(by_usual, share, state))]
    return possible[-1 - number % len(possible)] if possible else None


def _changes(state: State, ask: Ask) -> bool:
    after, _ = play(state, ask)
    return len(after.log) > len(state.log)


def _instead(state: State) -> Ask:
    """Return an ask for what there was nothing of: a claimed share, an offer, or somebody to make one to."""
    claims = [ClaimSharedOrder(each.recipient, each.number) for each in reversed(state.shares)]
    share = settled(ShareOrder(FOUNDER, ANY, ("others",), "PROCESS"), state)
    revocations = [RevokeSharedOrder(FOUNDER, each.number) for each in state.shares]
    return next((ask for ask in (*claims, share, *revocations) if _changes(state, ask)), share)


def _to_share(state: State) -> str:
    """Return an order that can be shared with somebody, or any where there is none."""
    possible = [
        reference
        for reference, order in state.orders.items()
        if judged(state, order).status in SHAREABLE and _without(order, state, FOUNDER)
    ] or [*ORDERS]
    return possible[len(state.log) % len(possible)]


def _without(order: Order, state: State, sender: str) -> list[str]:
    """Return the members whom a sender can offer an order."""
    having = {
        share.recipient
        for share in state.shares
        if share.order == order.reference and share.status_at(state.now) in (OFFERED, CLAIMED)
    }
    return [user for user in state.roles if user not in (order.owner, sender, *having)]


def _terms(wish: Ask, order: Order, state: State) -> dict[str, Any]:
    """Return what a wish asks to be processed, of which version, and by which hours."""
    terms = _result(wish, judged(state, order), state.now) if isinstance(wish, ProcessOrder) else {}
    for name in ("opens_at", "closes_at"):
        if (hours := getattr(wish, name, None)) is not None:
            terms[name] = state.now + hours
    return terms


def _result(wish: ProcessOrder, order: Order, now: int) -> dict[str, Any]:
    """Return the terms of a result: CANCEL, after which nothing is possible, only where the wish names it."""
    action, hours = wish.action, wish.new_expires_at
    if action == ANY:
        possible = [each for each in actions_from(order.status) if each != "CANCEL"] or ACTIONS
        action = possible[(now + order.version) % len(possible)]
        hours = 24 if action == "RENEW" and hours is None else hours
    return {
        "action": action,
        "expected_version": None if wish.expected_version is None else wish.expected_version + order.version,
        "new_expires_at": None if hours is None else now + hours,
    }
