"""The rules of every mutation, written anew from what clients are promised: the reference that the program must match.

Nothing that it is made of imports the program. Where the promises are silent, it follows the records of decisions.
"""

from collections.abc import Callable
from typing import Any

from tests.model import rules_of_members, rules_of_processing, rules_of_sharing
from tests.model.answers import Answer, Refused
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
from tests.model.state import State

_RULES: dict[type[Ask], Callable[[Any, State], Answer]] = {
    ShareOrder: rules_of_sharing.share,
    ClaimSharedOrder: rules_of_sharing.claim,
    DeclineSharedOrder: rules_of_sharing.decline,
    ReleaseSharedOrder: rules_of_sharing.release,
    RevokeSharedOrder: rules_of_sharing.revoke,
    ExtendClaimWindow: rules_of_sharing.extend,
    ProcessOrder: rules_of_processing.process,
    AddMember: rules_of_members.add,
    RemoveMember: rules_of_members.remove,
    SetMemberRole: rules_of_members.set_role,
    SetSharePolicy: rules_of_members.set_policy,
}
_NOTHING: dict[type[Ask], dict[str, Any]] = {
    ShareOrder: {"order": None, "sharedOrders": []},
    ProcessOrder: {"order": None, "processingResult": None},
    AddMember: {"membership": None},
    RemoveMember: {"organisation": None},
    SetMemberRole: {"membership": None},
    SetSharePolicy: {"organisation": None},
}
"""The payload of a mutation that is refused, where it is not that of a shared order."""


def play(state: State, ask: Ask) -> tuple[State, Answer]:
    """Return what the organisation becomes by a mutation, and the answer; one that is refused changes nothing."""
    after = state.copy()
    try:
        answer = _RULES[type(ask)](ask, after)
    except Refused as refusal:
        return state, Answer(_NOTHING.get(type(ask), {"sharedOrder": None}), refusal.errors)
    return after, answer
