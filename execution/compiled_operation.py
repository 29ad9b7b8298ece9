"""One operation of a document, ready to be executed as compiled code."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
)
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.values import VariableValues

from execution.cost import CostRules, OperationCost, Weight
from execution.question import question_of
from execution.selection import Selected
from execution.variables import Variables

_CONDITIONS = frozenset({"skip", "include"})

_MAX_SELECTIONS = 64
"""Of one document: a client with many optional parts may send any combination of them."""


@dataclass(eq=False)
class CompiledOperation:
    """An operation of a document, and what it selects for each combination of its conditions.

    Attributes:
        document: The document.
        operation: The operation.
        fragments: The document's fragments.
        conditions: The variables that decide what is selected.
        selections: What is selected, by the values of these.
        used_beside: The variables that are used for anything but an argument of the root field, by that argument.
        grown: Called when another selection was made.
    """

    document: DocumentNode
    operation: OperationDefinitionNode
    fragments: dict[str, FragmentDetails]
    conditions: tuple[str, ...]
    selections: dict[tuple[Any, ...], Selected] = field(default_factory=dict)
    used_beside: dict[str, frozenset[str]] = field(default_factory=dict)
    grown: Callable[[], None] | None = None
    _variables: Variables | None = None
    _cost: OperationCost | None = None

    @property
    def is_subscription(self) -> bool:
        """Whether it is executed for each event of a source instead of once."""
        return self.operation.operation is OperationType.SUBSCRIPTION

    @cached_property
    def question(self) -> bytes:
        """A digest of what is asked, the same for each text that asks it."""
        return question_of(self.operation, {name: each.definition for name, each in self.fragments.items()})

    @property
    def size(self) -> int:
        """How many characters the document has, counted for each selection."""
        text = self.document.loc.source.body if self.document.loc is not None else ""
        return len(text) * max(1, len(self.selections))

    def variables(self, schema: GraphQLSchema) -> Variables:
        """Return what makes values of a request's variables."""
        if self._variables is None:
            self._variables = Variables(schema, self.operation.variable_definitions or ())
        return self._variables

    def weight(self, schema: GraphQLSchema, rules: CostRules, variables: Mapping[str, Any]) -> Weight:
        """Return how much the operation may be with these variables, as a request gives them."""
        if self._cost is None:
            fragments = [each for each in self.document.definitions if isinstance(each, FragmentDefinitionNode)]
            self._cost = OperationCost(schema, self.operation, fragments, rules)
        return self._cost.of(variables)

    def decides(self, variables: VariableValues) -> bool:
        """Return whether every condition is true or false; null is a fault, wherever graphql-core meets it."""
        return all(isinstance(variables.coerced.get(name), bool) for name in self.conditions)

    def selected(self, schema: GraphQLSchema, variables: VariableValues, *, plain_attributes: bool) -> Selected:
        """Return what is selected with these variables."""
        key = tuple(variables.coerced.get(name) for name in self.conditions)
        found = self.selections.get(key)
        if found is None:
            if len(self.selections) >= _MAX_SELECTIONS:
                self.selections.clear()
            named = [name for name in self.conditions if name in variables.sources]
            kept = VariableValues(
                {name: variables.sources[name] for name in named},
                {name: variables.coerced[name] for name in named if name in variables.coerced},
            )
            found = Selected(schema, self.operation, self.fragments, kept, plain_attributes)
            self.selections[key] = found
            if self.grown is not None:
                self.grown()
        return found


def has_one_operation(document: DocumentNode) -> bool:
    """Return whether a document has one operation, which a request need not name."""
    return sum(isinstance(each, OperationDefinitionNode) for each in document.definitions) == 1


def compile_operation(document: DocumentNode, operation_name: str | None) -> CompiledOperation | None:
    """Return the operation that is meant, ready to select; None where graphql-core must execute it."""
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    meant = [each for each in operations if operation_name is None or (each.name and each.name.value == operation_name)]
    if len(meant) != 1 or meant[0].directives:
        return None
    if any(each.variable_definitions or each.directives for each in fragments.values()):
        return None
    conditions: set[str] = set()
    for selections in (meant[0].selection_set, *(each.selection_set for each in fragments.values())):
        for directive in _directives(selections):
            if directive.name.value not in _CONDITIONS:
                return None
            values = [argument.value for argument in directive.arguments or ()]
            conditions.update(value.name.value for value in values if isinstance(value, VariableNode))
    details = {name: FragmentDetails(each, None) for name, each in fragments.items()}
    own = {definition.variable.name.value for definition in meant[0].variable_definitions or ()}
    # Fragments of other operations may have conditions on their variables.
    return CompiledOperation(document, meant[0], details, tuple(sorted(conditions & own)))


def _directives(selections: SelectionSetNode) -> Iterator[Any]:
    for selection in selections.selections:
        yield from selection.directives or ()
        if isinstance(selection, FieldNode | InlineFragmentNode) and selection.selection_set:
            yield from _directives(selection.selection_set)
