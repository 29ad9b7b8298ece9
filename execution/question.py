"""What an operation asks, whatever its text looks like."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import blake2b

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    print_ast,
)

_DIGEST_BYTES = 32


def question_of(operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]) -> bytes:
    """Return a digest of an operation and the fragments that it uses, as graphql-core prints them.

    Texts that differ in white space, comments, descriptions, the operation's name or the order of their definitions
    have the same digest. Fields, their order and aliases, arguments, directives and variables make another one.

    Args:
        operation: The operation.
        fragments: The fragments of its document by name.
    """
    variables = tuple(replace(each, description=None) for each in operation.variable_definitions or ())
    printed = {"": print_ast(replace(operation, name=None, description=None, variable_definitions=variables))}
    spread = list(_spread_in(operation.selection_set))
    while spread:
        name = spread.pop()
        if name not in printed:
            printed[name] = print_ast(replace(fragments[name], description=None))
            spread += _spread_in(fragments[name].selection_set)
    return blake2b(repr(sorted(printed.items())).encode(), digest_size=_DIGEST_BYTES).digest()


def _spread_in(selections: SelectionSetNode) -> Iterator[str]:
    """Yield the names of the fragments that are spread anywhere in a selection."""
    for selection in selections.selections:
        if isinstance(selection, FragmentSpreadNode):
            yield selection.name.value
        elif isinstance(selection, FieldNode | InlineFragmentNode) and selection.selection_set is not None:
            yield from _spread_in(selection.selection_set)
