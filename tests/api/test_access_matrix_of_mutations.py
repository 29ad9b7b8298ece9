"""Who may do what: every mutation, asked for by everyone, with the exact refusal and proof that it changed nothing."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.api.sharing_stage import (
    ADMIN,
    HOLDER,
    NO_TOKEN,
    NOWHERE,
    OWNER,
    SIGNED_IN,
    STRANGERS,
    UNAUTHENTICATED,
    Stage,
    global_id,
    set_stage,
)
from tests.world import World, body_of

DONE, SAME = "done", "done already"
NOT_FOUND, FORBIDDEN, NOT_OFFERED, NOT_CLAIMED = "NOT_FOUND", "FORBIDDEN", "NOT_OFFERED", "NOT_CLAIMED"

PAYLOADS: dict[str, tuple[str, dict[str, Any]]] = {
    "shareOrder": ("order { id } sharedOrders { id }", {"order": None, "sharedOrders": []}),
    "claimSharedOrder": ("sharedOrder { id }", {"sharedOrder": None}),
    "declineSharedOrder": ("sharedOrder { id }", {"sharedOrder": None}),
    "releaseSharedOrder": ("sharedOrder { id }", {"sharedOrder": None}),
    "revokeSharedOrder": ("sharedOrder { id }", {"sharedOrder": None}),
    "extendClaimWindow": ("sharedOrder { id }", {"sharedOrder": None}),
    "processOrder": ("order { id } processingResult { id }", {"order": None, "processingResult": None}),
    "importOrders": ("imported updated unchanged", {"imported": 0, "updated": 0, "unchanged": 0}),
    "setSharePolicy": ("organisation { id }", {"organisation": None}),
    "addMember": ("membership { role }", {"membership": None}),
    "removeMember": ("organisation { id }", {"organisation": None}),
    "setMemberRole": ("membership { role }", {"membership": None}),
}
"""What each mutation answers beside its errors, and how that reads where it is refused."""


@dataclass(frozen=True)
class Row:
    """A mutation with its input, and what becomes of it for each of `SIGNED_IN`.

    Attributes:
        mutation: Its name.
        given: Its input; `@name` stands for an id of the stage.
        about: The field of the input that every refusal names, or for some codes another one.
        outcomes: `DONE`, `SAME` where it succeeds without a change, or the code of the refusal.
    """

    mutation: str
    given: dict[str, Any]
    about: str
    outcomes: tuple[str, ...]
    about_code: dict[str, str] = field(default_factory=dict)

    @property
    def document(self) -> str:
        """The mutation as a document."""
        fields, _ = PAYLOADS[self.mutation]
        kind = self.mutation[0].upper() + self.mutation[1:]
        errors = "userErrors { __typename code message path }"
        return f"mutation($input: {kind}Input!) {{ {self.mutation}(input: $input) {{ {fields} {errors} }} }}"

    def outcome(self, body: dict[str, Any], *, changed: bool) -> str:
        """Return what a body says has become of it, or the body itself where it is nothing that may be said."""
        payload = _without_messages(body)["data"][self.mutation]
        if "errors" not in body and payload["userErrors"] == [] and None not in payload.values():
            return DONE if changed else SAME
        code: str = next((error["code"] for error in payload["userErrors"]), "")
        return code if body == self.refusal(code) and not changed else f"changed: {changed}, answered: {body}"

    def refusal(self, code: str) -> dict[str, Any]:
        """Return the whole body of an answer that refuses with `code`."""
        path = ["input", self.about_code.get(code, self.about)]
        error = {"__typename": "GenericUserError", "code": code, "path": path}
        return {"data": {self.mutation: {**PAYLOADS[self.mutation][1], "userErrors": [error]}}}


def _without_messages(body: dict[str, Any]) -> dict[str, Any]:
    """Return a body without the sentences of its errors, which must be there."""
    [payload] = body["data"].values()
    assert all(error.pop("message").endswith(".") for error in payload["userErrors"])
    return body


def _order_to_import(**changes: Any) -> dict[str, Any]:
    order = {
        "reference": "O-new",
        "ownerReference": "friend",
        "type": "HOSPITAL",
        "title": "A new cover",
        "premium": {"amountMinor": 100, "currency": "EUR"},
        "status": "IN_FORCE",
        "effectiveAt": "2026-01-01T00:00:00Z",
        "maxShares": 1,
    }
    return {**order, **changes}


_SHARE = {"orderId": "@order", "recipientIds": ["@member"]}
_UNTIL = "2999-01-01T00:00:00Z"

_N, _F, _O, _C = NOT_FOUND, FORBIDDEN, NOT_OFFERED, NOT_CLAIMED
_ADMINS_ONLY = (_N, _F, _F, DONE, _F, _F, _F, _N)

# The columns are those of SIGNED_IN: outsider, member, sender, admin, owner, recipient (before the claim),
# holder (after the claim), former (removed).
# fmt: off
ROWS = {
    "share to view": Row("shareOrder", {**_SHARE, "recipientIds": ["@cousin"]}, "orderId",
        (_N, DONE, DONE, DONE, DONE, DONE, DONE, _N)),
    "share to process": Row("shareOrder", {**_SHARE, "recipientIds": ["@cousin"], "permission": "PROCESS"}, "orderId",
        (_N, _F, _F, DONE, DONE, _F, DONE, _N), about_code={_F: "permission"}),
    "share a removed member's order": Row("shareOrder", {"orderId": "@former's order", "recipientIds": ["@cousin"]},
        "orderId", (_N, DONE, DONE, DONE, DONE, DONE, DONE, _N)),
    "claim an offer": Row("claimSharedOrder", {"sharedOrderId": "@offered"}, "sharedOrderId",
        (_N, _N, _N, _F, _F, DONE, _N, _N)),
    "claim what is claimed": Row("claimSharedOrder", {"sharedOrderId": "@claimed"}, "sharedOrderId",
        (_N, _N, _N, _F, _F, _N, SAME, _N)),
    "claim what was passed on": Row("claimSharedOrder", {"sharedOrderId": "@passed on"}, "sharedOrderId",
        (_N, _N, _F, _F, _F, _N, _N, _N)),
    "claim a removed member's share": Row("claimSharedOrder", {"sharedOrderId": "@former's share"}, "sharedOrderId",
        (_N, _N, _N, _F, _F, _N, _N, _N)),
    "decline an offer": Row("declineSharedOrder", {"sharedOrderId": "@offered"}, "sharedOrderId",
        (_N, _N, _N, _F, _F, DONE, _N, _N)),
    "decline what is claimed": Row("declineSharedOrder", {"sharedOrderId": "@claimed"}, "sharedOrderId",
        (_N, _N, _N, _F, _F, _N, _O, _N)),
    "release an offer": Row("releaseSharedOrder", {"sharedOrderId": "@offered"}, "sharedOrderId",
        (_N, _N, _N, _F, _F, _C, _N, _N)),
    "release what is claimed": Row("releaseSharedOrder", {"sharedOrderId": "@claimed"}, "sharedOrderId",
        (_N, _N, _N, _F, _F, _N, DONE, _N)),
    "revoke an offer": Row("revokeSharedOrder", {"sharedOrderId": "@offered"}, "sharedOrderId",
        (_N, _N, _N, DONE, DONE, _F, _N, _N)),
    "revoke what is claimed": Row("revokeSharedOrder", {"sharedOrderId": "@claimed"}, "sharedOrderId",
        (_N, _N, _N, DONE, DONE, _N, _F, _N)),
    "revoke what was passed on": Row("revokeSharedOrder", {"sharedOrderId": "@passed on"}, "sharedOrderId",
        (_N, _N, DONE, DONE, DONE, _N, _N, _N)),
    "extend an offer": Row("extendClaimWindow", {"sharedOrderId": "@offered", "closesAt": _UNTIL}, "sharedOrderId",
        (_N, _N, _N, DONE, DONE, _F, _N, _N)),
    "extend what is claimed": Row("extendClaimWindow", {"sharedOrderId": "@claimed", "closesAt": _UNTIL},
        "sharedOrderId", (_N, _N, _N, _O, _O, _N, _F, _N)),
    "extend what was passed on": Row("extendClaimWindow", {"sharedOrderId": "@passed on", "closesAt": _UNTIL},
        "sharedOrderId", (_N, _N, DONE, DONE, _F, _N, _N, _N)),
    "process the order": Row("processOrder", {"orderId": "@order", "action": "ENDORSE"}, "orderId",
        (_N, _F, _F, DONE, DONE, _F, _F, _N)),
    "process a removed member's order": Row("processOrder", {"orderId": "@former's order", "action": "ENDORSE"},
        "orderId", (_N, _F, _F, DONE, _F, _F, _F, _N)),
    "process through an offer": Row("processOrder", {"orderId": "@offered", "action": "ENDORSE"}, "orderId",
        (_N, _N, _N, _F, _F, _C, _N, _N)),
    "process through what is claimed": Row("processOrder", {"orderId": "@claimed", "action": "ENDORSE"}, "orderId",
        (_N, _N, _N, _F, _F, _N, DONE, _N)),
    "process through what was passed on": Row("processOrder", {"orderId": "@passed on", "action": "ENDORSE"},
        "orderId", (_N, _N, _F, _F, _F, _N, _N, _N)),
    "import orders": Row("importOrders", {"organisationId": "@organisation", "orders": [_order_to_import()]},
        "organisationId", _ADMINS_ONLY),
    "set the policy": Row("setSharePolicy", {"organisationId": "@organisation", "sharePolicy": "OWNER_AND_ADMINS"},
        "organisationId", _ADMINS_ONLY),
    "leave the policy": Row("setSharePolicy", {"organisationId": "@organisation", "sharePolicy": "ANY_MEMBER"},
        "organisationId", (_N, _F, _F, SAME, _F, _F, _F, _N)),
    "add a member": Row("addMember", {"organisationId": "@organisation", "reference": "new", "name": "New"},
        "organisationId", _ADMINS_ONLY),
    "remove a member": Row("removeMember", {"organisationId": "@organisation", "userId": "@friend"},
        "organisationId", _ADMINS_ONLY),
    "make an admin": Row("setMemberRole", {"organisationId": "@organisation", "userId": "@friend", "role": "ADMIN"},
        "organisationId", _ADMINS_ONLY),
    "leave a role": Row("setMemberRole", {"organisationId": "@organisation", "userId": "@friend", "role": "MEMBER"},
        "organisationId", (_N, _F, _F, SAME, _F, _F, _F, _N)),
}
# fmt: on


@pytest.fixture
async def stage(world: World) -> Stage:
    """Everyone, around one shared order."""
    return await set_stage(world)


def test_the_matrix_has_every_mutation() -> None:
    assert {row.mutation for row in ROWS.values()} == set(PAYLOADS)


@pytest.mark.parametrize("mutation", PAYLOADS)
async def test_each_viewer_may_do_exactly_what_the_matrix_says(stage: Stage, mutation: str) -> None:
    asked = {name: row for name, row in ROWS.items() if row.mutation == mutation}
    expected = {
        (name, viewer): outcome
        for name, row in asked.items()
        for viewer, outcome in zip(SIGNED_IN, row.outcomes, strict=True)
    }
    before = await stage.world.dump()
    outcomes = {}
    for name, viewer in expected:
        answered = await stage.send(viewer, asked[name].document, {"input": asked[name].given})
        changed = await stage.world.dump() != before
        outcomes[name, viewer] = asked[name].outcome(body_of(answered), changed=changed)
        if changed:
            await stage.rewind(before)
    assert outcomes == expected


async def test_without_a_token_nothing_is_done(stage: Stage) -> None:
    before = await stage.world.dump()
    for row in ROWS.values():
        answered = await stage.send(NO_TOKEN, row.document, {"input": row.given})
        assert answered.status_code == 401
        assert answered.json() == UNAUTHENTICATED
    assert await stage.world.dump() == before


@pytest.mark.parametrize("viewer", STRANGERS)
async def test_a_stranger_cannot_tell_the_familys_things_from_nothing(stage: Stage, viewer: str) -> None:
    for row in ROWS.values():
        theirs = await stage.send(viewer, row.document, {"input": row.given})
        nothing = await stage.send(viewer, row.document, {"input": row.given}, NOWHERE)
        assert (theirs.status_code, theirs.content) == (nothing.status_code, nothing.content)
        assert _without_messages(body_of(theirs)) == row.refusal(NOT_FOUND)


@pytest.mark.parametrize("viewer", [ADMIN, OWNER, HOLDER])
async def test_the_family_cannot_tell_strangers_things_from_nothing(stage: Stage, viewer: str) -> None:
    before = await stage.world.dump()
    for row in ROWS.values():
        theirs = await stage.send(viewer, row.document, {"input": row.given}, stage.foreign)
        nothing = await stage.send(viewer, row.document, {"input": row.given}, NOWHERE)
        garbled = await stage.send(viewer, row.document, {"input": row.given}, dict.fromkeys(NOWHERE, "💥"))
        assert theirs.content == nothing.content
        assert _without_messages(body_of(theirs)) == _without_messages(body_of(garbled)) == row.refusal(NOT_FOUND)
    assert await stage.world.dump() == before


_PEOPLE_OF_OTHERS: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "as recipients": (
        "shareOrder",
        {"orderId": "@order", "recipientIds": ["@somebody"]},
        ["input", "recipientIds", "0"],
    ),
    "as members to remove": (
        "removeMember",
        {"organisationId": "@organisation", "userId": "@somebody"},
        ["input", "userId"],
    ),
    "as members to promote": (
        "setMemberRole",
        {"organisationId": "@organisation", "userId": "@somebody", "role": "ADMIN"},
        ["input", "userId"],
    ),
    "as owners of orders": (
        "importOrders",
        {"organisationId": "@organisation", "orders": [_order_to_import(ownerReference="@reference")]},
        ["input", "orders", "0", "ownerReference"],
    ),
}


@pytest.mark.parametrize("use", _PEOPLE_OF_OTHERS)
async def test_an_admin_cannot_tell_strangers_and_removed_members_from_nobody(stage: Stage, use: str) -> None:
    mutation, given, path = _PEOPLE_OF_OTHERS[use]
    row, before = Row(mutation, given, "", ()), await stage.world.dump()
    error = {
        "__typename": "GenericUserError",
        "code": "NOT_A_MEMBER",
        "message": "There is no such member of this organisation.",
        "path": path,
    }
    for somebody, reference in (
        (await stage.world.user_id("outsider"), "outsider"),
        (await stage.world.user_id("former"), "former"),
        (global_id("User"), "nobody at all"),
    ):
        ids = {**stage.ids, "@somebody": somebody, "@reference": reference}
        answered = await stage.send(ADMIN, row.document, {"input": given}, ids)
        assert answered.json()["data"][mutation] == {**PAYLOADS[mutation][1], "userErrors": [error]}
    assert await stage.world.dump() == before
