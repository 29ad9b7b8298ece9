"""What an operation selects, worked out once against the schema instead of for each object of each answer."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from keyword import iskeyword
from typing import Any, TypeAlias

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    Node,
    OperationDefinitionNode,
    VariableNode,
    get_named_type,
)
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

from execution.batching import Batch, batch_of
from execution.shape import Inline, Leaf, Part, TypeName, shape_of
from execution.whole import NotWhole, Whole, whole_of

Shape: TypeAlias = Callable[[Sequence[Any]], list[dict[str, Any]]]

INTROSPECTION = ("__schema", "__type")


@dataclass(frozen=True)
class Selected:
    """An operation of a document with the values that decide what `@skip` and `@include` leave of it.

    Attributes:
        schema: The schema.
        operation: The operation.
        fragments: The document's fragments.
        conditions: The variables that directives use, and nothing of any other variable.
        plain_attributes: Whether a field without a resolver is read as an attribute, as is Strawberry's default.
    """

    schema: GraphQLSchema
    operation: OperationDefinitionNode
    fragments: dict[str, FragmentDetails]
    conditions: VariableValues
    plain_attributes: bool

    @property
    def definitions(self) -> dict[str, FragmentDefinitionNode]:
        """The fragments as they are written."""
        return {name: fragment.definition for name, fragment in self.fragments.items()}

    @cached_property
    def root(self) -> "TypeSelection | None":
        """What is selected of the operation's root type; None where the schema has none."""
        root_type = self.schema.get_root_type(self.operation.operation)
        if root_type is None:
            return None
        collected = collect_fields(self.schema, self.fragments, self.conditions, root_type, self.operation)
        return TypeSelection(self, root_type, collected.grouped_field_set)

    @property
    def is_written(self) -> bool:
        """Whether the code of its selections has been written."""
        return "_written" in self.__dict__

    def write(self) -> Iterator[None]:
        """Write the code of its selections, step by step."""
        if self.root is not None:
            yield from self.root.write_shapes()
        self.__dict__["_written"] = True

    @cached_property
    def only_field(self) -> "FieldSelection | None":
        """The operation's field, where there is one alone: of several, one may have to be had with another."""
        fields = [] if self.root is None else self.root.fields
        return fields[0] if len(fields) == 1 else None


@dataclass(eq=False)
class FieldSelection:
    """A field of an object type under its name in the answer.

    Attributes:
        selected: The operation.
        parent_type: The type that has the field.
        name: Its key in the answer.
        details: The nodes of the document that select it.
        definition: Its definition in the schema.
        fixed_arguments: Its arguments, once they are known, where they are the same for every request.
    """

    selected: Selected
    parent_type: GraphQLObjectType
    name: str
    details: list[FieldDetails]
    definition: GraphQLField
    fixed_arguments: dict[str, Any] | None = None
    _of_types: dict[GraphQLObjectType, "TypeSelection"] = field(default_factory=dict)

    @cached_property
    def nodes(self) -> list[FieldNode]:
        """The nodes of the document that select the field."""
        return [each.node for each in self.details]

    @property
    def field_name(self) -> str:
        """The field's name in the schema."""
        return self.details[0].node.name.value

    @cached_property
    def strawberry_field(self) -> StrawberryField | None:
        """Strawberry's definition of the field, where it has one."""
        found = self.definition.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
        return found if isinstance(found, StrawberryField) else None

    @cached_property
    def attribute(self) -> str | None:
        """The attribute that the field reads; None where something is called for it."""
        known = self.strawberry_field
        if known is None or not self.selected.plain_attributes or not known.is_basic_field:
            return None
        if type(known).get_result is not StrawberryField.get_result or not _only_reads(self.definition):
            return None
        return known.python_name

    @cached_property
    def batch(self) -> Batch | None:
        """What is called for all parents at once, where the field has such a thing and no hook around it."""
        known = self.strawberry_field
        if known is None or known.extensions or type(known).get_result is not StrawberryField.get_result:
            return None
        return batch_of(known.metadata)

    @cached_property
    def whole(self) -> Whole | None:
        """What is called to have the field with all that is selected of it, where it is so and no hook is around it."""
        known = self.strawberry_field
        if known is None or known.extensions or type(known).get_result is not StrawberryField.get_result:
            return None
        compile_field = whole_of(known.metadata)
        try:
            return None if compile_field is None else compile_field(self)
        except NotWhole:
            return None

    @cached_property
    def has_fixed_arguments(self) -> bool:
        """Whether the arguments are the same for every request: no variable is in them."""
        return not any(map(_mentions_variable, self.nodes[0].arguments or ()))

    def of_type(self, object_type: GraphQLObjectType) -> "TypeSelection":
        """Return what is selected of the field's value where it is of this type."""
        found = self._of_types.get(object_type)
        if found is None:
            chosen = self.selected
            collected = collect_subfields(
                chosen.schema, chosen.fragments, chosen.conditions, chosen.operation, object_type, self.details
            )
            found = self._of_types[object_type] = TypeSelection(chosen, object_type, collected.grouped_field_set)
        return found


class TypeSelection:
    """What is selected of an object type: a shape to pour plain values into, and the fields that take more."""

    def __init__(
        self, selected: Selected, object_type: GraphQLObjectType, grouped: Mapping[str, list[FieldDetails]]
    ) -> None:
        """Sort the fields into those that are read and those that are asked for."""
        self.type = object_type
        self.fields: list[FieldSelection] = []
        self.read: list[FieldSelection] = []
        self.asked: list[FieldSelection] = []
        self.parts: dict[str, Part] = {}
        for name, details in grouped.items():
            self._add(selected, name, details)

    def _add(self, selected: Selected, name: str, details: list[FieldDetails]) -> None:
        field_name = details[0].node.name.value
        definition = selected.schema.get_field(self.type, field_name)
        if definition is None:
            # Validation has seen to it that there is one; an executor leaves out what there is not.
            return
        chosen = FieldSelection(selected, self.type, name, details, definition)
        part = TypeName(self.type.name) if field_name == "__typename" else _part(chosen)
        self.parts[name] = part
        self.fields.append(chosen)
        (self.read if part is not None else self.asked).append(chosen)

    @cached_property
    def shape(self) -> Shape:
        """The compiled reading of plain values, which raises at the first value that is not as it should be."""
        return shape_of(self.parts)

    def write_shapes(self) -> Iterator[None]:
        """Write the code of this selection and of those below it, as far as their types are known, step by step.

        That is most of what compiling takes.
        """
        _ = self.shape
        yield
        for each in self.asked:
            object_type = get_named_type(each.definition.type)
            if isinstance(object_type, GraphQLObjectType) and each.field_name not in INTROSPECTION:
                yield from each.of_type(object_type).write_shapes()


def _mentions_variable(node: Node) -> bool:
    if isinstance(node, VariableNode):
        return True
    inner = (getattr(node, key) for key in node.keys)
    parts = (part for value in inner for part in (value if isinstance(value, tuple | list) else (value,)))
    return any(_mentions_variable(part) for part in parts if isinstance(part, Node))


def _only_reads(definition: GraphQLField) -> bool:
    """Return whether a field is resolved by Strawberry's reading of an attribute, with nothing around it.

    There is something around it where a handler of exceptions may turn one into the field's value.
    """
    return getattr(definition.resolve, "__name__", None) == "_get_basic_result"


def _part(chosen: FieldSelection) -> Part:
    """Return how a field is read in place; None where it must be asked for."""
    attribute = chosen.attribute
    if attribute is None or not attribute.isidentifier() or iskeyword(attribute):
        return None
    nullable, value_type = _unwrapped(chosen.definition.type)
    if isinstance(value_type, GraphQLList):
        return None
    if isinstance(value_type, GraphQLObjectType):
        inner = chosen.of_type(value_type)
        return None if inner.asked else Inline(attribute, nullable, value_type, inner.parts)
    if isinstance(value_type, GraphQLScalarType | GraphQLEnumType):
        return Leaf(attribute, nullable, value_type)
    return None


def _unwrapped(value_type: GraphQLOutputType) -> tuple[bool, GraphQLOutputType]:
    if isinstance(value_type, GraphQLNonNull):
        return False, value_type.of_type
    return True, value_type
