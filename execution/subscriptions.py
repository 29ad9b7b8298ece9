"""Subscriptions: where their events come from, and which of them are answered alike."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graphql import ArgumentNode, Node, VariableNode
from graphql.execution.values import VariableValues

from execution.compiled_operation import CompiledOperation
from execution.selection import Selected

_SUBSCRIBED = "(subscribed)"
"""No field of an answer can have this name."""


@dataclass(frozen=True)
class Subscribed:
    """A subscription that has begun; each event of its source is yet to be answered.

    Attributes:
        operation: What is executed for each event.
        selected: What it selects with the values of this request's variables.
        variables: The variables that the operation declares, as the request gave them.
        values: Their values.
        source: What the resolver of its field has returned.
    """

    operation: CompiledOperation
    selected: Selected
    variables: dict[str, Any]
    values: VariableValues
    source: Any

    def as_data(self) -> dict[str, Any]:
        """Return the data of the result that a subscription has begun with."""
        return {_SUBSCRIBED: self}

    @staticmethod
    def within(data: dict[str, Any] | None) -> "Subscribed | None":
        """Return the subscription that has begun with a result of this data; None for any other result."""
        found = None if data is None else data.get(_SUBSCRIBED)
        return found if isinstance(found, Subscribed) else None

    def variables_beside(self, argument: str) -> dict[str, Any]:
        """Return the variables that the document uses for anything but this argument of its field.

        Two requests that ask the same (`CompiledOperation.question`) with the same of these variables are answered
        alike but for that argument.
        """
        used = self.operation.used_beside.get(argument)
        if used is None:
            used = self.operation.used_beside[argument] = frozenset(self._used_beside(argument))
        return {name: self.variables[name] for name in sorted(used & self.variables.keys())}

    def _used_beside(self, argument: str) -> Iterator[str]:
        root = self.selected.root
        nodes = [] if root is None else [node for field in root.fields for node in field.nodes]
        left_out = [each for node in nodes for each in node.arguments or () if each.name.value == argument]
        for selections in (self.operation.operation.selection_set, *self.selected.definitions.values()):
            yield from _variables_in(selections, left_out)


def _variables_in(node: Node, left_out: list[ArgumentNode]) -> Iterator[str]:
    if isinstance(node, VariableNode):
        yield node.name.value
        return
    for key in node.keys:
        value = getattr(node, key)
        for part in value if isinstance(value, tuple | list) else (value,):
            if isinstance(part, Node) and not any(part is each for each in left_out):
                yield from _variables_in(part, left_out)
