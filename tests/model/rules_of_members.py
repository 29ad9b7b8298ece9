"""What admins change: by the rules as clients are promised them."""

from tests.model.answers import Answer, refused
from tests.model.asks import AddMember, RemoveMember, SetMemberRole, SetSharePolicy
from tests.model.passing_time import end
from tests.model.people import require_admin
from tests.model.state import CLAIMED, OFFERED, Entry, State


def add(ask: AddMember, state: State) -> Answer:
    require_admin(state, ask.viewer)
    if ask.user in state.roles:
        raise refused("INVALID_INPUT")
    return _give_role(state, ask.viewer, ask.user, ask.role)


def set_role(ask: SetMemberRole, state: State) -> Answer:
    require_admin(state, ask.viewer)
    if ask.user not in state.roles:
        raise refused("NOT_A_MEMBER")
    return _give_role(state, ask.viewer, ask.user, ask.role)


def _give_role(state: State, actor: str, user: str, role: str) -> Answer:
    if state.roles.get(user) != role:
        state.roles[user] = role
        state.tell_membership(user, role, actor)
    return Answer({"membership": {"user": {"reference": user}, "role": role}})


def remove(ask: RemoveMember, state: State) -> Answer:
    require_admin(state, ask.viewer)
    if ask.user not in state.roles:
        raise refused("NOT_A_MEMBER")
    for order in state.orders:
        for share in state.shares:
            if (share.order, share.recipient) == (order, ask.user) and share.status in (OFFERED, CLAIMED):
                end(state, share, ask.viewer)
    del state.roles[ask.user]
    state.tell_membership(ask.user, None, ask.viewer)
    return Answer({"organisation": None if ask.user == ask.viewer else {"sharePolicy": state.policy}})


def set_policy(ask: SetSharePolicy, state: State) -> Answer:
    require_admin(state, ask.viewer)
    if state.policy != ask.policy:
        state.log.append(Entry(f"{ask.viewer}: {state.policy} > {ask.policy}"))
        state.policy = ask.policy
    return Answer({"organisation": {"sharePolicy": state.policy}})
