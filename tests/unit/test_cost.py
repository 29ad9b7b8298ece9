"""What an operation may cost: its objects, with every page full, whatever its variables say."""

import tracemalloc
from time import perf_counter
from typing import Any

import pytest
from graphql import FragmentDefinitionNode, GraphQLSchema, OperationDefinitionNode, build_schema, parse, validate

from execution.cost import CostRules, OperationCost

SCHEMA: GraphQLSchema = build_schema("""
  type Query {
    me: Person! kinds: [Kind!]!
    people(first: Int = 20, last: Int): PersonConnection! any(ids: [ID!]!): [Thing]!
  }
  type Mutation { rename(id: ID!, all: [Naming!], input: Names): Renamed! }
  input Names { names: [Naming!] one: Naming }
  input Naming { id: ID! tags: [String!] }
  type Subscription { renamed: Person! }
  interface Thing { id: ID! }
  type Person implements Thing {
    id: ID! name: String! kind: Kind! tags: [String!]! friends(first: Int): PersonConnection!
  }
  type PersonConnection { nodes: [Person!]! edges: [PersonEdge!]! pageInfo: PageInfo! totalCount: Int! }
  type PersonEdge { cursor: String! node: Person! }
  type PageInfo { hasNextPage: Boolean! }
  type Kind { name: String! }
  type Renamed { person: Person errors: [Kind!]! }
""")
RULES = CostRules(page=50, most=100, list_length=10, mutation=7)


def _cost(text: str, **variables: Any) -> int:
    document = parse(text)
    assert validate(SCHEMA, document) == []
    [operation] = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    fragments = [each for each in document.definitions if isinstance(each, FragmentDefinitionNode)]
    return OperationCost(SCHEMA, operation, fragments, RULES).of(variables).cost


COSTS = {
    "{ __typename }": 0,
    "{ me { id name tags } }": 1,
    f"{{ me {{ {'a' * 64}: id }} }}": 1,
    f"{{ me {{ {'a' * 65}: id }} }}": 2,
    f"{{ people(first: 3) {{ nodes {{ {'a' * 640}: name }} }} }}": 1 + 3 * (1 + 9),
    f"{{ {'a' * 640}: people(first: 3) {{ nodes {{ name }} }} }}": 1 + 9 + 3,
    f"{{ people(first: 3) {{ nodes {{ ...f }} }} }} fragment f on Person {{ {'a' * 640}: name }}": 1 + 3 * (1 + 9),
    "{ me { kind { name } } }": 2,
    "{ kinds { name } }": 10,
    "{ a: kinds { name } b: kinds { name } }": 20,
    "{ people { totalCount } }": 1,
    "{ people { pageInfo { hasNextPage } } }": 2,
    "{ people { nodes { id } } }": 1 + 20,
    "{ people(first: 3) { nodes { id kind { name } } } }": 1 + 3 * 2,
    "{ people(last: 3) { nodes { id } } }": 1 + 3,
    "{ people(first: null) { nodes { id } } }": 1 + 20,
    "{ people(first: 1000000) { nodes { id } } }": 1 + 100,
    "{ people(first: -3) { nodes { id } } }": 1,
    "{ people(first: 3) { edges { node { id } } } }": 1 + 3 * 2,
    "{ people(first: 3) { edges { cursor } nodes { id } pageInfo { hasNextPage } } }": 1 + 3 + 3 + 1,
    "{ me { friends { nodes { id } } } }": 1 + 1 + 50,
    "{ people(first: 2) { nodes { friends(first: 3) { nodes { friends(first: 4) { nodes { id } } } } } } }": (
        1 + 2 * (1 + 1 + 3 * (1 + 1 + 4))
    ),
    '{ any(ids: ["a", "b", "c"]) { id } }': 3,
    '{ any(ids: "a") { ... on Person { kind { name } } } }': 50 * 2,
    "{ ...f } fragment f on Query { people(first: 3) { ...g } } fragment g on PersonConnection { nodes { id } }": 1 + 3,
    "{ a: people(first: 3) { ...g } b: people(first: 4) { ...g } } fragment g on PersonConnection { nodes { id } }": 9,
    "{ me { ... { kind { name } } ... on Person { kind { name } } ... on Thing { id } } }": 3,
    "{ me @skip(if: true) { id } }": 1,
    "mutation { rename(id: 1) { person { id } errors { name } } }": 7 + 1 + 1 + 10,
    "mutation { a: rename(id: 1) { person { id } } b: rename(id: 2) { person { id } } }": 2 * (7 + 1 + 1),
    "subscription { renamed { kind { name } } }": 2,
}


@pytest.mark.parametrize("text", COSTS)
def test_each_object_costs_one_and_each_page_counts_as_full(text: str) -> None:
    assert _cost(text) == COSTS[text]


_PAGES = "query($first: Int, $last: Int = 5) { people(first: $first, last: $last) { nodes { id } } }"
_IDS = "query($ids: [ID!]! = [1, 2]) { any(ids: $ids) { id } }"


def test_variables_say_how_long_a_page_is() -> None:
    assert _cost(_PAGES, first=3) == 1 + 3
    assert _cost(_PAGES, last=7) == 1 + 7
    assert _cost(_PAGES, first=3, last=7) == 1 + 7
    assert _cost(_PAGES, first=None, last=None) == 1 + 5
    assert _cost(_PAGES) == 1 + 5
    assert _cost(_PAGES, first=10**30) == 1 + 100
    assert _cost(_IDS, ids=["a", "b", "c"]) == 3
    assert _cost(_IDS) == 2


@pytest.mark.parametrize("nonsense", ["3", 3.5, True, {}, [[]] * 4])
def test_variables_that_will_be_refused_cost_as_if_they_were_not_given_or_a_list(nonsense: object) -> None:
    assert _cost(_PAGES, first=nonsense, last=None) == 1 + (4 if isinstance(nonsense, list) else 5)


def test_the_same_operation_costs_what_each_request_says() -> None:
    document = parse(_PAGES)
    [operation] = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    cost = OperationCost(SCHEMA, operation, (), RULES)
    for _ in range(2):
        assert [cost.of({"first": size}).cost for size in (1, 2, 1, 3)] == [2, 3, 2, 4]
    assert [cost.of({"first": size}).cost for size in range(1000)][-1] == 101


def test_what_is_kept_of_a_document_with_many_variables_takes_64_kib_at_most() -> None:
    names = [f"v{number}" for number in range(150)]
    fields = " ".join(f"{name}: people(first: ${name}) {{ totalCount }}" for name in names)
    document = parse(f"query({' '.join(f'${name}: Int' for name in names)}) {{ {fields} }}")
    [operation] = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    cost = OperationCost(SCHEMA, operation, (), RULES)
    cost.of({})
    tracemalloc.start()
    try:
        for size in range(1_000, 1_300):
            # Each number is an object of its own, as in requests.
            cost.of({name: int(f"{size}{number}") for number, name in enumerate(names)})
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held <= 64 * 1024


def test_fragments_that_spread_each_other_over_and_over_are_weighed_at_once() -> None:
    chain = " ".join(
        f"fragment f{step} on Person {{ friends(first: 2) {{ nodes {{ ...f{step + 1} ...f{step + 1} }} }} }}"
        for step in range(60)
    )
    began = perf_counter()
    assert _cost("{ me { ...f0 } } " + chain + " fragment f60 on Person { id }") == 4**60
    assert perf_counter() - began < 1


_MANY = "mutation($input: Names, $all: [Naming!]) { rename(id: 1, input: $input, all: $all) { person { id } } }"


@pytest.mark.parametrize(
    ("variables", "entries"),
    [
        ({}, 0),
        ({"input": {"names": [{"id": "1"}] * 10}}, 0),
        ({"input": {"names": [{"id": "1"}] * 1_000}}, 990),
        ({"input": {"names": [{"id": "1", "tags": ["a"] * 3}] * 5}}, 10),
        ({"input": {"one": {"id": "1", "tags": ["a"] * 12}}}, 2),
        ({"all": [{"id": "1", "tags": ["a", "b"]}] * 10}, 10),
        ({"input": "nonsense", "all": 7}, 0),
    ],
)
def test_what_is_in_the_lists_of_an_input_costs_ten_each_beyond_the_usual_length(
    variables: dict[str, Any], entries: int
) -> None:
    assert _cost(_MANY, **variables) == 7 + 2 + 10 * entries


def test_entries_that_are_written_in_the_document_cost_as_much_as_those_of_a_variable() -> None:
    names = '{id: "1", tags: [$tag, "b"]} ' * 10
    text = f"mutation($tag: String!) {{ rename(id: 1, input: {{names: [{names}]}}) {{ person {{ id }} }} }}"
    assert _cost(text, tag="a") == 7 + 2 + 10 * 20
    text = "mutation($names: [Naming!]) { rename(id: 1, input: {names: $names}) { person { id } } }"
    assert _cost(text, names=[{"id": "1"}] * 11) == 7 + 2 + 10


def test_what_the_schema_says_of_itself_is_charged_by_the_number_of_its_types() -> None:
    of_each = len(SCHEMA.type_map) // 10
    for text, objects in (("{ me { id } }", 0), ("{ __schema { queryType { name } types { name } } }", 1 + 1 + 10)):
        [operation] = parse(text).definitions
        assert isinstance(operation, OperationDefinitionNode)
        assert OperationCost(SCHEMA, operation, (), RULES).of({}).beside == objects * of_each
