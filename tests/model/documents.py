"""The documents that a story sends, and how its asks are put into variables."""

from collections.abc import Callable, Mapping
from typing import Any

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
from tests.model.names import Names

_ORDER = "reference status version sharesClaimed expiresAt"
_SHARE = "id permission status claimWindow { opensAt closesAt }"
_RESULT = "action actor { reference } via sharedOrder { id } fromStatus toStatus orderVersion"
_MEMBERSHIP = "membership { user { reference } role }"
_ERRORS = """userErrors { __typename code path
  ... on ClaimWindowError { opensAt closesAt }
  ... on SharesExhaustedError { maxShares sharesClaimed }
  ... on ActionNotAllowedError { currentStatus availableActions }
  ... on VersionConflictError { currentVersion currentStatus }
}"""
_EVENT = """__typename sequence cursor orderVersion actor { reference } order { reference }
  ... on OrderStatusChanged { was: previousStatus is: status reason { cause action via actor { reference } } }
  ... on SharedOrderChanged { shareWas: previousStatus shareIs: status sharedOrder { id } }
  ... on MembershipChanged { user { reference } role }
  ... on SharePolicyChanged { previousSharePolicy sharePolicy }
"""

PAGE = f"""query($organisation: ID!) {{ organisation(id: $organisation) {{
  viewerRole sharePolicy logCursor
  orders(first: 20) {{ nodes {{
    reference status statusReason {{ cause action via actor {{ reference }} }} version sharesClaimed expiresAt
    availableActions viewerCanShare
    sharedOrders(first: 50) {{ nodes {{ sender {{ reference }} recipient {{ reference }} {_SHARE} }} }}
  }} }}
}} }}"""

DETAILS = """query($organisation: ID!) { organisation(id: $organisation) {
  orders { nodes { sharedOrders(first: 50) { nodes { id claimEligibility { claimable code } availableActions } } } }
} }"""

PAST = f"""query($organisation: ID!) {{
  organisation(id: $organisation) {{
    members {{ nodes {{ user {{ reference }} role }} }}
    orders {{ nodes {{
      history(first: 100) {{ nodes {{ {_EVENT} }} }}
      processingResults(first: 100) {{ nodes {{ {_RESULT} }} }}
    }} }}
  }}
  viewer {{
    received: sharedOrders(first: 50) {{ nodes {{ id }} }}
    sent: sharedOrders(box: SENT, first: 50) {{ nodes {{ id }} }}
  }}
}}"""


def _subscription(fields: str) -> str:
    to_events = f"organisationEvents(organisationId: $organisation, after: $after) {{ {fields} }}"
    return f"subscription($organisation: ID!, $after: Cursor) {{ {to_events} }}"


EVENTS = _subscription(_EVENT)
SEQUENCES = _subscription("sequence")

_SELECTIONS = {
    ShareOrder: f"order {{ {_ORDER} }} sharedOrders {{ {_SHARE} }}",
    ProcessOrder: f"order {{ {_ORDER} }} processingResult {{ {_RESULT} }}",
    AddMember: _MEMBERSHIP,
    SetMemberRole: _MEMBERSHIP,
    RemoveMember: "organisation { sharePolicy }",
    SetSharePolicy: "organisation { sharePolicy }",
    ClaimSharedOrder: f"sharedOrder {{ {_SHARE} }}",
    DeclineSharedOrder: f"sharedOrder {{ {_SHARE} }}",
    ReleaseSharedOrder: f"sharedOrder {{ {_SHARE} }}",
    RevokeSharedOrder: f"sharedOrder {{ {_SHARE} }}",
    ExtendClaimWindow: f"sharedOrder {{ {_SHARE} }}",
}


def _document(kind: type[Ask], selection: str) -> str:
    name = kind.__name__[0].lower() + kind.__name__[1:]
    return f"mutation($input: {kind.__name__}Input!) {{ answer: {name}(input: $input) {{ {selection} {_ERRORS} }} }}"


MUTATIONS: Mapping[type[Ask], str] = {kind: _document(kind, selection) for kind, selection in _SELECTIONS.items()}


def _share(ask: ShareOrder, names: Names) -> dict[str, Any]:
    window = {"opensAt": names.instant(ask.opens_at), "closesAt": names.instant(ask.closes_at)}
    return {
        "orderId": names.ids[ask.order],
        "recipientIds": [names.ids[recipient] for recipient in ask.recipients],
        "permission": ask.permission,
        "claimWindow": {name: instant for name, instant in window.items() if instant is not None},
    }


def _process(ask: ProcessOrder, names: Names) -> dict[str, Any]:
    return {
        "orderId": names.ids[ask.through],
        "action": ask.action,
        "expectedVersion": ask.expected_version,
        "newExpiresAt": names.instant(ask.new_expires_at),
    }


def _add(ask: AddMember, names: Names) -> dict[str, Any]:
    return {"reference": names.reference(ask.user), "name": ask.user.title(), "role": ask.role}


_INPUTS: Mapping[type[Ask], Callable[[Any, Names], dict[str, Any]]] = {
    ShareOrder: _share,
    ProcessOrder: _process,
    ExtendClaimWindow: lambda ask, names: {"closesAt": names.instant(ask.closes_at)},
    AddMember: _add,
    RemoveMember: lambda ask, names: {"userId": names.ids[ask.user]},
    SetMemberRole: lambda ask, names: {"userId": names.ids[ask.user], "role": ask.role},
    SetSharePolicy: lambda ask, names: {"sharePolicy": ask.policy},
}
_OF_ORGANISATION = (AddMember, RemoveMember, SetMemberRole, SetSharePolicy)


def input_of(ask: Ask, names: Names) -> dict[str, Any]:
    """Return the input of the mutation that somebody asks for."""
    given: dict[str, Any] = _INPUTS[type(ask)](ask, names) if type(ask) in _INPUTS else {}
    if isinstance(ask, AskOfShare):
        given["sharedOrderId"] = names.ids[ask.share]
    if isinstance(ask, _OF_ORGANISATION):
        given["organisationId"] = names.ids["organisation"]
    return given
