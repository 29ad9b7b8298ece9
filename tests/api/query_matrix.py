"""Who sees what: every query field with what everyone is answered."""

from typing import Any

from tests.api.sharing_stage import (
    ADMIN,
    FORMER,
    HOLDER,
    MEMBERS,
    OUTSIDER,
    OWNER,
    RECIPIENT,
    SENDER,
    SIGNED_IN,
)

OFFERED = {"recipient": {"reference": "recipient"}, "status": "OFFERED"}
CLAIMED = {"recipient": {"reference": "holder"}, "status": "CLAIMED"}
PASSED_ON = {"recipient": {"reference": "friend"}, "status": "OFFERED"}
REVOKED = {"recipient": {"reference": "former"}, "status": "REVOKED"}
_SHARE = "recipient { reference } status"

ALL_ACTIONS = ["RENEW", "ENDORSE", "REPORT_LOSS", "SUSPEND", "CANCEL"]

Answers = dict[str, Any]
"""What each of `SIGNED_IN` is answered."""


def seen_by(viewers: tuple[str, ...], answer: Any) -> Answers:
    """Return the answers where some viewers see a thing, and to all others it does not exist."""
    return {viewer: answer if viewer in viewers else None for viewer in SIGNED_IN}


def own(answers: Answers, otherwise: Any) -> Answers:
    """Return the answers where some viewers are answered something of their own."""
    return {viewer: answers.get(viewer, otherwise) for viewer in SIGNED_IN}


def for_members(answers: Answers, otherwise: Any) -> Answers:
    """Return the answers where members are answered something, and to all others the thing does not exist."""
    return {viewer: answers.get(viewer, otherwise) if viewer in MEMBERS else None for viewer in SIGNED_IN}


def _boxes(received: list[Any], sent: list[Any]) -> Answers:
    return {"received": {"nodes": received}, "sent": {"nodes": sent}}


def _memberships(viewer: str) -> list[Any]:
    roles = {OUTSIDER: ("strangers", "ADMIN"), ADMIN: ("family", "ADMIN")}
    reference, role = roles.get(viewer, ("family", "MEMBER"))
    return [] if viewer == FORMER else [{"role": role, "organisation": {"reference": reference}}]


def _told(*shares: Any) -> list[Any]:
    """Return what a history tells of shares, around the import and the endorsement."""
    endorsed, imported = {"__typename": "OrderStatusChanged"}, {"__typename": "OrderImported"}
    return [endorsed, *({"__typename": "SharedOrderChanged", "shared": share} for share in shares), imported]


_BY_RULE = _told(CLAIMED, PASSED_ON, CLAIMED, OFFERED, REVOKED, REVOKED, REVOKED)
_STATE_MACHINE = [
    ("ACTIVATE", ["PENDING"], "IN_FORCE"),
    ("RENEW", ["IN_FORCE", "GRACE_PERIOD"], "IN_FORCE"),
    ("ENDORSE", ["IN_FORCE"], "IN_FORCE"),
    ("REPORT_LOSS", ["IN_FORCE", "GRACE_PERIOD"], "LOSS_REPORTED"),
    ("SETTLE_LOSS", ["LOSS_REPORTED"], "IN_FORCE"),
    ("REJECT_LOSS", ["LOSS_REPORTED"], "IN_FORCE"),
    ("SUSPEND", ["IN_FORCE"], "SUSPENDED"),
    ("REINSTATE", ["SUSPENDED", "LAPSED"], "IN_FORCE"),
    ("CANCEL", ["PENDING", "IN_FORCE", "GRACE_PERIOD", "SUSPENDED"], "CANCELLED"),
    (None, ["IN_FORCE"], "GRACE_PERIOD"),
    (None, ["GRACE_PERIOD"], "LAPSED"),
]

# Each: the document, what its variable `$id` (or `$ids`) is, and the answers under the document's one field.
ROWS: dict[str, tuple[str, Any, Answers]] = {
    "viewer.user": (
        "{ viewer { user { reference } } }",
        None,
        {viewer: {"user": {"reference": viewer}} for viewer in SIGNED_IN},
    ),
    "viewer.memberships": (
        "{ viewer { memberships { role organisation { reference } } } }",
        None,
        {viewer: {"memberships": _memberships(viewer)} for viewer in SIGNED_IN},
    ),
    "viewer.sharedOrders": (
        f"{{ viewer {{ received: sharedOrders {{ nodes {{ {_SHARE} }} }}"
        f" sent: sharedOrders(box: SENT) {{ nodes {{ {_SHARE} }} }} }} }}",
        None,
        own(
            {
                OUTSIDER: _boxes([], [{"recipient": {"reference": "stranger"}, "status": "OFFERED"}]),
                SENDER: _boxes([], [PASSED_ON]),
                OWNER: _boxes([], [CLAIMED, OFFERED, REVOKED]),
                RECIPIENT: _boxes([OFFERED], []),
                HOLDER: _boxes([CLAIMED], []),
            },
            _boxes([], []),
        ),
    ),
    "node of an organisation": (
        "query($id: ID!) { node(id: $id) { ... on Organisation { reference } } }",
        "@organisation",
        seen_by(MEMBERS, {"reference": "family"}),
    ),
    "node of an order": (
        "query($id: ID!) { node(id: $id) { ... on Order { reference } } }",
        "@order",
        seen_by(MEMBERS, {"reference": "O-owner"}),
    ),
    "node of a shared order": (
        f"query($id: ID!) {{ node(id: $id) {{ ... on SharedOrder {{ {_SHARE} }} }} }}",
        "@claimed",
        seen_by((ADMIN, OWNER, HOLDER), CLAIMED),
    ),
    "node of a user": (
        "query($id: ID!) { node(id: $id) { ... on User { reference } } }",
        "@owner",
        seen_by(MEMBERS, {"reference": "owner"}),
    ),
    "node of a result": (
        "query($id: ID!) { node(id: $id) { ... on ProcessingResult { actor { reference } sharedOrder { status } } } }",
        "@result",
        for_members(
            {
                viewer: {"actor": {"reference": "holder"}, "sharedOrder": {"status": "CLAIMED"}}
                for viewer in (ADMIN, OWNER, HOLDER)
            },
            {"actor": {"reference": "holder"}, "sharedOrder": None},
        ),
    ),
    "nodes": (
        "query($id: [ID!]!) { nodes(ids: $id) { __typename } }",
        ["@order", "@offered", "@claimed", "@passed on", "@owner", "@organisation", "@result"],
        {
            viewer: [
                (viewer in seers and {"__typename": kind}) or None
                for kind, seers in (
                    ("Order", MEMBERS),
                    ("SharedOrder", (ADMIN, OWNER, RECIPIENT)),
                    ("SharedOrder", (ADMIN, OWNER, HOLDER)),
                    ("SharedOrder", (ADMIN, OWNER, SENDER)),
                    ("User", MEMBERS),
                    ("Organisation", MEMBERS),
                    ("ProcessingResult", MEMBERS),
                )
            ]
            for viewer in SIGNED_IN
        },
    ),
    "organisation": (
        'query($id: ID!) { organisation(id: $id) { reference viewerRole members(search: "form") { totalCount } } }',
        "@organisation",
        for_members(
            {ADMIN: {"reference": "family", "viewerRole": "ADMIN", "members": {"totalCount": 0}}},
            {"reference": "family", "viewerRole": "MEMBER", "members": {"totalCount": 0}},
        ),
    ),
    "order": (
        "query($id: ID!) { order(id: $id) { reference availableActions viewerCanShare } }",
        "@order",
        for_members(
            {
                viewer: {"reference": "O-owner", "availableActions": ALL_ACTIONS, "viewerCanShare": True}
                for viewer in (ADMIN, OWNER)
            },
            {"reference": "O-owner", "availableActions": [], "viewerCanShare": True},
        ),
    ),
    "order of a removed member": (
        "query($id: ID!) { order(id: $id) { reference owner { name } availableActions } }",
        "@former's order",
        for_members(
            {ADMIN: {"reference": "O-former", "owner": {"name": "Former"}, "availableActions": ALL_ACTIONS}},
            {"reference": "O-former", "owner": {"name": "Former"}, "availableActions": []},
        ),
    ),
    "order.sharedOrders": (
        f"query($id: ID!) {{ order(id: $id) {{ sharedOrders {{ totalCount nodes {{ {_SHARE} }} }} }} }}",
        "@order",
        for_members(
            {
                **{
                    viewer: {"sharedOrders": {"totalCount": 4, "nodes": [PASSED_ON, CLAIMED, OFFERED, REVOKED]}}
                    for viewer in (ADMIN, OWNER)
                },
                SENDER: {"sharedOrders": {"totalCount": 1, "nodes": [PASSED_ON]}},
                RECIPIENT: {"sharedOrders": {"totalCount": 1, "nodes": [OFFERED]}},
                HOLDER: {"sharedOrders": {"totalCount": 1, "nodes": [CLAIMED]}},
            },
            {"sharedOrders": {"totalCount": 0, "nodes": []}},
        ),
    ),
    "order.processingResults": (
        "query($id: ID!) { order(id: $id) { processingResults { totalCount nodes { action } } } }",
        "@order",
        seen_by(MEMBERS, {"processingResults": {"totalCount": 1, "nodes": [{"action": "ENDORSE"}]}}),
    ),
    "order.history": (
        "query($id: ID!) { order(id: $id) { history { nodes {"
        f" __typename ... on SharedOrderChanged {{ shared: sharedOrder {{ {_SHARE} }} }} }} }} }} }}",
        "@order",
        for_members(
            {
                **{viewer: {"history": {"nodes": _BY_RULE}} for viewer in (ADMIN, OWNER)},
                SENDER: {"history": {"nodes": _told(PASSED_ON)}},
                RECIPIENT: {"history": {"nodes": _told(OFFERED)}},
                HOLDER: {"history": {"nodes": _told(CLAIMED, CLAIMED)}},
            },
            {"history": {"nodes": _told()}},
        ),
    ),
    "sharedOrder offered": (
        "query($id: ID!) { sharedOrder(id: $id) { status availableActions order { reference } } }",
        "@offered",
        seen_by(
            (ADMIN, OWNER, RECIPIENT),
            {"status": "OFFERED", "availableActions": [], "order": {"reference": "O-owner"}},
        ),
    ),
    "sharedOrder claimed": (
        "query($id: ID!) { sharedOrder(id: $id) { status availableActions } }",
        "@claimed",
        {
            **seen_by((ADMIN, OWNER), {"status": "CLAIMED", "availableActions": []}),
            HOLDER: {"status": "CLAIMED", "availableActions": ALL_ACTIONS},
        },
    ),
    "sharedOrder passed on": (
        f"query($id: ID!) {{ sharedOrder(id: $id) {{ {_SHARE} }} }}",
        "@passed on",
        seen_by((ADMIN, OWNER, SENDER), PASSED_ON),
    ),
    "sharedOrder of a removed member": (
        f"query($id: ID!) {{ sharedOrder(id: $id) {{ {_SHARE} }} }}",
        "@former's share",
        seen_by((ADMIN, OWNER), REVOKED),
    ),
    "orderStateMachine": (
        "{ orderStateMachine { action fromStatuses toStatus } }",
        None,
        seen_by(SIGNED_IN, [{"action": a, "fromStatuses": f, "toStatus": t} for a, f, t in _STATE_MACHINE]),
    ),
}
