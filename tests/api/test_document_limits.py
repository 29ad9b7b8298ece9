"""Documents that would cost too much are refused before they cost anything."""

from itertools import cycle, islice
from time import perf_counter
from typing import cast

import pytest
from graphql import (
    IntrospectionQuery,
    build_client_schema,
    build_schema,
    get_introspection_query,
    lexicographic_sort_schema,
    print_schema,
)

from schema.build import build_schema as printed
from tests.world import World

_TOO_COMPLEX = {"code": "QUERY_TOO_COMPLEX"}


def _deep(depth: int) -> str:
    """Return a query of so many fields in fields, which finds nothing."""
    path = ['organisation(id: "")', *islice(cycle(("orders(first: 1)", "nodes", "organisation")), depth - 2)]
    leaf = "totalCount" if path[-1].startswith("orders") else "id"
    return "{ " + " { ".join([*path, leaf]) + " }" * depth


async def _refusal(world: World, document: str) -> str:
    body = (await world.post("owner", document)).json()
    assert body.get("data") is None
    [error] = body["errors"]
    assert error["extensions"] == _TOO_COMPLEX
    message: str = error["message"]
    return message


async def test_a_document_has_at_most_twenty_fields_in_fields(world: World) -> None:
    assert await world.ask("owner", _deep(20)) == {"organisation": None}
    assert await _refusal(world, _deep(21)) == "The document is 21 fields deep; at most 20 are allowed."


async def test_a_document_has_at_most_a_hundred_aliases(world: World) -> None:
    def aliased(count: int) -> str:
        return "{ " + " ".join(f'x{number}: node(id: "") {{ id }}' for number in range(count)) + " }"

    assert await world.ask("owner", aliased(100)) == {f"x{number}": None for number in range(100)}
    assert await _refusal(world, aliased(101)) == "The document has more than 100 aliases."


async def test_a_document_has_at_most_fifteen_hundred_tokens(world: World) -> None:
    def long(tokens: int) -> str:
        # 12 tokens around the list, and one for each of its entries.
        return "{ nodes(ids: [" + '"" ' * (tokens - 12) + "]) { id } }"

    body = (await world.post("owner", long(1_500))).json()
    assert [error["message"] for error in body["errors"]] == ["`ids` takes at most 100 ids."]
    assert "1500 tokens" in await _refusal(world, long(1_501))


async def test_sixty_fragments_that_spread_each_other_twice_are_refused_at_once(world: World) -> None:
    chain = " ".join(f"fragment f{step} on Viewer {{ ...f{step + 1} ...f{step + 1} }}" for step in range(60))
    document = "{ viewer { ...f0 } } " + chain + " fragment f60 on Viewer { user { %s } }"
    began = perf_counter()
    assert await _refusal(world, document % "reference") == "The document has more than 2000 fields."
    assert perf_counter() - began < 1


async def test_fragments_that_spread_each_other_in_a_circle_are_answered_at_once(world: World) -> None:
    circle = " ".join(
        f"fragment f{step} on Viewer {{ ...f{(step + 1) % 60} ...f{(step + 7) % 60} }}" for step in range(60)
    )
    began = perf_counter()
    body = (await world.post("owner", "{ viewer { ...f0 } } " + circle)).json()
    assert perf_counter() - began < 1
    assert {error["extensions"]["code"] for error in body["errors"]} == {"GRAPHQL_VALIDATION_FAILED"}


@pytest.mark.parametrize(
    "document",
    [
        "{ viewer " * 2_400 + "}" * 2_400,
        "{ nodes(ids: " + "[" * 2_400 + "]" * 2_400 + ") { id } }",
        '{ organisation(id: "") { orders(where: ' + "{search: " * 1_200 + "1" + "}" * 1_200 + ") { totalCount } } }",
        "query($it: " + "[" * 2_400 + "Int" + "]" * 2_400 + ") { viewer { user { id } } }",
    ],
    ids=["selections", "lists", "objects", "types"],
)
async def test_a_document_that_is_nested_out_of_all_measure_is_refused_at_once(world: World, document: str) -> None:
    began = perf_counter()
    await _refusal(world, document)
    assert perf_counter() - began < 1


async def test_a_document_that_says_the_same_over_and_over_is_refused_as_too_complex(world: World) -> None:
    await _refusal(world, "{ viewer { user { " + "id " * 3_900 + "} } }")
    await _refusal(world, "{ viewer { " + "user { id } " * 950 + "} }")


async def test_what_is_too_complex_changes_nothing(world: World) -> None:
    [shared] = await world.share("recipient")
    revoke = f'revokeSharedOrder(input: {{sharedOrderId: "{shared}"}}) {{ sharedOrder {{ id }} }}'
    before = await world.dump()
    await _refusal(world, "mutation { " + " ".join(f"x{number}: {revoke}" for number in range(101)) + " }")
    assert await world.dump() == before


async def test_the_whole_schema_can_be_asked_for(world: World) -> None:
    document = get_introspection_query(descriptions=True, specified_by_url=True, input_value_deprecation=True)
    told = await world.ask("owner", document)
    found, said = build_client_schema(cast(IntrospectionQuery, told)), build_schema(printed().as_str())
    assert print_schema(lexicographic_sort_schema(found)) == print_schema(lexicographic_sort_schema(said))
