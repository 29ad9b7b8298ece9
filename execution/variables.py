"""Values of variables that are plain and as they should be, without asking graphql-core about each request's."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from graphql import (
    GraphQLBoolean,
    GraphQLError,
    GraphQLID,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLString,
    Undefined,
    VariableDefinitionNode,
    coerce_input_value,
    get_nullable_type,
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


def _object(value_type: Any) -> Coerce | None:
    """Return what coerces an input object all of whose fields are plain scalars."""
    if not isinstance(value_type, GraphQLInputObjectType) or value_type.is_one_of:
        return None
    classes = {name: _CLASSES.get(get_nullable_type(field.type)) for name, field in value_type.fields.items()}
    if None in classes.values() or value_type.out_type is not GraphQLInputObjectType.out_type:
        return None
    if any(field.out_name not in (None, name) for name, field in value_type.fields.items()):
        return None
    required = {name: field.type for name, field in value_type.fields.items() if isinstance(field.type, GraphQLNonNull)}
    # What graphql-core makes of the least that can be given has the defaults of all the rest.
    least: dict[str, Any] = coerce_input_value({name: classes[name]() for name in required}, value_type)  # type: ignore[misc]

    def coerce(value: Any) -> Any:
        if value.__class__ is not dict or not required.keys() <= value.keys() <= classes.keys():
            return Undefined
        if any(each.__class__ is not classes[name] for name, each in value.items()):
            return Undefined
        known = {**least, **value}
        return {name: known[name] for name in classes if name in known}

    return coerce
