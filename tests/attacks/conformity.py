"""Whether an answer is one that the schema and the document allow: https://spec.graphql.org/draft/#sec-Response-Format."""

from collections.abc import Iterator
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    is_leaf_type,
)

_SCALARS: dict[str, type | tuple[type, ...]] = {"Int": int, "Float": (int, float), "Boolean": bool}


class Conformity:
    """Compares the data of an answer with what a document without conditions asks for."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        """Prepare to compare.

        Args:
            schema: The schema.
            document: A valid document of one operation, in which each object's `__typename` is selected.
        """
        self._schema = schema
        self._fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        [self._operation] = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]

    def faults(self, data: Any) -> Iterator[str]:
        """Yield what is not as it should be."""
        root = self._schema.get_root_type(self._operation.operation)
        assert root is not None
        yield from self._of_object(root, data, [self._operation.selection_set], "data")

    def _of_object(
        self, kind: GraphQLObjectType, value: Any, selected: list[SelectionSetNode], path: str
    ) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{path} is no object"
            return
        fields = self._fields(kind, selected)
        if list(value) != list(fields):
            yield f"{path} has {list(value)}, not {list(fields)}"
            return
        for key, nodes in fields.items():
            name = nodes[0].name.value
            if name == "__typename":
                if value[key] != kind.name:
                    yield f"{path}.{key} is {value[key]}, not {kind.name}"
                continue
            definition = self._schema.get_field(kind, name)
            assert definition is not None
            below = [each.selection_set for each in nodes if each.selection_set is not None]
            yield from self._of_value(definition.type, value[key], below, f"{path}.{key}")

    def _of_value(self, kind: Any, value: Any, selected: list[SelectionSetNode], path: str) -> Iterator[str]:
        if isinstance(kind, GraphQLNonNull):
            kind = kind.of_type
            if value is None:
                yield f"{path} is null"
        if value is None:
            return
        if isinstance(kind, GraphQLList):
            yield from self._of_list(kind, value, selected, path)
        elif is_leaf_type(kind):
            if not _is_leaf(kind, value):
                yield f"{path} is {value!r}, no {kind.name}"
        else:
            name = value.get("__typename") if isinstance(value, dict) else None
            actual = self._schema.get_type(name or kind.name)
            if isinstance(actual, GraphQLObjectType) and (actual is kind or self._schema.is_sub_type(kind, actual)):
                yield from self._of_object(actual, value, selected, path)
            else:
                yield f"{path} is of {name}, which is no {kind.name}"

    def _of_list(
        self, kind: GraphQLList[Any], value: Any, selected: list[SelectionSetNode], path: str
    ) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"{path} is no list"
            return
        for index, each in enumerate(value):
            yield from self._of_value(kind.of_type, each, selected, f"{path}[{index}]")

    def _fields(self, kind: GraphQLObjectType, selected: list[SelectionSetNode]) -> dict[str, list[FieldNode]]:
        found: dict[str, list[FieldNode]] = {}
        for node in self._nodes(kind, selected):
            found.setdefault((node.alias or node.name).value, []).append(node)
        return found

    def _nodes(self, kind: GraphQLObjectType, selected: list[SelectionSetNode]) -> Iterator[FieldNode]:
        for selection_set in selected:
            for node in selection_set.selections:
                if isinstance(node, FieldNode):
                    yield node
                    continue
                inside: Any = self._fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
                assert isinstance(inside, FragmentDefinitionNode | InlineFragmentNode)
                condition = (
                    None if inside.type_condition is None else self._schema.get_type(inside.type_condition.name.value)
                )
                if condition is None or condition is kind or self._schema.is_sub_type(condition, kind):  # type: ignore[arg-type]  # it is abstract where it is another
                    yield from self._nodes(kind, [inside.selection_set])


def _is_leaf(kind: Any, value: Any) -> bool:
    """Return whether a value is one of an enum or a scalar; those of our own are texts."""
    if isinstance(kind, GraphQLEnumType):
        return bool(isinstance(value, str) and value in kind.values)
    if isinstance(value, bool):
        return bool(kind.name == "Boolean")
    expected: type | tuple[type, ...] = _SCALARS.get(kind.name, str)
    return isinstance(value, expected)
