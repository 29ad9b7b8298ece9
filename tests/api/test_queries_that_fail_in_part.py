"""A field that fails takes its parents with it as far as the schema says, and spoils nothing else of the answer."""

from typing import Any

import pytest

from tests.world import World, row

_BAD = "history(first: 0) { totalCount }"

# Fields that two branches of one answer load; in the first branch, a field beside them fails at once.
SHARED_WORK = {
    "pages of orders": ("bad: members(first: 0) { totalCount }", "orders { nodes { reference } }"),
    "counts": ("bad: members(first: 0) { totalCount }", "orders { totalCount } members { totalCount }"),
    "the log's end": ("bad: members(first: 0) { totalCount }", "logCursor orderTypes { code } viewerRole"),
    "owners": ("", "orders { nodes { owner { name } %s } }"),
    "types": ("", "orders { nodes { type { name } organisation { name } %s } }"),
    "shares": ("", "orders { nodes { sharedOrders { totalCount nodes { status recipient { name } } } %s } }"),
    "results": ("", "orders { nodes { processingResults { nodes { action actor { name } } } %s } }"),
    "histories": ("", "orders { nodes { told: history { nodes { sequence } } viewerCanShare availableActions %s } }"),
}


def _without(fields: str) -> str:
    return fields.replace("%s", "")


@pytest.mark.parametrize("kind", SHARED_WORK)
async def test_a_branch_that_fails_spoils_no_other_that_waits_for_the_same(world: World, kind: str) -> None:
    await world.import_rows(*(row(f"P-{number}", "owner") for number in range(5)))
    await world.share("recipient", "member")
    beside, fields = SHARED_WORK[kind]
    organisation = await world.organisation_id()
    alone = await world.ask(
        "owner", f"query($id: ID!) {{ organisation(id: $id) {{ {_without(fields)} }} }}", id=organisation
    )
    failing = fields.replace("%s", _BAD)
    good, bad = f"organisation(id: $id) {{ {_without(fields)} }}", f"organisation(id: $id) {{ {failing} {beside} }}"
    # The branch that fails is the first to read, or waits for another one.
    for branches in (f"bad: {bad} other: {good}", f"other: {good} bad: {bad}"):
        response = await world.post("owner", f"query($id: ID!) {{ {branches} }}", {"id": organisation})
        body: dict[str, Any] = response.json()
        assert body["data"] == {"other": alone["organisation"], "bad": None}
        assert {error["extensions"]["code"] for error in body["errors"]} == {"BAD_USER_INPUT"}
        assert {error["path"][0] for error in body["errors"]} == {"bad"}


async def test_answers_that_fail_in_part_keep_no_connection(world: World) -> None:
    organisation = await world.organisation_id()
    fields = "orders { nodes { owner { name } sharedOrders { totalCount } bad: history(first: 0) { totalCount } } }"
    document = f"query($id: ID!) {{ a: organisation(id: $id) {{ {fields} }} b: organisation(id: $id) {{ {fields} }} }}"
    for _ in range(50):
        body = (await world.post("owner", document, {"id": organisation})).json()
        assert body["data"] == {"a": None, "b": None}
    assert world.database.lent_connections == 0
