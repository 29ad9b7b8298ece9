"""A claim that is had whole answers what its fields would, and is made once, whoever writes the answer.

A claim can be asked for twice under one idempotency key: once whole, then of graphql-core, which reads what was kept.
"""

from datetime import timedelta
from typing import Any

import pytest
from graphql import execute

from execution.compiled_documents import CompiledDocuments
from tests.api.both_ways import answered
from tests.log_reader import head
from tests.statements import statements
from tests.world import World

_ROW = "__typename id permission message status claimWindow { opensAt closesAt __typename } claimedAt createdAt"
_ERRORS = """
userErrors {
  __typename code text: message
  ... on ClaimWindowError { opensAt closesAt }
  ... on SharesExhaustedError { maxShares sharesClaimed }
}
"""
_WHOLE = {
    "the row": f"sharedOrder {{ {_ROW} }}",
    "the row and errors": f"__typename done: sharedOrder {{ key: id status again: status }} {_ERRORS}",
    "errors": f"{_ERRORS} __typename",
}
_NOT_WHOLE = {
    "the order": "sharedOrder { id order { sharesClaimed } } userErrors { code }",
    "a person": "sharedOrder { id recipient { reference } } userErrors { code }",
    "what can be done": "sharedOrder { id availableActions } userErrors { code }",
}


class Claiming:
    """Claims of a viewer, by compiled documents and by graphql-core."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.compiled = CompiledDocuments(50, plain_attributes=True)

    async def answer(self, viewer: str, selection: str, shared: str, key: str | None, *, judge: bool = False) -> Any:
        """Return data and errors of a claim."""
        document = f"mutation($input: ClaimSharedOrderInput!) {{ claimSharedOrder(input: $input) {{ {selection} }} }}"
        executing: Any = execute if judge else self.compiled.execute
        given = {"input": {"sharedOrderId": shared, "idempotencyKey": key}}
        return await answered(self._world, executing, viewer, document, given)

    async def both_ways(self, viewer: str, selection: str, shared: str, key: str) -> Any:
        """Return the answer of a claim, which graphql-core must give to the same key, before and after."""
        found = await self.answer(viewer, selection, shared, key)
        judged = await self.answer(viewer, selection, shared, key, judge=True)
        again = await self.answer(viewer, selection, shared, key)
        assert repr(found) == repr(judged) == repr(again)
        assert found[1] == []
        return found[0]["claimSharedOrder"]


@pytest.fixture
def claiming(world: World) -> Claiming:
    return Claiming(world)


@pytest.mark.parametrize("selection", _WHOLE.values(), ids=_WHOLE)
@pytest.mark.parametrize("given", [{}, {"message": "for you", "permission": "PROCESS"}], ids=["bare", "full"])
async def test_a_claim_had_whole_is_what_graphql_core_answers(
    world: World, claiming: Claiming, selection: str, given: dict[str, Any]
) -> None:
    [shared] = await world.share("recipient", **given)
    before = await head(world)

    answer = await claiming.both_ways("recipient", selection, shared, "a key")

    assert claiming.compiled.counts.whole == 2
    assert (await world.order_row()).shares_claimed == 1
    assert await head(world) != before
    for row in (answer.get("sharedOrder"), answer.get("done")):
        if row is not None:
            assert (row.get("id", row.get("key")), row["status"]) == (shared, "CLAIMED")


@pytest.mark.parametrize("selection", _WHOLE.values(), ids=_WHOLE)
async def test_a_refusal_had_whole_is_what_graphql_core_answers(
    world: World, claiming: Claiming, selection: str
) -> None:
    late, *others = await world.share("recipient", "member", "admin", "sender")
    await world.move_window(late, timedelta(days=-2), timedelta(days=-1))
    for viewer, shared in zip(("member", "admin"), others[:2], strict=True):
        assert (await world.claim(viewer, shared))["codes"] == []
    before = await world.dump()
    refused = [
        ("recipient", late),
        ("sender", others[2]),
        ("recipient", others[2]),
        ("outsider", late),
        ("sender", "x"),
    ]
    for viewer, shared in refused:
        found = await claiming.answer(viewer, selection, shared, None)
        judged = await claiming.answer(viewer, selection, shared, None, judge=True)
        assert repr(found) == repr(judged)
        assert found[1] == []
        assert (found[0]["claimSharedOrder"].get("sharedOrder"), found[0]["claimSharedOrder"].get("done")) == (
            None,
            None,
        )
    assert claiming.compiled.counts.whole == len(refused)
    assert await world.dump() == before


@pytest.mark.parametrize("selection", _NOT_WHOLE.values(), ids=_NOT_WHOLE)
async def test_a_claim_of_which_more_is_asked_is_made_once_in_the_usual_way(
    world: World, claiming: Claiming, selection: str
) -> None:
    [shared] = await world.share("recipient")

    answer = await claiming.both_ways("recipient", selection, shared, "a key")

    assert answer["userErrors"] == []
    assert answer["sharedOrder"]["id"] == shared
    assert claiming.compiled.counts.whole == 0
    assert (await world.order_row()).shares_claimed == 1


async def test_a_refusal_is_had_whole_with_its_path_and_refused_once(world: World, claiming: Claiming) -> None:
    [shared] = await world.share("recipient")
    sent = []
    for selection in ("userErrors { code }", "userErrors { code path }", "userErrors { code }"):
        with statements(world.database) as told:
            found = await claiming.answer("member", selection, shared, None)
        sent.append([each.text for each in told if "app_user.reference" not in each.text])
        assert found == await claiming.answer("member", selection, shared, None, judge=True)

    assert claiming.compiled.counts.whole == 3
    assert sent[1] == sent[0] == sent[2]
    assert sent[0] != []


async def test_a_key_that_is_none_is_told_as_by_graphql_core_and_nothing_is_claimed(
    world: World, claiming: Claiming
) -> None:
    [shared] = await world.share("recipient")
    before = await world.dump()
    for key in ("", "x" * 129, "\x00"):
        found = await claiming.answer("recipient", _WHOLE["the row and errors"], shared, key)
        assert found == await claiming.answer("recipient", _WHOLE["the row and errors"], shared, key, judge=True)
    assert await world.dump() == before
