"""Who sees what, and who may do what: by the rules as clients are promised them."""

from typing import Any

from tests.model.claims import refusal_of_claim
from tests.model.lifecycle import SHAREABLE, actions_from
from tests.model.passing_time import judged
from tests.model.people import rules, sees
from tests.model.state import ADMIN, CLAIMED, Entry, Order, Share, State


def page(state: State, viewer: str) -> dict[str, Any]:
    """Return what somebody sees first of the organisation."""
    if viewer not in state.roles:
        return {"organisation": None}
    orders = [_order(state, viewer, order) for order in state.orders.values()]
    organisation = {"viewerRole": state.roles[viewer], "sharePolicy": state.policy, "orders": {"nodes": orders}}
    return {"organisation": organisation}


def details(state: State, viewer: str) -> dict[str, Any]:
    """Return what somebody sees who looks closer at the shared orders."""
    if viewer not in state.roles:
        return {"organisation": None}
    orders = [
        {"sharedOrders": {"nodes": [_closer(state, viewer, share) for share in _shares_of(state, viewer, order)]}}
        for order in state.orders.values()
    ]
    return {"organisation": {"orders": {"nodes": orders}}}


def boxes(state: State, viewer: str) -> dict[str, Any]:
    """Return what somebody has received and sent, the newest first: of organisations that they belong to."""
    shares = [share for share in reversed(state.shares) if viewer in state.roles]
    return {
        "received": {"nodes": [{"id": share.number} for share in shares if share.recipient == viewer]},
        "sent": {"nodes": [{"id": share.number} for share in shares if share.sender == viewer]},
    }


def members(state: State) -> dict[str, Any]:
    """Return who belongs to the organisation."""
    return {"nodes": [{"user": {"reference": user}, "role": role} for user, role in sorted(state.roles.items())]}


def _order(state: State, viewer: str, order: Order) -> dict[str, Any]:
    now = judged(state, order).status
    may_share = state.policy == "ANY_MEMBER" or rules(state, viewer, order)
    reason = order.reason
    return {
        "reference": order.reference,
        "status": order.status,
        "statusReason": {
            "cause": reason.cause,
            "action": reason.action,
            "via": reason.via,
            "actor": reason.actor and {"reference": reason.actor},
        },
        "version": order.version,
        "sharesClaimed": order.shares_claimed,
        "expiresAt": order.expires_at,
        "availableActions": actions_from(now) if rules(state, viewer, order) else [],
        "viewerCanShare": may_share and now in SHAREABLE,
        "sharedOrders": {"nodes": [_share(state, share) for share in _shares_of(state, viewer, order)]},
    }


def _shares_of(state: State, viewer: str, order: Order) -> list[Share]:
    """Return the shared orders of an order that somebody sees, the newest first."""
    return [share for share in reversed(state.shares) if share.order == order.reference and sees(state, viewer, share)]


def _share(state: State, share: Share) -> dict[str, Any]:
    return {
        "id": share.number,
        "sender": {"reference": share.sender},
        "recipient": {"reference": share.recipient},
        "permission": share.permission,
        "status": share.status_at(state.now),
        "claimWindow": {"opensAt": share.opens_at, "closesAt": share.closes_at},
    }


def _closer(state: State, viewer: str, share: Share) -> dict[str, Any]:
    refusal = refusal_of_claim(state, share)
    processes = viewer == share.recipient and share.status == CLAIMED and share.permission == "PROCESS"
    return {
        "id": share.number,
        "claimEligibility": {"claimable": refusal is None, "code": refusal and refusal["code"]},
        "availableActions": actions_from(judged(state, state.orders[share.order]).status) if processes else [],
    }


def hears(state: State, user: str, role: str, entry: Entry) -> bool:
    """Return whether somebody in a role is told of an event."""
    if entry.parties is None or role == ADMIN or user in entry.parties:
        return True
    return entry.order is not None and state.orders[entry.order].owner == user


def told_from_the_beginning(state: State, user: str) -> list[int]:
    """Return the sequences of what a member is told of the log who begins to read it now, at its beginning."""
    role = state.roles[user]
    return [sequence for sequence, entry in enumerate(state.log, 1) if hears(state, user, role, entry)]


def told_live(state: State, user: str, role: str, begun: int) -> tuple[list[int], bool]:
    """Return what a member was told of the log who has listened all the time.

    Args:
        state: The organisation now.
        user: The member.
        role: What they were when they began to listen.
        begun: How long the log was then.

    Returns:
        The sequences of what they were told, and whether their removal has ended it.
    """
    told: list[int] = []
    for sequence, entry in enumerate(state.log, 1):
        if entry.subject == user and sequence > begun:
            if entry.role is None:
                return told, True
            role = entry.role
        if hears(state, user, role, entry):
            told.append(sequence)
    return told, False


def history(state: State, user: str, order: Order) -> list[str]:
    """Return what a member is told of an order's history, the newest first."""
    role = state.roles[user]
    entries = [(sequence, entry) for sequence, entry in enumerate(state.log, 1) if entry.order == order.reference]
    return [f"{sequence} {entry.text}" for sequence, entry in reversed(entries) if hears(state, user, role, entry)]


def results(state: State, user: str, order: Order) -> list[dict[str, Any]]:
    """Return what a member is told of an order's results, the newest first: nothing of a share that they do not see."""
    return [
        result if share is None or sees(state, user, state.shares[share["id"]]) else {**result, "sharedOrder": None}
        for result in reversed(order.results)
        for share in [result["sharedOrder"]]
    ]
