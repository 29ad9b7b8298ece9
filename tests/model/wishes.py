"""What people may wish to do, drawn without knowing what there is; `settled` makes an ask of it.

Wishes are made so that most of them can come true. In one, the viewer may be the "recipient", the "sender" or the
"owner" of what it is about, and the recipients all the "others"; of shared orders the newest that it makes sense for
comes first, an action may be one of the possible ones, a version counts from the present one, and an hour from now.
"""

from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from tests.model.asks import (
    AddMember,
    Ask,
    AskOfShare,
    ClaimSharedOrder,
    DeclineSharedOrder,
    ExtendClaimWindow,
    ProcessOrder,
    ReleaseSharedOrder,
    RemoveMember,
    RevokeSharedOrder,
    SetMemberRole,
    SetSharePolicy,
    ShareOrder,
)
from tests.model.cast import BOB, CAY, FOUNDER, MEMBERS, ORDERS, STRANGER
from tests.model.lifecycle import ACTIONS, SHAREABLE, actions_from
from tests.model.passing_time import judged
from tests.model.state import CLAIMED, EXPIRED, OFFERED, Order, Share, State

ANY = "any"
_ANYBODY = (*MEMBERS, STRANGER)
_OWNER = st.sampled_from([*["owner"] * 8, *_ANYBODY])
_ADMINS = st.sampled_from([*[FOUNDER] * 8, BOB, CAY, STRANGER])
_ROLES = st.sampled_from(["MEMBER", "ADMIN"])
_NEWEST_FIRST = st.integers(0, 5)
_SENSIBLE = 4
"""From which number on a wish is about any shared order, sensible or not."""

_ORDER = st.sampled_from([*ORDERS])


def _mostly(usual: str) -> st.SearchStrategy[str]:
    return st.sampled_from([*[usual] * 10, "sender", "recipient", "owner", *_ANYBODY])


SHARES = st.builds(
    ShareOrder,
    viewer=st.sampled_from([*["owner"] * 5, *_ANYBODY]),
    order=st.sampled_from([ANY] * 8 + [*ORDERS]),
    recipients=st.sampled_from([("others",)] * 6 + [(BOB,), (CAY, CAY), (FOUNDER, STRANGER, CAY), (CAY, BOB)]),
    permission=st.sampled_from(["PROCESS", "PROCESS", "VIEW"]),
    opens_at=st.sampled_from([None] * 8 + [0, -1, 1, 1]),
    closes_at=st.sampled_from([None] * 6 + [2, 2, 1, 0]),
)
CLAIMS = st.builds(ClaimSharedOrder, viewer=_mostly("recipient"), share=_NEWEST_FIRST)
DECLINES = st.builds(DeclineSharedOrder, viewer=_mostly("recipient"), share=_NEWEST_FIRST)
RELEASES = st.builds(ReleaseSharedOrder, viewer=_mostly("recipient"), share=_NEWEST_FIRST)
REVOCATIONS = st.builds(
    RevokeSharedOrder,
    viewer=st.sampled_from([*["sender"] * 5, *["owner"] * 4, *["recipient"] * 2, *_ANYBODY]),
    share=_NEWEST_FIRST,
)
EXTENSIONS = st.builds(
    ExtendClaimWindow, viewer=_mostly("sender"), share=_NEWEST_FIRST, closes_at=st.sampled_from([2, 24, 1, 0])
)


def _results(viewer: st.SearchStrategy[str], through: st.SearchStrategy[Any]) -> st.SearchStrategy[ProcessOrder]:
    return st.builds(
        ProcessOrder,
        viewer=viewer,
        through=through,
        action=st.sampled_from([ANY] * 20 + ACTIONS),
        expected_version=st.sampled_from([None] * 5 + [0, 0, 0, -1]),
        new_expires_at=st.sampled_from([None] * 12 + [24, 1, 0]),
    )


FIRST_RESULTS, SECOND_RESULTS = _results(_OWNER, _ORDER), _results(_mostly("recipient"), _NEWEST_FIRST)
ADDITIONS = st.builds(AddMember, viewer=_ADMINS, user=st.sampled_from(["gone", "gone", BOB, CAY]), role=_ROLES)
REMOVALS = st.builds(RemoveMember, viewer=_ADMINS, user=st.sampled_from([BOB, CAY]))
ROLES = st.builds(SetMemberRole, viewer=_ADMINS, user=st.sampled_from([BOB, CAY]), role=_ROLES)
POLICIES = st.builds(SetSharePolicy, viewer=_ADMINS, policy=st.sampled_from(["ANY_MEMBER", "OWNER_AND_ADMINS"]))

_HOW_OFTEN: dict[st.SearchStrategy[Any], int] = {
    CLAIMS: 10,
    SHARES: 6,
    SECOND_RESULTS: 6,
    RELEASES: 3,
    REVOCATIONS: 4,
    EXTENSIONS: 4,
    FIRST_RESULTS: 4,
    ADDITIONS: 4,
    DECLINES: 2,
    ROLES: 2,
    REMOVALS: 1,
    POLICIES: 1,
}
"""Hypothesis has some more of what comes first."""

WISHES: st.SearchStrategy[Ask] = st.sampled_from(
    [strategy for strategy, times in _HOW_OFTEN.items() for _ in range(times)]
).flatmap(lambda strategy: strategy)


@dataclass(frozen=True)
class Waiting:
    """How long people wait before they go on.

    Attributes:
        moment: Up to which of the moments to come at which something opens or ends.
        early: Whether to an hour before.
        logged: Whether the log then tells what time has done.
    """

    moment: int
    early: bool = False
    logged: bool = False


WAITS = st.sampled_from(
    [*[None] * 20, Waiting(0), Waiting(0, logged=True), Waiting(0, early=True), Waiting(1), Waiting(2, logged=True)]
)

_MAKES_SENSE_FOR: dict[type[Ask], tuple[str, ...]] = {
    ClaimSharedOrder: (OFFERED,),
    DeclineSharedOrder: (OFFERED,),
    ReleaseSharedOrder: (CLAIMED,),
    RevokeSharedOrder: (OFFERED, CLAIMED),
    ExtendClaimWindow: (OFFERED, EXPIRED),
    ProcessOrder: (CLAIMED,),
}


def is_of_share(wish: Ask) -> bool:
    """Return whether a wish is about a shared order, of which there must be one."""
    return isinstance(wish, AskOfShare) or (isinstance(wish, ProcessOrder) and isinstance(wish.through, int))


def settled(wish: Ask, state: State) -> Ask:
    """Return what is asked for by a wish, as things are."""
    given: dict[str, Any] = {}
    parts: dict[str, str] = {}
    if isinstance(wish, ShareOrder) and wish.order == ANY:
        wish = replace(wish, order=_to_share(state))
    order = state.orders.get(getattr(wish, "order", getattr(wish, "through", "")))
    if is_of_share(wish):
        name = "share" if isinstance(wish, AskOfShare) else "through"
        share = _chosen(wish, getattr(wish, name), state)
        given[name], order = share.number, state.orders[share.order]
        parts = {"recipient": share.recipient, "sender": share.sender}
    if order is not None:
        parts["owner"] = order.owner
    given["viewer"] = parts.get(wish.viewer, wish.viewer)
    if isinstance(wish, ProcessOrder) and order is not None:
        given |= _result(wish, judged(state, order), state.now)
    if isinstance(wish, ShareOrder) and order is not None and "others" in wish.recipients:
        others = [user for user in MEMBERS if user not in (order.owner, given["viewer"])]
        given["recipients"] = tuple(user for user in others if not _has(user, order, state)) or tuple(others)
    if isinstance(wish, AddMember) and wish.user == "gone":
        given["user"] = BOB if BOB not in state.roles else CAY
    for name in ("opens_at", "closes_at"):
        if (hours := getattr(wish, name, None)) is not None:
            given[name] = state.now + hours
    return replace(wish, **given)


def _to_share(state: State) -> str:
    """Return an order that can be shared with somebody, or any where there is none."""
    possible = [
        reference
        for reference, order in state.orders.items()
        if judged(state, order).status in SHAREABLE
        and not all(_has(user, order, state) for user in MEMBERS if user != order.owner)
    ] or [*ORDERS]
    return possible[len(state.log) % len(possible)]


def _has(user: str, order: Order, state: State) -> bool:
    of_user = [share for share in state.shares if (share.order, share.recipient) == (order.reference, user)]
    return any(share.status_at(state.now) in (OFFERED, CLAIMED) for share in of_user)


def _chosen(wish: Ask, number: int, state: State) -> Share:
    sensible = [share for share in state.shares if share.status_at(state.now) in _MAKES_SENSE_FOR[type(wish)]]
    among = state.shares if number >= _SENSIBLE or not sensible else sensible
    return among[-1 - number % len(among)]


def _result(wish: ProcessOrder, order: Order, now: int) -> dict[str, Any]:
    """Return what is to be processed; CANCEL, after which nothing is possible, only where the wish names it."""
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
