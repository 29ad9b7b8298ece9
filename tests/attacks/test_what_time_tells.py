"""What one may not see and what does not exist look alike, to the byte and to the clock."""

import statistics
import uuid

from schema.global_id import encode_id
from tests.attacks.raw_client import RawClient, connected
from tests.attacks.served import Served
from tests.world import World

_TIMES = 300
_TRIES = 5
_TOLERANCE = 0.1
"""Of the smaller median: the same request takes as much longer now than a moment ago."""

_DOCUMENTS = {
    "Order": "query($id: ID!) { order(id: $id) { id status } }",
    "Organisation": "query($id: ID!) { organisation(id: $id) { id name } }",
    "User": "query($id: ID!) { node(id: $id) { id } }",
    "processOrder": (
        "mutation($id: ID!) { processOrder(input: {orderId: $id, action: ENDORSE})"
        " { userErrors { code message path } } }"
    ),
}

_ABOUT_A_SHARED_ORDER = {
    "SharedOrder": "query($id: ID!) { sharedOrder(id: $id) { id status } }",
    "node": "query($id: ID!) { node(id: $id) { id } }",
    **{
        name: f"mutation($id: ID!) {{ {name}(input: {{{given}}}) {{ userErrors {{ code message path }} }} }}"
        for name, given in (
            ("claimSharedOrder", "sharedOrderId: $id"),
            ("declineSharedOrder", "sharedOrderId: $id"),
            ("revokeSharedOrder", "sharedOrderId: $id"),
            ("extendClaimWindow", 'sharedOrderId: $id, closesAt: "2100-01-01T00:00:00Z"'),
            ("releaseSharedOrder", "sharedOrderId: $id"),
            ("processOrder", "orderId: $id, action: ENDORSE"),
        )
    },
}


async def test_a_foreign_object_and_a_missing_one_take_the_same_answer_and_the_same_time(
    world: World, serves_world: Served
) -> None:
    order = await world.order_id("O-outsider")
    foreign = {
        "Order": order,
        "Organisation": await world.organisation_id("strangers"),
        "User": await world.user_id("outsider"),
        "processOrder": order,
    }
    with connected(serves_world.port, serves_world.token("owner")) as client:
        for name, document in _DOCUMENTS.items():
            missing = encode_id("Order" if name == "processOrder" else name, uuid.uuid4())
            _require_alike(client, document, foreign[name], missing)


async def test_a_shared_order_between_others_and_a_missing_one_take_the_same_answer_and_the_same_time(
    world: World, serves_world: Served
) -> None:
    [hidden] = await world.share("recipient")
    with connected(serves_world.port, serves_world.token("member")) as client:
        for document in _ABOUT_A_SHARED_ORDER.values():
            _require_alike(client, document, hidden, encode_id("SharedOrder", uuid.uuid4()))


def _require_alike(client: RawClient, document: str, hidden: str, missing: str) -> None:
    differences: list[float] = []
    while not differences or min(differences) > _TOLERANCE:
        differences.append(_difference(client, document, hidden, missing))
        assert len(differences) < _TRIES, (document, differences)


def _difference(client: RawClient, document: str, foreign: str, missing: str) -> float:
    """Return by which part the medians differ; the two are asked for in turns."""
    seconds: dict[str, list[float]] = {foreign: [], missing: []}
    bodies = set()
    for number in range(_TIMES):
        for each in (foreign, missing) if number % 2 else (missing, foreign):
            answer = client.ask(document, {"id": each})
            seconds[each].append(answer.seconds)
            # What is left of the budget is told, too.
            bodies.add(answer.body.partition(b'"extensions":{"cost"')[0])
    assert len(bodies) == 1, bodies
    fast, slow = sorted(statistics.median(each) for each in seconds.values())
    return slow / fast - 1
