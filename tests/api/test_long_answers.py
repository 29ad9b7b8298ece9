"""An answer has so many bytes at the most, over every transport and however it is executed."""

from typing import Any

import pytest

from db.database import Database
from domain.vocabulary import OrderStatus
from tests.served_world import serving, terminal
from tests.world import World, body_of, row

_MOST = 20_000
_ORDERS = 60

_WAYS = {
    "planned": "query($id: ID!) { organisation(id: $id) { orders(first: 100) { nodes { id title } } } }",
    "compiled": (
        "query($id: ID!) { organisation(id: $id) { name orders(first: 100) {"
        " nodes { id title history { nodes { sequence } } } } } }"
    ),
    "interpreted": (
        "query($id: ID!, $b: Boolean = false) { organisation(id: $id) {"
        ' orders(first: 100) { nodes { id title } } } order(id: "") { title @skip(if: $b) } }'
    ),
}
_CHANGE = (
    "mutation($id: ID!) { processOrder(input: {orderId: $id, action: REPORT_LOSS}) { order { "
    + " ".join(f"t{each}: title" for each in range(60))
    + " } userErrors { code } } }"
)


@pytest.fixture
async def bounded(database: Database) -> Any:
    """A world of many orders with long titles, whose server answers at most so many bytes."""
    world = World(database, max_response_bytes=_MOST)
    await world.populate()
    await world.import_rows(*(row(f"L-{number}", "owner", title='"é' * 200) for number in range(_ORDERS)))
    yield world
    await world.http.aclose()


@pytest.mark.parametrize("way", _WAYS)
async def test_an_answer_that_is_too_long_is_refused_and_one_that_is_not_is_the_same_to_the_byte(
    bounded: World, database: Database, way: str
) -> None:
    variables: dict[str, Any] = {"id": await bounded.organisation_id()}
    if way == "interpreted":
        variables["b"] = None
    document = _WAYS[way]
    short = document.replace("first: 100", "first: 5")
    unbounded = World(database)
    for _ in range(2):
        assert body_of(await bounded.post("owner", document, variables)) == {
            "data": None,
            "errors": [
                {
                    "message": (
                        f"The answer is longer than {_MOST} bytes; ask for smaller pages, or for less of each object."
                    ),
                    "extensions": {"code": "QUERY_TOO_COMPLEX"},
                }
            ],
        }
        answers = [await world.post("owner", short, variables) for world in (bounded, unbounded)]
        assert answers[0].content == answers[1].content
        assert "errors" not in answers[0].json()
        assert len((await unbounded.post("owner", document, variables)).content) > _MOST
    await unbounded.http.aclose()


async def test_an_answer_over_a_socket_is_bounded_too(bounded: World) -> None:
    variables = {"id": await bounded.organisation_id()}
    async with serving(bounded) as server, terminal(server, bounded.token("owner")) as opened:
        await opened.send(id="1", type="subscribe", payload={"query": _WAYS["planned"], "variables": variables})
        message = await opened.receive()
    assert message["payload"]["data"] is None
    assert [error["extensions"]["code"] for error in message["payload"]["errors"]] == ["QUERY_TOO_COMPLEX"]


async def test_the_answer_to_an_event_is_bounded_too(bounded: World) -> None:
    titles = " ".join(f"t{each}: title" for each in range(60))
    organisation = await bounded.organisation_id()
    document = (
        f'subscription {{ orderStatusChanged(organisationId: "{organisation}") {{ sequence order {{ {titles} }} }} }}'
    )
    async with serving(bounded) as server, terminal(server, bounded.token("owner")) as opened:
        await opened.subscribe(document)
        await bounded.process("owner", await bounded.order_id("L-1"), "REPORT_LOSS")
        message = await opened.receive()
    assert message["payload"]["data"] is None
    assert [error["extensions"]["code"] for error in message["payload"]["errors"]] == ["QUERY_TOO_COMPLEX"]


async def test_a_mutation_whose_answer_is_too_long_has_been_carried_out_and_says_so(bounded: World) -> None:
    order = await bounded.order_id("L-1")
    for action, status in (("REPORT_LOSS", OrderStatus.LOSS_REPORTED), ("REJECT_LOSS", OrderStatus.IN_FORCE)):
        answer = body_of(await bounded.post("owner", _CHANGE.replace("REPORT_LOSS", action), {"id": order}))
        assert answer == {
            "data": None,
            "errors": [
                {
                    "message": (
                        f"The mutation was carried out. Its answer is longer than {_MOST} bytes and is not sent."
                    ),
                    "extensions": {"code": "QUERY_TOO_COMPLEX"},
                }
            ],
        }
        assert (await bounded.order_row("L-1")).status == status
