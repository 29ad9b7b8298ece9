"""Values of variables are those of graphql-core, whether it was asked or not."""

from typing import Any

import pytest
from graphql import (
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    OperationDefinitionNode,
    build_schema,
    parse,
)
from graphql.execution.values import VariableValues, get_variable_values

from execution.variables import Variables

SCHEMA: GraphQLSchema = build_schema("""
  type Query { nothing: String }
  enum Colour { RED GREEN }
  input Plain { id: ID! text: String = "as ever" yes: Boolean other: String must: String! = "there" }
  input Bare { text: String }
  input Defaulted { other: Boolean = false text: String = "as ever" id: ID! unknown: String yes: Boolean = null }
  input Nested { plain: Plain! more: String }
  input Numbered { id: ID! number: Int = 4 }
  input One @oneOf { a: String b: ID }
  input Rows { rows: [Row!]! note: String }
  input Row { id: ID! money: Money! colour: Colour! maybe: Colour = RED tags: [String!] any: [Colour] rate: Float }
  input Money { amount: Int! currency: String! = "EUR" }
  input Tree { name: String left: Tree all: [Tree!] }
  input Shared { list: [String!] = ["d"] inner: Bare = {text: "d"} }
""")

_ROW = {"id": "x", "money": {"amount": 7, "currency": "CHF"}, "colour": "RED"}
_OTHERS: list[dict[str, Any]] = [
    {"id": None},
    {"id": 7},
    {"money": {"amount": 7}},
    {"money": {"amount": 7.0}},
    {"money": {"amount": 2**31}},
    {"money": {"amount": "7"}},
    {"money": {"amount": True}},
    {"money": {}},
    {"money": None},
    {"colour": "BLUE"},
    {"colour": None},
    {"maybe": None},
    {"maybe": 7},
    {"tags": None},
    {"tags": "a"},
    {"tags": ["a", 7]},
    {"any": "RED"},
    {"any": ["BLUE"]},
    {"rate": float("inf")},
    {"rate": "1"},
    {"unknown": 1},
]

_VALUES: dict[str, list[Any]] = {
    "scalars": ["", "text", "7", 7, 7.0, 7.5, True, False, None, [], ["text"], {}, {"id": "x"}, 2**70, object],
    "objects": [
        {"id": "x"},
        {"id": "x", "text": "t", "yes": True, "other": "o", "must": "m"},
        {"other": "o", "id": "x"},
        {"id": "x", "text": "t"},
        {"yes": True, "other": True, "id": "x"},
        {"id": "x", "text": None},
        {"id": "x", "must": None},
        {"id": None},
        {"id": 7},
        {"id": True},
        {"id": "x", "text": 7},
        {"id": "x", "yes": "true"},
        {"id": "x", "yes": 1},
        {"id": "x", "unknown": "u"},
        {"text": "t"},
        {"plain": {"id": "x"}},
        {"plain": {"id": "x", "text": "t"}, "more": "m"},
        {"plain": {"id": 7.5}},
        {"plain": None},
        {"id": "x", "number": 5},
        {"id": "x", "number": "5"},
        {"a": "one"},
        {"b": 7},
        {"a": "one", "b": "two"},
        {"a": None},
    ],
    "rows": [
        {"rows": []},
        {"rows": [_ROW, {**_ROW, "maybe": "GREEN", "tags": ["a", "b"], "any": ["RED", None], "rate": 1}]},
        {"rows": [_ROW], "note": None},
        {"rows": _ROW},
        {"rows": [_ROW, None]},
        {"rows": [_ROW, 7]},
        {"rows": None},
        *({"rows": [_ROW, {**_ROW, **other}]} for other in _OTHERS),
        *(_ROW | other for other in ({}, *_OTHERS)),
        {"name": "a", "left": {"name": "b", "all": [{"name": "c"}, {}]}},
        {"list": None},
        {"inner": {}},
    ],
    "lists": [["a", "b"], ["a", None], ["a", 7], [7], [True, False], [True, 1], [["a"]], ("a",), "a" * 3],
    "enums": ["RED", "BLUE", "red", ["RED", "GREEN"], ["RED", None], ["BLUE"]],
}
"""Whatever a value should be, and often is not."""
_DEFINITIONS = [
    "$it: ID",
    "$it: ID!",
    '$it: ID = "d"',
    "$it: ID! = 5",
    "$it: String",
    "$it: String!",
    '$it: String = "d"',
    "$it: String = null",
    "$it: Boolean",
    "$it: Boolean!",
    "$it: Boolean! = true",
    "$it: Int",
    "$it: Float!",
    "$it: Colour",
    "$it: Colour! = RED",
    "$it: [ID!]!",
    "$it: [ID!]",
    '$it: [ID!]! = ["d"]',
    "$it: [String!]!",
    "$it: [Boolean!]",
    "$it: [[ID!]!]!",
    "$it: [String]",
    "$it: [Colour!]",
    "$it: Plain",
    "$it: Plain!",
    '$it: Plain = {id: "d", yes: false}',
    "$it: Bare",
    "$it: Defaulted",
    '$it: Defaulted! = {id: "d"}',
    "$it: Bare!",
    "$it: Nested!",
    "$it: Numbered!",
    "$it: One!",
    "$it: Rows!",
    "$it: Row",
    "$it: [Row!]!",
    "$it: [Row]",
    "$it: Tree",
    "$it: Shared",
    "$it: [Plain!]",
    "$it: Unknown",
    "$it: Query",
]
_GIVEN = [{}, *({"it": value} for values in _VALUES.values() for value in values), {"it": "x", "extra": 1}]


def _compared(found: VariableValues | list[Any]) -> Any:
    if isinstance(found, list):
        return [(each.message, [(at.line, at.column) for at in each.locations or ()]) for each in found]
    sources = {name: (source.signature.name, source.value) for name, source in found.sources.items()}
    return repr(found.coerced), repr(sources)


def _both_ways(definitions: str, given: dict[str, Any], schema: GraphQLSchema = SCHEMA) -> tuple[Any, Any]:
    operation = parse(f"query({definitions}) {{ nothing }}").definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    nodes = operation.variable_definitions or ()
    variables = Variables(schema, nodes)
    judged = get_variable_values(schema, nodes, given, max_errors=20)
    first, second = variables.values(given), variables.values(given)
    assert _compared(first) == _compared(second)
    return _compared(first), _compared(judged)


@pytest.mark.parametrize("definition", _DEFINITIONS)
def test_values_of_a_variable_are_what_graphql_core_makes_of_them(definition: str) -> None:
    for given in _GIVEN:
        found, judged = _both_ways(definition, given)
        assert found == judged, given


def test_values_of_many_variables_are_in_the_order_of_their_definitions() -> None:
    definitions = '$a: ID!, $b: String = "d", $c: Boolean, $d: Plain!, $e: Int'
    for given in (
        {"d": {"id": "x"}, "c": True, "b": "b", "a": "a", "e": 5},
        {"d": {"id": "x"}, "a": "a"},
        {"d": {"id": "x"}, "a": "a", "b": None, "c": None},
        {"d": {"id": 7}, "a": 7, "b": 7, "c": 7, "e": "7"},
        {},
    ):
        found, judged = _both_ways(definitions, given)
        assert found == judged, given


def test_an_operation_without_variables_has_no_values() -> None:
    found = Variables(SCHEMA, ()).values({"extra": 1})

    assert found == VariableValues({}, {})


def test_what_is_known_of_an_input_object_is_not_shared_between_requests() -> None:
    operation = parse("query($it: Plain!) { nothing }").definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    variables = Variables(SCHEMA, operation.variable_definitions or ())
    first = variables.values({"it": {"id": "x"}})
    assert isinstance(first, VariableValues)
    first.coerced["it"]["text"] = "changed"

    second = variables.values({"it": {"id": "y"}})

    assert isinstance(second, VariableValues)
    assert second.coerced == {"it": {"id": "y", "text": "as ever", "must": "there"}}


def test_an_input_object_that_is_made_something_else_of_is_so_here() -> None:
    text, required = GraphQLInputField(GraphQLString), GraphQLInputField(GraphQLNonNull(GraphQLString))
    kinds = [
        GraphQLInputObjectType("Made", {"text": text, "must": required}, out_type=lambda value: sorted(value.items())),
        GraphQLInputObjectType("Renamed", {"text": GraphQLInputField(GraphQLString, out_name="words")}),
        GraphQLInputObjectType("Same", {"text": GraphQLInputField(GraphQLString, out_name="text")}),
    ]
    query = GraphQLObjectType("Query", {"nothing": GraphQLField(GraphQLString)})
    schema = GraphQLSchema(query, types=kinds)
    for kind in ("Made", "Renamed", "Same"):
        for given in ({"text": "t"}, {"text": "t", "must": "m"}, {"must": "m"}, {}, None):
            found, judged = _both_ways(f"$it: {kind}!", {"it": given}, schema)
            assert found == judged, (kind, given)
