"""Values of variables that are plain and as they should be, without asking graphql-core about each request's."""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, TypeAlias

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLError,
    GraphQLID,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    Undefined,
    VariableDefinitionNode,
    coerce_input_value,
    get_nullable_type,
    is_required_input_field,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource, get_variable_values

_CLASSES: dict[Any, type] = {GraphQLID: str, GraphQLString: str, GraphQLBoolean: bool}
"""Scalars, and the class of a value that is its own coercion."""

_MOST_ERRORS = 20
"""As of a document: what is wrong with a large value takes its time to tell."""

Coerce: TypeAlias = Callable[[Any], Any]
"""Returns a plain value's coercion, or `Undefined` where graphql-core must be asked."""


class Variables:
    """The variables of an operation."""

    def __init__(self, schema: GraphQLSchema, definitions: Sequence[VariableDefinitionNode]) -> None:
        """Look at their types.

        Args:
            schema: The schema.
            definitions: How the operation defines them.
        """
        self._schema = schema
        self._definitions = definitions
        self._plain = [_plain(get_variable_signature(schema, each)) for each in definitions]

    def declared(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return those of a request's variables that the operation declares."""
        names = (definition.variable.name.value for definition in self._definitions)
        return {name: given[name] for name in names if name in given}

    def values(self, given: dict[str, Any]) -> VariableValues | list[GraphQLError]:
        """Return the values of a request, or what is wrong with them: graphql-core's `get_variable_values`."""
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        for plain in self._plain:
            if plain is None:
                return self._ask(given)
            signature, coerce = plain
            value = given.get(signature.name)
            known = coerce(value)
            if known is Undefined:
                return self._ask(given)
            sources[signature.name] = VariableValueSource(signature, value)
            coerced[signature.name] = known
        return VariableValues(sources, coerced)

    def _ask(self, given: dict[str, Any]) -> VariableValues | list[GraphQLError]:
        return get_variable_values(self._schema, self._definitions, given, max_errors=_MOST_ERRORS)


def _plain(signature: GraphQLVariableSignature | GraphQLError) -> tuple[GraphQLVariableSignature, Coerce] | None:
    if isinstance(signature, GraphQLError):
        return None
    value_type: Any = get_nullable_type(signature.type)
    coerce = _scalar(value_type) or _list(value_type) or _object(value_type)
    return None if coerce is None else (signature, coerce)


def _scalar(value_type: Any) -> Coerce | None:
    expected = _CLASSES.get(value_type)
    return None if expected is None else lambda value: value if value.__class__ is expected else Undefined


def _list(value_type: Any) -> Coerce | None:
    """Return what coerces a list of plain scalars, none of which may be null."""
    if not isinstance(value_type, GraphQLList) or not isinstance(value_type.of_type, GraphQLNonNull):
        return None
    expected = _CLASSES.get(value_type.of_type.of_type)
    if expected is None:
        return None
    # However long it is: it is asked for before anything can refuse it.
    return lambda value: list(value) if value.__class__ is list and set(map(type, value)) <= {expected} else Undefined


def _object(value_type: Any, within: frozenset[Any] = frozenset()) -> Coerce | None:
    """Return what coerces an input object of leaves, lists and further objects, or a list of such: a whole import.

    Args:
        value_type: A type that is not non-null.
        within: The types that it is part of. One that is part of itself is left to graphql-core.
    """
    if isinstance(value_type, GraphQLList):
        return _objects(value_type, within)
    if value_type in within or not _is_made_of_its_fields(value_type):
        return None
    coercers = {name: _part(field.type, within | {value_type}) for name, field in value_type.fields.items()}
    optional = {name: each for name, each in value_type.fields.items() if not is_required_input_field(each)}
    defaults: dict[str, Any] = coerce_input_value({}, GraphQLInputObjectType(value_type.name, optional))
    # A default that can be changed would be the same one in each request.
    if None in coercers.values() or any(isinstance(default, dict | list) for default in defaults.values()):
        return None
    return _coerce_object(coercers, coercers.keys() - optional.keys(), defaults)


def _is_made_of_its_fields(value_type: Any) -> bool:
    if not isinstance(value_type, GraphQLInputObjectType) or value_type.is_one_of:
        return False
    if any(field.out_name not in (None, name) for name, field in value_type.fields.items()):
        return False
    return value_type.out_type is GraphQLInputObjectType.out_type


def _coerce_object(coercers: Mapping[str, Any], required: AbstractSet[str], defaults: Mapping[str, Any]) -> Coerce:
    def coerce(value: Any) -> Any:
        if value.__class__ is not dict or not required <= value.keys() <= coercers.keys():
            return Undefined
        known = {}
        for name, part in coercers.items():
            if name in value:
                known[name] = found = part(value[name])
                if found is Undefined:
                    return Undefined
            elif name in defaults:
                known[name] = defaults[name]
        return known

    return coerce


def _objects(value_type: GraphQLList[Any], within: frozenset[Any]) -> Coerce | None:
    part = _part(value_type.of_type, within)
    if part is None:
        return None

    def coerce(value: Any) -> Any:
        if value.__class__ is not list:
            return Undefined
        items = [part(each) for each in value]
        return Undefined if any(each is Undefined for each in items) else items

    return coerce


def _part(value_type: Any, within: frozenset[Any]) -> Coerce | None:
    """Return what coerces a part of an input, which may be null where its type says so."""
    inner = get_nullable_type(value_type)
    coerce = _scalar(inner) or _leaf(inner) or _list(inner) or _object(inner, within)
    if coerce is None or isinstance(value_type, GraphQLNonNull):
        return coerce
    return lambda value: None if value is None else coerce(value)


def _leaf(value_type: Any) -> Coerce | None:
    """Return what coerces a scalar or an enum by its own rule."""
    if not isinstance(value_type, GraphQLScalarType | GraphQLEnumType):
        return None

    def coerce(value: Any) -> Any:
        try:
            return Undefined if value is None else value_type.coerce_input_value(value)
        except Exception:
            # What is wrong with it is for graphql-core to say.
            return Undefined

    return coerce
