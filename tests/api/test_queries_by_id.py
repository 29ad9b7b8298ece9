"""Finding things again by their global ids: `node`, `nodes`, and the fields that take an id of one type."""

from typing import Any
from uuid import UUID

import pytest

from tests.api.sharing_stage import NOBODY, Stage, global_id, set_stage
from tests.world import World

_NODE = "query($id: ID!) { node(id: $id) { __typename id } }"
_NODES = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
_TYPES = {
    "@organisation": "Organisation",
    "@order": "Order",
    "@claimed": "SharedOrder",
    "@result": "ProcessingResult",
    "@owner": "User",
}
_FIELDS = {"organisation": "@organisation", "order": "@order", "sharedOrder": "@claimed"}


@pytest.fixture
async def stage(world: World) -> Stage:
    """Everyone, around one shared order."""
    return await set_stage(world)


def _garbage(true_id: str) -> dict[str, str]:
    """Return texts that look more or less like a global id, and are none."""
    type_name, _, digits = true_id.partition("_")
    return {
        "empty": "",
        "no letters": "💥",
        "another separator": f"{type_name}:{digits}",
        "the digits alone": digits,
        "cut off": true_id[:-4],
        "doubled": true_id * 2,
        "another type's": global_id("Membership"),
        "of nothing": global_id(type_name, NOBODY),
        "without a type": f"_{digits}",
        "without an id": f"{type_name}_",
        "a type in capitals": f"{type_name.upper()}_{digits}",
        "with hyphens": f"{type_name}_{UUID(digits)}",
        "with a space": f"{true_id} ",
        "with a line break": f"{true_id}\n",
        "other digits": f"{type_name}_{digits[:-1]}\u0661",
        "a NUL": "a\x00b",
        "very long": "A" * 100_000,
    }


async def test_a_node_is_found_again_by_the_id_that_it_says_it_has(stage: Stage) -> None:
    for name, type_name in _TYPES.items():
        found = await stage.world.ask("owner", _NODE, id=stage.ids[name])
        assert found == {"node": {"__typename": type_name, "id": stage.ids[name]}}


async def test_an_id_of_no_node_finds_nothing(stage: Stage) -> None:
    for name in _TYPES:
        for kind, text in _garbage(stage.ids[name]).items():
            assert await stage.world.ask("owner", _NODE, id=text) == {"node": None}, (name, kind)


async def test_a_number_is_an_id_of_nothing(stage: Stage) -> None:
    assert await stage.world.ask("owner", _NODE, id=7) == {"node": None}
    assert await stage.world.ask("owner", "{ node(id: 7) { id } }") == {"node": None}


async def test_an_event_is_no_node(stage: Stage) -> None:
    document = "query($id: ID!) { order(id: $id) { history(first: 1) { nodes { id } } } }"
    order = (await stage.world.ask("owner", document, id=stage.ids["@order"]))["order"]
    [event] = order["history"]["nodes"]
    assert await stage.world.ask("owner", _NODE, id=event["id"]) == {"node": None}


async def test_fields_that_take_an_id_of_one_type_find_nothing_else(stage: Stage) -> None:
    for field, own in _FIELDS.items():
        document = f"query($id: ID!) {{ {field}(id: $id) {{ id }} }}"
        for name, node_id in stage.ids.items():
            if _TYPES.get(name) is not None:
                found = {"id": node_id} if name == own else None
                assert await stage.world.ask("owner", document, id=node_id) == {field: found}
        for kind, text in _garbage(stage.ids[own]).items():
            assert await stage.world.ask("owner", document, id=text) == {field: None}, kind


async def test_many_nodes_come_in_the_order_of_their_ids_each_where_it_was_asked_for(stage: Stage) -> None:
    names = ["@order", "nothing", "@owner", "@order", "@result", "", "@claimed", "@organisation"]
    expected = [{"__typename": _TYPES[name], "id": stage.ids[name]} if name in _TYPES else None for name in names]
    ids = [stage.ids.get(name, name) for name in names]
    assert await stage.world.ask("owner", _NODES, ids=ids) == {"nodes": expected}


async def test_many_nodes_are_as_many_as_a_page_holds(stage: Stage) -> None:
    order = stage.ids["@order"]
    assert await stage.world.ask("owner", _NODES, ids=[]) == {"nodes": []}
    found = await stage.world.ask("owner", _NODES, ids=[order] * 100)
    assert found == {"nodes": [{"__typename": "Order", "id": order}] * 100}
    body: dict[str, Any] = (await stage.world.post("owner", _NODES, {"ids": [order] * 101})).json()
    assert body["data"] is None
    [error] = body["errors"]
    assert (error["message"], error["path"]) == ("`ids` takes at most 100 ids.", ["nodes"])
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}


async def test_one_bad_id_among_many_spoils_no_other(stage: Stage) -> None:
    garbage = list(_garbage(stage.ids["@order"]).values())
    found = await stage.world.ask("owner", _NODES, ids=[*garbage, stage.ids["@order"]])
    order = {"__typename": "Order", "id": stage.ids["@order"]}
    assert found == {"nodes": [*[None] * len(garbage), order]}
