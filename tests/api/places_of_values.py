"""Every place of the schema where a client puts a value, each with a document that has a variable there."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
)

_PLAIN = {
    "Boolean": "true",
    "Cursor": '"cursor"',
    "DateTime": '"2030-01-01T00:00:00Z"',
    "ID": '"nothing"',
    "Int": "1",
    "String": '"text"',
}
_NESTED = 3
"""How deep inside of an argument places are looked for."""


@dataclass(frozen=True)
class PlaceOfValue:
    """A place where a value is expected.

    Attributes:
        name: What it is called.
        document: An operation whose variable `$it` is what is there; it may be null, and has a default.
        takes_null: Whether null is a value of the place.
    """

    name: str
    document: str
    takes_null: bool


def places_of_values(schema: GraphQLSchema, ids: Mapping[str, str]) -> Iterator[PlaceOfValue]:
    """Yield all places that can be reached, each once.

    Args:
        schema: The schema.
        ids: The ids that reach something, by the field of the root type that takes them.
    """
    for root in (schema.query_type, schema.mutation_type, schema.subscription_type):
        assert root is not None
        yield from _below(schema, root, ids)


def _below(schema: GraphQLSchema, root: GraphQLObjectType, ids: Mapping[str, str]) -> Iterator[PlaceOfValue]:
    """Walk from a root type to each type, by the shortest way."""
    keyword = {"Query": "query", "Mutation": "mutation", "Subscription": "subscription"}[root.name]
    seen = {root.name}
    waiting: deque[tuple[GraphQLObjectType | GraphQLInterfaceType, str]] = deque([(root, "%s")])
    while waiting:
        parent, way = waiting.popleft()
        for name, field in parent.fields.items():
            own = {"id": ids[name]} if parent is root and name in ids else {}
            for argument_name, argument in field.args.items():
                for place, literal, expected in _inside(argument.type, argument_name):
                    given = {**_required(field, own), argument_name: literal}
                    selected = way % _selected(name, field, given)
                    kind = get_nullable_type(expected)
                    document = f"{keyword}($it: {kind} = {_literal(kind)}) {{ {selected} }}"
                    yield PlaceOfValue(f"{parent}.{name}({place})", document, not isinstance(expected, GraphQLNonNull))
            result = get_named_type(field.type)
            if isinstance(result, GraphQLObjectType) and result.name not in seen and root is schema.query_type:
                seen.add(result.name)
                waiting.append((result, way % _opened(name, _required(field, own))))


def _inside(kind: Any, path: str, depth: int = 0) -> Iterator[tuple[str, str, Any]]:
    """Yield a name, the literal that has the variable there, and the type, for a value and what is in it."""
    yield path, "$it", kind
    if depth == _NESTED:
        return
    bare = get_nullable_type(kind)
    if isinstance(bare, GraphQLList):
        for name, literal, expected in _inside(bare.of_type, f"{path}[]", depth + 1):
            yield name, f"[{literal}]", expected
    elif isinstance(bare, GraphQLInputObjectType):
        for field_name, field in bare.fields.items():
            for name, literal, expected in _inside(field.type, f"{path}.{field_name}", depth + 1):
                yield name, _literal(bare, {field_name: literal}), expected


def _literal(kind: Any, given: Mapping[str, str] | None = None) -> str:
    bare = get_nullable_type(kind)
    if isinstance(bare, GraphQLList):
        return f"[{_literal(bare.of_type)}]"
    if isinstance(bare, GraphQLInputObjectType):
        needed = {name: field for name, field in bare.fields.items() if isinstance(field.type, GraphQLNonNull)}
        literals = {name: _literal(field.type) for name, field in needed.items()} | dict(given or {})
        return "{" + ", ".join(f"{name}: {literal}" for name, literal in literals.items()) + "}"
    if isinstance(bare, GraphQLEnumType):
        return str(next(iter(bare.values)))
    return _PLAIN[str(bare)]


def _required(field: GraphQLField, own: Mapping[str, str]) -> dict[str, str]:
    needed = {name: each for name, each in field.args.items() if isinstance(each.type, GraphQLNonNull)}
    return {name: own.get(name, _literal(each.type)) for name, each in needed.items()}


def _arguments(given: Mapping[str, str]) -> str:
    return "(" + ", ".join(f"{name}: {literal}" for name, literal in given.items()) + ")" if given else ""


def _opened(name: str, given: Mapping[str, str]) -> str:
    return f"{name}{_arguments(given)} {{ %s }}"


def _selected(name: str, field: GraphQLField, given: Mapping[str, str]) -> str:
    below = "" if is_leaf_type(get_named_type(field.type)) else " { __typename }"
    return f"{name}{_arguments(given)}{below}"
