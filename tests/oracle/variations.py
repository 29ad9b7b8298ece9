"""Variations of a document: values moved into variables, parts left out on conditions, fields selected again."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from graphql import (
    ArgumentNode,
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    NameNode,
    OperationDefinitionNode,
    SelectionSetNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    parse_type,
    value_from_ast_untyped,
    visit,
)

Choose = Callable[[int], int]


class Varying(Visitor):
    """Rewrites a document as numbers choose."""

    def __init__(self, types: TypeInfo, choose: Choose) -> None:
        """Know the types of what is visited."""
        super().__init__()
        self.definitions: list[VariableDefinitionNode] = []
        self.values: dict[str, Any] = {}
        self.fragments: list[FragmentDefinitionNode] = []
        self._types = types
        self._choose = choose

    def enter_argument(self, node: ArgumentNode, *_: Any) -> ArgumentNode | None:
        """Put the value into a variable."""
        expected = self._types.get_input_type()
        if expected is None or self._choose(2) == 0:
            return None
        variable = self._variable(str(expected), value_from_ast_untyped(node.value))
        return replace(node, value=variable)

    def leave_field(self, node: FieldNode, *_: Any) -> FieldNode | None:
        """Make the field depend on conditions."""
        if self._choose(8) < 7:
            return None
        return replace(node, directives=self._conditions())

    def leave_inline_fragment(self, node: InlineFragmentNode, *_: Any) -> Any:
        """Make a fragment of its own of an inline fragment."""
        if node.type_condition is None or self._choose(2) == 0:
            return None
        name = NameNode(value=f"Fragment{len(self.fragments)}")
        self.fragments.append(
            FragmentDefinitionNode(name=name, type_condition=node.type_condition, selection_set=node.selection_set)
        )
        return FragmentSpreadNode(name=name, directives=self._conditions() if self._choose(3) == 2 else ())

    def leave_selection_set(self, node: SelectionSetNode, *_: Any) -> SelectionSetNode | None:
        """Select something twice: what is under one key is merged."""
        if self._choose(4) < 3:
            return None
        again = node.selections[self._choose(len(node.selections))]
        return replace(node, selections=(*node.selections, again))

    def _variable(self, type_name: str, value: Any) -> VariableNode:
        name = NameNode(value=f"variable{len(self.definitions)}")
        variable = VariableNode(name=name)
        self.definitions.append(VariableDefinitionNode(variable=variable, type=parse_type(type_name)))
        self.values[name.value] = value
        return variable

    def _conditions(self) -> tuple[DirectiveNode, ...]:
        chosen = (("skip",), ("include",), ("include",), ("skip", "include"))[self._choose(4)]
        return tuple(
            DirectiveNode(
                name=NameNode(value=name), arguments=(ArgumentNode(name=NameNode(value="if"), value=self._flag(name)),)
            )
            for name in chosen
        )

    def _flag(self, directive: str) -> Any:
        decided = (directive == "include") is not (self._choose(3) == 2)
        return self._variable("Boolean!", decided) if self._choose(2) else BooleanValueNode(value=decided)


def varied(schema: GraphQLSchema, document: DocumentNode, choose: Choose) -> tuple[DocumentNode, dict[str, Any]]:
    """Return a variation of a document of one operation, and its variables."""
    types = TypeInfo(schema)
    visitor = Varying(types, choose)
    changed: DocumentNode = visit(document, TypeInfoVisitor(types, visitor))
    definitions = tuple(
        replace(each, variable_definitions=tuple(visitor.definitions))
        if isinstance(each, OperationDefinitionNode)
        else each
        for each in changed.definitions
    )
    return replace(changed, definitions=(*definitions, *visitor.fragments)), visitor.values
