"""How much an operation is given: the entries of lists inside of its inputs, which are converted and worked on.

A list that is an argument by itself, as ids are, says how long the answer is, and is weighed with that.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from graphql import (
    GraphQLInputObjectType,
    GraphQLSchema,
    ListTypeNode,
    ListValueNode,
    NamedTypeNode,
    NonNullTypeNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
)


class _Use(NamedTuple):
    """A variable in an argument, and whether it stands inside of an input."""

    name: str
    is_inside: bool


class InputEntries:
    """Counts the entries that an operation is given."""

    def __init__(
        self, schema: GraphQLSchema, operation: OperationDefinitionNode, selections: Iterable[SelectionSetNode]
    ) -> None:
        """Look at the arguments.

        Args:
            schema: The schema that the operation is valid for.
            operation: The operation.
            selections: All that it may select: its own selection, and those of its document's fragments.
        """
        large = {
            each.variable.name.value
            for each in operation.variable_definitions or ()
            if _may_be_large(schema, each.type)
        }
        values = [value for selection in selections for value in _arguments(selection)]
        self._written = sum(_written(value, is_inside=False) for value in values)
        self._uses = [use for value in values for use in _uses(value, is_inside=False) if use.name in large]

    def of(self, variables: Mapping[str, Any]) -> int:
        """Return how many there are with these variables, as a request gives them."""
        return self._written + sum(_given(variables.get(use.name), is_inside=use.is_inside) for use in self._uses)


def _may_be_large(schema: GraphQLSchema, kind: Any) -> bool:
    if isinstance(kind, NonNullTypeNode):
        kind = kind.type
    if isinstance(kind, NamedTypeNode):
        return isinstance(schema.get_type(kind.name.value), GraphQLInputObjectType)
    return isinstance(kind, ListTypeNode)


def _arguments(selection_set: SelectionSetNode) -> Iterator[ValueNode]:
    for selection in selection_set.selections:
        for argument in getattr(selection, "arguments", None) or ():
            yield argument.value
        inside = getattr(selection, "selection_set", None)
        if inside is not None:
            yield from _arguments(inside)


def _parts(value: ValueNode) -> Iterator[tuple[ValueNode, bool]]:
    """Yield what a literal is made of, and whether that stands inside of an input."""
    if isinstance(value, ListValueNode):
        yield from ((each, True) for each in value.values)
    elif isinstance(value, ObjectValueNode):
        yield from ((each.value, True) for each in value.fields)


def _written(value: ValueNode, *, is_inside: bool) -> int:
    own = len(value.values) if is_inside and isinstance(value, ListValueNode) else 0
    return own + sum(_written(part, is_inside=inside) for part, inside in _parts(value))


def _uses(value: ValueNode, *, is_inside: bool) -> Iterator[_Use]:
    if isinstance(value, VariableNode):
        yield _Use(value.name.value, is_inside)
    for part, inside in _parts(value):
        yield from _uses(part, is_inside=inside)


def _given(value: Any, *, is_inside: bool) -> int:
    if isinstance(value, dict):
        return sum(_given(each, is_inside=True) for each in value.values() if isinstance(each, dict | list))
    if not isinstance(value, list):
        return 0
    parts = sum(_given(each, is_inside=True) for each in value if isinstance(each, dict | list))
    return parts + (len(value) if is_inside else 0)
