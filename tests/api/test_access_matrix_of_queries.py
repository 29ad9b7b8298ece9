"""Who sees what: every query field, asked for by everyone, with the exact answer."""

from typing import Any

import pytest

from tests.api.query_matrix import ROWS
from tests.api.sharing_stage import (
    ADMIN,
    FORMER,
    MEMBER,
    NO_TOKEN,
    NOWHERE,
    OWNER,
    SIGNED_IN,
    STRANGERS,
    UNAUTHENTICATED,
    Stage,
    set_stage,
)
from tests.world import World


@pytest.fixture
async def stage(world: World) -> Stage:
    """Everyone, around one shared order."""
    return await set_stage(world)


def _variables(asked: Any) -> dict[str, Any]:
    return {} if asked is None else {"id": asked}


async def test_the_matrix_has_every_field_of_the_query_type(world: World) -> None:
    asked = await world.ask(OWNER, '{ __type(name: "Query") { fields { name } } }')
    fields = {field["name"] for field in asked["__type"]["fields"]}
    assert fields == {name.replace(".", " ").split()[0] for name in ROWS}


async def test_each_viewer_is_answered_exactly_what_the_matrix_says(stage: Stage) -> None:
    before = await stage.world.dump()
    for name, (document, asked, answers) in ROWS.items():
        answered = {}
        for viewer in SIGNED_IN:
            body = (await stage.send(viewer, document, _variables(asked))).json()
            [answered[viewer]] = body["data"].values()
            assert "errors" not in body
        assert answered == answers, name
    assert await stage.world.dump() == before


async def test_without_a_token_nothing_is_answered(stage: Stage) -> None:
    for document, asked, _ in ROWS.values():
        answered = await stage.send(NO_TOKEN, document, _variables(asked))
        assert (answered.status_code, answered.json()) == (401, UNAUTHENTICATED)
        assert answered.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("viewer", STRANGERS)
async def test_a_stranger_cannot_tell_the_familys_things_from_nothing(stage: Stage, viewer: str) -> None:
    for document, asked, _ in ROWS.values():
        theirs = await stage.send(viewer, document, _variables(asked))
        nothing = await stage.send(viewer, document, _variables(asked), NOWHERE)
        assert (theirs.status_code, theirs.content) == (nothing.status_code, nothing.content)


@pytest.mark.parametrize("viewer", [MEMBER, ADMIN])
async def test_the_family_cannot_tell_strangers_things_from_nothing(stage: Stage, viewer: str) -> None:
    for document, asked, _ in ROWS.values():
        theirs = await stage.send(viewer, document, _variables(asked), stage.foreign)
        nothing = await stage.send(viewer, document, _variables(asked), NOWHERE)
        garbled = await stage.send(viewer, document, _variables(asked), dict.fromkeys(NOWHERE, "💥"))
        assert theirs.content == nothing.content == garbled.content


async def test_a_removed_member_still_sees_themselves_and_nobody_else(stage: Stage) -> None:
    world = stage.world
    ids = [await world.user_id("former"), await world.user_id("owner"), await world.user_id("admin")]
    nodes = await world.ask(FORMER, "query($ids: [ID!]!) { nodes(ids: $ids) { ... on User { reference } } }", ids=ids)
    assert nodes == {"nodes": [{"reference": "former"}, None, None]}


async def test_the_family_still_sees_a_removed_member_by_name(stage: Stage) -> None:
    world = stage.world
    document = "query($id: ID!) { node(id: $id) { ... on User { name } } }"
    assert await world.ask(MEMBER, document, id=await world.user_id("former")) == {"node": {"name": "Former"}}
