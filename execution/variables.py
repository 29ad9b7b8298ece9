"""Values of variables that are plain and as they should be, without asking graphql-core about each request's."""

from collections.abc import Sequence
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLError,
    GraphQLID,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLString,
    VariableDefinitionNode,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource, get_variable_values

_CLASSES: dict[Any, type] = {GraphQLID: str, GraphQLString: str, GraphQLBoolean: bool}
"""Scalars, and the class of a value that is its own coercion."""

_MOST_ERRORS = 50


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

    def values(self, given: dict[str, Any]) -> VariableValues | list[GraphQLError]:
        """Return the values of a request, or what is wrong with them: graphql-core's `get_variable_values`."""
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        for plain in self._plain:
            if plain is None:
                return self._ask(given)
            signature, expected = plain
            value = given.get(signature.name)
            if value.__class__ is not expected:
                return self._ask(given)
            sources[signature.name] = VariableValueSource(signature, value)
            coerced[signature.name] = value
        return VariableValues(sources, coerced)

    def _ask(self, given: dict[str, Any]) -> VariableValues | list[GraphQLError]:
        return get_variable_values(self._schema, self._definitions, given, max_errors=_MOST_ERRORS)


def _plain(signature: GraphQLVariableSignature | GraphQLError) -> tuple[GraphQLVariableSignature, type] | None:
    if isinstance(signature, GraphQLError):
        return None
    value_type = signature.type.of_type if isinstance(signature.type, GraphQLNonNull) else signature.type
    expected = _CLASSES.get(value_type)
    return None if expected is None else (signature, expected)
