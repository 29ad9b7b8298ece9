"""An organisation with a page of its orders, read by one statement: the same answer as field by field, or no try."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from graphql import execute, parse
from sqlalchemy import update
from sqlmodel import col
from strawberry.execution import optimized_is_awaitable

from db.order_tables import OrderRow
from domain.people import Viewer
from domain.vocabulary import OrderStatus, SharePolicy
from execution.compiled_documents import CompiledDocuments
from schema.build import build_schema
from schema.context import OperationContext
from schema.global_id import decode_node_id
from tests.oracle.judge import finished
from tests.world import BEGAN, World, row

SCHEMA = build_schema()
CORE = SCHEMA._schema
VIEWERS = ("owner", "admin", "member", "recipient", "outsider")

_EVERYTHING = """
fragment Person on User { __typename id reference name }
fragment Share on SharedOrder {
  __typename id permission message status claimWindow { opensAt closesAt } claimedAt createdAt
  sender { ...Person } to: recipient { id } recipient { name }
}
fragment Cover on Order {
  __typename id reference title premium { __typename amountMinor currency } premium { currency }
  effectiveAt expiresAt createdAt updatedAt status version maxShares sharesClaimed viewerCanShare availableActions
  statusReason { cause action via at actor { ...Person } }
  owner { ...Person } type { __typename code name priority }
  ... on Node { key: id }
}
"""
_WHOLE = {
    "nodes": "orders { nodes { id title } }",
    "nothing but what it is": "orders { __typename nodes { __typename } } __typename",
    "all of an order": "orders { nodes { ...Cover } }",
    "all of its shares": "orders { nodes { sharedOrders { __typename nodes { ...Share } } } }",
    "some of its shares": "orders { nodes { offers: sharedOrders(first: 1) { nodes { status } } reference } }",
    "pages of shares": (
        "orders { nodes { sharedOrders(first: 1) { edges { cursor node { ...Share } __typename }"
        " pageInfo { __typename hasNextPage hasPreviousPage startCursor endCursor } } id } }"
    ),
    "edges": "orders(first: 2) { edges { cursor node { ...Cover } } pageInfo { hasNextPage endCursor } __typename }",
    "the end": "orders(last: 2) { edges { cursor node { reference } } pageInfo { hasNextPage hasPreviousPage } }",
    "by their end": "orders(orderBy: EXPIRES_AT, first: 3) { nodes { reference } pageInfo { startCursor endCursor } }",
    "the newest first": "orders(orderBy: EFFECTIVE_AT_DESC) { edges { cursor node { reference } } }",
    "the dearest first": "orders(orderBy: PREMIUM_DESC) { edges { cursor node { reference } } }",
    "what can be shared": "orders(where: {shareable: true}) { nodes { reference status } }",
    "what is searched for": 'orders(where: {search: "o-ow", types: ["HOSPITAL"]}) { nodes { reference } }',
    "an end before": 'orders(where: {expiresBefore: "2100-01-01T00:00:00Z"}) { nodes { reference expiresAt } }',
    "the organisation itself": (
        "id reference name sharePolicy viewerRole logCursor again: logCursor orders(first: 1) { nodes { id } }"
    ),
    "a part by condition": "orders { nodes { id title @include(if: $yes) owner @skip(if: $yes) { name } } }",
    "a page size by variable": "orders(first: $first) { nodes { id sharedOrders(first: $first) { nodes { id } } } }",
}
_NOT_WHOLE = {
    "a count": "orders { nodes { id } totalCount }",
    "two lists": "orders(first: 1) { nodes { id } } more: orders(first: 2) { nodes { id } }",
    "nodes twice": "orders { nodes { id } edges { node { title } } }",
    "no nodes": "orders { pageInfo { hasNextPage } }",
    "another list": "orders { nodes { id } } members { nodes { role } }",
    "a history": "orders { nodes { history { nodes { sequence } } } }",
    "a count of shares": "orders { nodes { sharedOrders { totalCount nodes { id } } } }",
    "two lists of shares": (
        "orders { nodes { a: sharedOrders { nodes { id } } b: sharedOrders(first: 1) { nodes { id } } } }"
    ),
    "the order of a share": "orders { nodes { sharedOrders { nodes { order { id } } } } }",
    "what a claim would answer": "orders { nodes { sharedOrders { nodes { claimEligibility { code } } } } }",
    "the organisation of an order": "orders { nodes { organisation { id } } }",
}
_DECLINED = {
    "some statuses of shares": "orders { nodes { sharedOrders(status: [CLAIMED]) { nodes { id status } } } }",
    "no such page": "orders(first: 0) { nodes { id } }",
    "both ends": "orders(first: 1, last: 1) { nodes { id } }",
    "no cursor": 'orders(after: "x") { nodes { id } }',
    "no such page of shares": "orders { nodes { id sharedOrders(first: 101) { nodes { id } } } }",
    "a page of shares behind another": 'orders { nodes { sharedOrders(after: "x") { nodes { id } } } }',
    "too long a search": 'orders(where: {search: "%s"}) { nodes { id } }' % ("x" * 201),
}


async def _fill(world: World) -> None:
    """Share and claim, let offers and covers end, and process, so that every kind of row is in the list."""
    await world.import_rows(
        row("P-1", "owner", type="DENTAL", premium_minor=2**31 - 1, expires_at=BEGAN + timedelta(days=40_000)),
        row("P-2", "member", status=OrderStatus.PENDING, effective_at=BEGAN + timedelta(microseconds=120)),
        row("P-3", "owner", expires_at=BEGAN + timedelta(days=30_000, seconds=61)),
    )
    [first, second, third] = await world.share("recipient", "member", "admin", permission="PROCESS", message="for you")
    await world.claim("recipient", first)
    await world.process("recipient", first, "REPORT_LOSS")
    await world.move_window(second, timedelta(days=-2), timedelta(days=-1))
    await world.move_window(third, timedelta(days=-2), timedelta(minutes=30))
    await world.share("owner", "recipient", sender="admin", order="O-admin")
    await world.share("recipient", "member", order="P-1")
    await world.end_cover("P-3", timedelta(days=-1))
    await world.mutate(
        "admin",
        "setSharePolicy",
        "organisation { id }",
        organisationId=await world.organisation_id(),
        sharePolicy=SharePolicy.OWNER_AND_ADMINS,
    )


async def _answer(world: World, executing: Callable[..., Any], viewer: str, document: str, **variables: Any) -> Any:
    context = OperationContext(world.database, Viewer(decode_node_id(await world.user_id(viewer))[1]))
    try:
        answer = await finished(
            executing(
                CORE,
                parse(document),
                context_value=context,
                variable_values={"id": await world.organisation_id(), **variables},
                is_awaitable=optimized_is_awaitable,
                executor_class=SCHEMA.execution_context_class,
            )
        )
    finally:
        await context.close()
    return answer.data, [(error.message, error.path, error.extensions) for error in answer.errors or ()]


def _document(selection: str, variables: str = "") -> str:
    used = [part for part in _EVERYTHING.split("fragment ")[1:] if f"...{part.split()[0]}" in selection]
    if any("...Person" in part for part in used):
        used = [part for part in _EVERYTHING.split("fragment ")[1:] if part.split()[0] == "Person" or part in used]
    fragments = "".join(f"fragment {part}" for part in used)
    return f"query($id: ID!{variables}) {{ organisation(id: $id) {{ {selection} }} }} {fragments}"


def _asked(selection: str) -> tuple[str, dict[str, Any]]:
    if "$yes" in selection:
        return _document(selection, ", $yes: Boolean!"), {"yes": True}
    if "$first" in selection:
        return _document(selection, ", $first: Int"), {"first": 2}
    return _document(selection), {}


async def test_what_is_had_whole_is_what_graphql_core_answers(world: World) -> None:
    await _fill(world)
    for name, selection in _WHOLE.items():
        document, variables = _asked(selection)
        for viewer in VIEWERS:
            compiled = CompiledDocuments(10, plain_attributes=True)
            judged = await _answer(world, execute, viewer, document, **variables)
            for _ in range(2):
                found = await _answer(world, compiled.execute, viewer, document, **variables)
                assert repr(found) == repr(judged), (name, viewer)
            assert judged[1] == []
            # An outsider sees nothing, which the usual way tells.
            assert compiled.counts.whole == (0 if viewer == "outsider" else 2), (name, viewer)


async def test_what_cannot_be_had_whole_is_answered_in_the_usual_way(world: World) -> None:
    await _fill(world)
    for name, selection in (_NOT_WHOLE | _DECLINED).items():
        compiled = CompiledDocuments(10, plain_attributes=True)
        document, variables = _asked(selection)
        judged = await _answer(world, execute, "owner", document, **variables)
        assert repr(await _answer(world, compiled.execute, "owner", document, **variables)) == repr(judged), name
        assert (compiled.counts.whole, compiled.counts.compiled) == (0, 1), name


async def test_pages_that_are_had_whole_follow_each_other_without_gap_in_both_directions(world: World) -> None:
    await _fill(world)
    compiled = CompiledDocuments(10, plain_attributes=True)
    forward = "orders(first: 2, after: $at) { nodes { reference } pageInfo { endCursor hasNextPage } }"
    backward = "orders(last: 2, before: $at) { nodes { reference } pageInfo { startCursor hasPreviousPage } }"
    everything, _ = await _answer(world, execute, "owner", _document("orders { nodes { reference } }"))
    expected = [node["reference"] for node in everything["organisation"]["orders"]["nodes"]]
    for selection, cursor, more in (
        (forward, "endCursor", "hasNextPage"),
        (backward, "startCursor", "hasPreviousPage"),
    ):
        walked: list[str] = []
        at = None
        while True:
            document = _document(selection, ", $at: String")
            data, errors = await _answer(world, compiled.execute, "owner", document, at=at)
            page = data["organisation"]["orders"]
            references = [node["reference"] for node in page["nodes"]]
            walked = walked + references if selection is forward else references + walked
            at = page["pageInfo"][cursor]
            if not page["pageInfo"][more]:
                break
        assert errors == []
        assert walked == expected
    assert compiled.counts.whole == compiled.counts.compiled


async def test_a_page_behind_the_last_order_is_empty_and_had_whole(world: World) -> None:
    selection = "orders(first: 1, after: $at) { nodes { id } pageInfo { hasNextPage endCursor } }"
    document = _document(selection, ", $at: String")
    last = _document("orders(last: 1) { nodes { id } pageInfo { endCursor } }")
    data, _ = await _answer(world, execute, "owner", last)
    at = data["organisation"]["orders"]["pageInfo"]["endCursor"]
    compiled = CompiledDocuments(10, plain_attributes=True)
    found, _ = await _answer(world, compiled.execute, "owner", document, at=at)
    assert found == {"organisation": {"orders": {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}}}
    assert compiled.counts.whole == 1


async def test_a_number_that_an_int_cannot_hold_is_told_as_ever(world: World) -> None:
    too_much = update(OrderRow).where(col(OrderRow.reference) == "O-owner").values(premium_minor=2**31)

    async def change(session: Any) -> None:
        await session.exec(too_much)

    await world.database.write(change)
    document = _document("orders { nodes { reference premium { amountMinor } } }")
    compiled = CompiledDocuments(10, plain_attributes=True)
    judged = await _answer(world, execute, "owner", document)
    assert [message for message, *_ in judged[1]] == [f"Int cannot represent non 32-bit signed integer value: {2**31}"]
    assert await _answer(world, compiled.execute, "owner", document) == judged
    assert compiled.counts.whole == 0


async def test_an_offer_reads_expired_from_the_end_of_its_window_on(world: World) -> None:
    [shared] = await world.share("recipient")
    document = _document("orders { nodes { sharedOrders { nodes { status } } } }")
    compiled = CompiledDocuments(10, plain_attributes=True)
    for closes_in, status in (
        (timedelta(hours=2), "OFFERED"),
        (timedelta(minutes=30), "OFFERED"),
        (timedelta(seconds=-1), "EXPIRED"),
        (timedelta(days=-30), "EXPIRED"),
    ):
        await world.move_window(shared, timedelta(days=-60), closes_in)
        data, _ = await _answer(world, compiled.execute, "owner", document)
        told = [node["sharedOrders"]["nodes"] for node in data["organisation"]["orders"]["nodes"]]
        assert [nodes for nodes in told if nodes] == [[{"status": status}]]
    assert compiled.counts.whole == 4


async def test_a_removed_member_sees_nothing_with_the_next_request(world: World) -> None:
    document = _document("orders { nodes { id } }")
    compiled = CompiledDocuments(10, plain_attributes=True)
    data, _ = await _answer(world, compiled.execute, "member", document)
    assert len(data["organisation"]["orders"]["nodes"]) == 5
    removed = await world.mutate(
        "admin",
        "removeMember",
        "organisation { id }",
        organisationId=await world.organisation_id(),
        userId=await world.user_id("member"),
    )
    assert removed["codes"] == []
    assert await _answer(world, compiled.execute, "member", document) == ({"organisation": None}, [])
    assert compiled.counts.whole == 1


@pytest.mark.parametrize("count", [1, 3])
async def test_only_as_many_shares_are_read_as_are_shown(world: World, count: int) -> None:
    await world.share("recipient", "member", "admin")
    shares = f"sharedOrders(first: {count}) {{ nodes {{ id }} }}"
    document = _document(f'orders(where: {{search: "O-owner"}}) {{ nodes {{ {shares} }} }}')
    compiled = CompiledDocuments(10, plain_attributes=True)
    data, _ = await _answer(world, compiled.execute, "owner", document)
    [node] = data["organisation"]["orders"]["nodes"]
    assert len(node["sharedOrders"]["nodes"]) == count
