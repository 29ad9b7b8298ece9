"""What an operation may cost: how many objects its answer may have at the most, known before anything is executed.

An object of the answer costs one, a scalar nothing; a name in the answer costs only where it is very long. A page
counts as full, whatever it will hold; a list without pages counts as a page of its usual length. What is skipped or
included by a condition counts in any case. Fragments are weighed once each, so the cost is found in time linear in the
document.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    GraphQLString,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    introspection_types,
    is_composite_type,
    is_list_type,
)

from execution.input_entries import InputEntries

_PAGE_ARGUMENTS = ("first", "last")
"""Of connections: https://relay.dev/graphql/connections.htm."""

_MOST_KEPT = 256
_MOST_KEPT_VALUES = 1_024
"""Of all variables that costs are kept for: a document may have hundreds of them."""

_NAME = 64
"""A name in the answer is free up to so many characters, and costs one for each further so many."""

_TEXT_BYTES = 6_000
"""The longest texts have a thousand characters, each of which may be escaped."""

_VALUE_BYTES = 64
"""Of any other value, with what is around it."""


@dataclass(frozen=True)
class CostRules:
    """What is assumed where a document does not say.

    Attributes:
        page: The entries of a page whose size neither the document nor the schema tells.
        most: The entries of the largest page.
        list_length: The usual length of a list without pages.
        mutation: What a mutation costs on top of what it answers.
        entry: What each entry of the lists inside of inputs costs beyond the usual length of one.
    """

    page: int
    most: int
    list_length: int = 10
    mutation: int = 10
    entry: int = 10


class Weight(NamedTuple):
    """How much an operation may be.

    Attributes:
        cost: Its cost.
        bytes: How many bytes of JSON its answer has, with pages and lists as its cost assumes them.
        beside: What is charged beside its cost: of the schema itself there is more to tell than any page has.
    """

    cost: int = 0
    bytes: int = 0
    beside: int = 0

    def plus(self, other: "Weight", times: int = 1) -> "Weight":
        """Return this and as much of another as is there so many times."""
        cost, size, beside = other
        return Weight(self.cost + cost * times, self.bytes + size * times, self.beside + beside * times)


@dataclass(frozen=True)
class _Length:
    """How many entries a list has: what one of some variables says, or a number."""

    variables: tuple[str, ...]
    otherwise: int

    def among(self, variables: Mapping[str, Any], most: int) -> int:
        said = [value for name in self.variables if (value := _counted(variables.get(name))) is not None]
        # What is no number is refused with the variables, and what is out of bounds by whoever reads the page.
        return min(max([*said, 0] if said else [self.otherwise, 0]), most)


@dataclass(frozen=True, eq=False)
class _Field:
    """A selected field.

    Attributes:
        name: What its name in the answer weighs.
        weight: What each of its objects, or its value, weighs.
        is_list: Whether it has many.
        length: How many it has, or the lists in it have; None for what is usual, or the page that it is in says.
        below: What is selected of each.
    """

    name: Weight
    weight: Weight
    is_list: bool
    length: _Length | None
    below: "_Selection"


@dataclass(eq=False)
class _Selection:
    """What is selected in one place: fields, and fragments, which are weighed by themselves."""

    fields: list[_Field] = field(default_factory=list)
    fragments: list["_Selection"] = field(default_factory=list)


class _Outline:
    """What is needed of a document to weigh it: the lists in it, and the objects."""

    def __init__(
        self,
        schema: GraphQLSchema,
        operation: OperationDefinitionNode,
        fragments: Iterable[FragmentDefinitionNode],
        rules: CostRules,
    ) -> None:
        self.variables: set[str] = set()
        self._schema = schema
        self._rules = rules
        self._fragments = {each.name.value: each for each in fragments}
        self._outlined: dict[str, _Selection] = {}
        self._defaults = {
            definition.variable.name.value: _literal(definition.default_value)
            for definition in operation.variable_definitions or ()
        }
        root_type = schema.get_root_type(operation.operation)
        self._extra = rules.mutation if operation.operation is OperationType.MUTATION else 0
        self._root_type = root_type
        self.root = self._selection(operation.selection_set, root_type)

    def _selection(self, selection_set: SelectionSetNode | None, parent: GraphQLNamedType | None) -> _Selection:
        outlined = _Selection()
        for selection in () if selection_set is None else selection_set.selections:
            if isinstance(selection, FieldNode):
                outlined.fields.append(self._field(selection, parent))
            elif isinstance(selection, FragmentSpreadNode):
                outlined.fragments.append(self._fragment(selection.name.value))
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                inside = self._schema.get_type(condition.name.value) if condition else parent
                outlined.fragments.append(self._selection(selection.selection_set, inside))
        return outlined

    def _fragment(self, name: str) -> _Selection:
        if name not in self._outlined:
            definition = self._fragments[name]
            condition = self._schema.get_type(definition.type_condition.name.value)
            self._outlined[name] = self._selection(definition.selection_set, condition)
        return self._outlined[name]

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None) -> _Field:
        definition: GraphQLField = self._schema.get_field(parent, node.name.value)  # type: ignore[arg-type, assignment]  # it is valid
        kind = get_named_type(definition.type)
        is_object = is_composite_type(kind)
        is_list = is_list_type(get_nullable_type(definition.type)) and is_object
        characters = len((node.alias or node.name).value)
        name = Weight((characters - 1) // _NAME, characters)
        cost = int(is_object) + (self._extra if parent is self._root_type else 0)
        # There are not as many types as a list is taken to have, but all there are.
        types = len(self._schema.type_map) if is_object and kind in introspection_types.values() else 0
        weight = Weight(cost, _TEXT_BYTES if kind is GraphQLString else _VALUE_BYTES, types // self._rules.list_length)
        length = self._length(node, definition, is_list=is_list)
        return _Field(name, weight, is_list, length, self._selection(node.selection_set, kind))

    def _length(self, node: FieldNode, definition: GraphQLField, *, is_list: bool) -> _Length | None:
        """Return what the arguments say of how many entries there are."""
        telling = [name for name in definition.args if name in _PAGE_ARGUMENTS]
        if is_list:
            telling = [name for name, each in definition.args.items() if is_list_type(get_nullable_type(each.type))]
        if not telling:
            return None
        given = [argument.value for argument in node.arguments or () if argument.name.value in telling]
        names = tuple(value.name.value for value in given if isinstance(value, VariableNode))
        self.variables.update(names)
        literals = [*map(_literal, given), *(self._defaults.get(name) for name in names)]
        literals += [_default(definition.args[name]) for name in telling]
        return _Length(names, next((each for each in literals if each is not None), self._rules.page))


class OperationCost:
    """The weight of one operation of a valid document, by the values of its variables."""

    def __init__(
        self,
        schema: GraphQLSchema,
        operation: OperationDefinitionNode,
        fragments: Iterable[FragmentDefinitionNode],
        rules: CostRules,
    ) -> None:
        """Outline the operation.

        Args:
            schema: The schema it is valid for.
            operation: The operation.
            fragments: The fragments of its document.
            rules: What is assumed.
        """
        definitions = tuple(fragments)
        outline = _Outline(schema, operation, definitions, rules)
        selections = [operation.selection_set, *(each.selection_set for each in definitions)]
        self._inputs = InputEntries(schema, operation, selections)
        self._rules = rules
        self._root = outline.root
        self._names = tuple(sorted(outline.variables))
        self._kept: dict[tuple[int | None, ...], Weight] = {}
        self._most_kept = min(_MOST_KEPT, _MOST_KEPT_VALUES // max(len(self._names), 1))

    def of(self, variables: Mapping[str, Any]) -> Weight:
        """Return the weight with these variables, as a request gives them."""
        key = tuple(_counted(variables.get(name)) for name in self._names)
        weight = self._kept.get(key)
        if weight is None:
            once, each = self._weigh(self._root, variables, {})
            weight = once.plus(each, self._rules.list_length)
            if len(self._kept) < self._most_kept:
                self._kept[key] = weight
        more = self._inputs.of(variables) - self._rules.list_length
        return weight.plus(Weight(self._rules.entry), more) if more > 0 else weight

    def _weigh(
        self, selection: _Selection, variables: Mapping[str, Any], weighed: dict[int, tuple[Weight, Weight]]
    ) -> tuple[Weight, Weight]:
        """Return what a selection weighs once, and on top of that for each entry of the page whose object it is of."""
        if id(selection) not in weighed:
            once = each = Weight()
            for selected in selection.fields:
                below_once, below_each = self._weigh(selected.below, variables, weighed)
                usual, length = self._rules.list_length, selected.length
                entries = usual if length is None else length.among(variables, self._rules.most)
                object_once = selected.weight.plus(below_once)
                once = once.plus(selected.name)
                if not selected.is_list:
                    once = once.plus(object_once).plus(below_each, entries)
                elif length is None:
                    each = each.plus(object_once).plus(below_each, usual)
                else:
                    once = once.plus(object_once.plus(below_each, usual), entries)
            for fragment in selection.fragments:
                inside_once, inside_each = self._weigh(fragment, variables, weighed)
                once, each = once.plus(inside_once), each.plus(inside_each)
            weighed[id(selection)] = once, each
        return weighed[id(selection)]


def _counted(value: object) -> int | None:
    """Return how many entries a value stands for; None where it is no number and no list."""
    if isinstance(value, list | tuple):
        return len(value)
    return value if type(value) is int else None


def _default(argument: GraphQLArgument) -> int | None:
    """Return how many entries there are where a request says nothing."""
    if argument.default is None:
        return _counted(argument.default_value)
    said = _literal(argument.default.literal)
    return _counted(argument.default.value) if said is None else said


def _literal(value: object) -> int | None:
    """Return how many entries a literal of the document stands for."""
    if isinstance(value, IntValueNode):
        return int(value.value)
    return len(value.values) if isinstance(value, ListValueNode) else None
