"""What people may wish to do, drawn without knowing what there is; `tests/model/settling.py` makes asks of it.

Wishes are made so that most of them can come true. In one, the viewer may be the "recipient", the "sender" or the
"owner" of what it is about, and the recipients all the "others"; of shared orders the newest that it can come true for
comes first, an action may be one of the possible ones, a version counts from the present one, and an hour from now.
"""

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.model.asks import (
    AddMember,
    Ask,
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
from tests.model.lifecycle import ACTIONS

ANY = "any"
_ANYBODY = (*MEMBERS, STRANGER)
_OWNER = st.sampled_from([*["owner"] * 8, *_ANYBODY])
_ADMINS = st.sampled_from([*[FOUNDER] * 8, BOB, CAY, STRANGER])
_ROLES = st.sampled_from(["MEMBER", "ADMIN"])
_NEWEST_FIRST = st.integers(0, 5)
_ANY = st.integers(4, 9)
_ORDER = st.sampled_from([*ORDERS])


def _mostly(usual: str) -> st.SearchStrategy[str]:
    return st.sampled_from([*[usual] * 10, "sender", "recipient", "owner", *_ANYBODY])


SHARES = st.builds(
    ShareOrder,
    viewer=st.sampled_from([*["owner"] * 5, *_ANYBODY]),
    order=st.sampled_from([ANY] * 8 + [*ORDERS]),
    recipients=st.sampled_from([("others",)] * 6 + [(BOB,), (CAY, CAY), (FOUNDER, STRANGER, CAY), (CAY, BOB)]),
    permission=st.sampled_from(["PROCESS", "VIEW", "PROCESS"]),
    opens_at=st.sampled_from([None] * 6 + [1, 2, 0, -1]),
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
        action=st.sampled_from([ANY] * 20 + ["CANCEL"] * 4 + ACTIONS),
        expected_version=st.sampled_from([None] * 5 + [0, 0, 0, -1]),
        new_expires_at=st.sampled_from([None] * 12 + [24, 1, 0]),
    )


FIRST_RESULTS = _results(_OWNER, _ORDER)
SECOND_RESULTS = _results(_mostly("recipient"), _NEWEST_FIRST)
RESULTS_OF_ANY_SHARE = _results(_mostly("recipient"), _ANY)
ADDITIONS = st.builds(AddMember, viewer=_ADMINS, user=st.sampled_from(["gone", "gone", BOB, CAY]), role=_ROLES)
REMOVALS = st.builds(RemoveMember, viewer=_ADMINS, user=st.sampled_from([BOB, CAY]))
ROLES = st.builds(SetMemberRole, viewer=_ADMINS, user=st.sampled_from([BOB, CAY]), role=_ROLES)
POLICIES = st.builds(SetSharePolicy, viewer=_ADMINS, policy=st.sampled_from(["ANY_MEMBER", "OWNER_AND_ADMINS"]))

_HOW_OFTEN: dict[st.SearchStrategy[Any], int] = {
    SECOND_RESULTS: 5,
    FIRST_RESULTS: 5,
    CLAIMS: 7,
    EXTENSIONS: 5,
    SHARES: 6,
    REVOCATIONS: 4,
    DECLINES: 3,
    RELEASES: 3,
    REMOVALS: 2,
    ADDITIONS: 3,
    ROLES: 2,
    RESULTS_OF_ANY_SHARE: 3,
    POLICIES: 1,
}
"""Hypothesis has some more of what comes first."""

WISHES: st.SearchStrategy[Ask] = st.sampled_from(
    [strategy for strategy, times in _HOW_OFTEN.items() for _ in range(times)]
).flatmap(lambda strategy: strategy)

_CONTEST: list[Ask] = [ClaimSharedOrder("recipient", number) for number in (0, 1)]
MANY_WISHES = st.sampled_from([0, 0, 1]).flatmap(
    lambda kind: st.just(_CONTEST) if kind else st.lists(WISHES, min_size=2, max_size=3)
)


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
    [*[None] * 15, Waiting(0), Waiting(0, logged=True), Waiting(0, early=True), Waiting(1), Waiting(2, logged=True)]
)
