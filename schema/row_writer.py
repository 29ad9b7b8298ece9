"""Code that makes answers straight from the rows of a statement, written once for a selection.

What somebody would write by hand for one query: unpack a row, put each value under its name, look up who it refers
to. Which column a field is, or what it is derived of, the types tell (`schema.row_fields`).
"""

from collections.abc import Callable, Mapping
from enum import Enum as Enumeration
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLID,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLString,
    get_named_type,
)
from sqlalchemy import BigInteger, Enum
from sqlmodel import SQLModel

from execution.selection import FieldSelection, TypeSelection
from execution.whole import NotWhole
from resolvers.read_order_page import AS_TEXT
from schema.global_id import id_prefix
from schema.ready_objects import Form, ready_form
from schema.row_fields import Judged, Mark, Parts, Refers, Remembered, mark_of

_ONE_TO_ONE = (GraphQLString, GraphQLBoolean)
"""Scalars whose values are written as they are read."""


class RowWriter:
    """Writes what makes an answer of one row: the columns it takes, and an expression of them.

    Attributes:
        columns: The columns that are read, each a variable.
        ready: The ready objects that are looked up, and their names.
        references: The columns whose values are keys of remembered rows.
    """

    def __init__(
        self, prefix: str, table: type[SQLModel], names: dict[str, Any], ready: dict[tuple[Remembered, Form], str]
    ) -> None:
        """Begin with an empty page.

        Args:
            prefix: Tells this row's variables from those of others.
            table: Whose row it is.
            names: What the code refers to by name; what is needed is added.
            ready: The names by which the code refers to ready objects; what is needed is added.
        """
        self.columns: dict[str, None] = {}
        self.ready = ready
        self.references: set[tuple[Remembered, str]] = set()
        self._prefix = prefix
        self._table = table
        self.names = names
        self._numbers: dict[str, None] = {}

    def variable(self, column: str) -> str:
        """Return the variable of a column, which is read from now on."""
        self.columns.setdefault(column)
        return f"{self._prefix}_{column}"

    def bind(self, value: Any) -> str:
        """Return the name by which the code refers to a value."""
        name = f"bound_{len(self.names)}"
        self.names[name] = value
        return name

    def checks(self) -> list[str]:
        """Return the lines that decline a row whose numbers GraphQL's Int cannot hold."""
        return [
            f'if not -2147483648 <= {number} <= 2147483647: raise NotWhole("a number is out of range")'
            for number in self._numbers
        ]

    def dictionary(
        self,
        selection: TypeSelection,
        others: Mapping[str, str] | None = None,
        column_of: Callable[[str], str] = str,
    ) -> str:
        """Return the expression of an object's answer.

        Args:
            selection: What is selected of it.
            others: Expressions of fields that are not written here, by their names in the answer.
            column_of: The row's column for one that the object's fields name.

        Raises:
            NotWhole: Where something is selected that no row tells.
        """
        entries = []
        for field in selection.fields:
            known = (others or {}).get(field.name)
            entries.append(f"{field.name!r}: {known or self._field(selection.type, field, column_of)}")
        return "{" + ", ".join(entries) + "}"

    def _field(self, parent: GraphQLObjectType, field: FieldSelection, column_of: Callable[[str], str]) -> str:
        if field.field_name == "__typename":
            return repr(parent.name)
        mark = mark_of_field(field)
        value_type = field.definition.type
        if isinstance(mark, Parts):
            columns = mark.columns
            return self.dictionary(of_object(field), column_of=lambda name: column_of(columns.get(name, name)))
        if isinstance(mark, Refers):
            return self._reference(field, mark, self.variable(column_of(mark.column)))
        if isinstance(mark, Judged):
            return self._judged(value_type, mark, column_of)
        known = field.strawberry_field
        if mark is not None or known is None or known.base_resolver is not None or known.python_name is None:
            raise NotWhole(f"{parent.name}.{field.field_name} is not told by a row")
        return self._leaf(parent, value_type, column_of(known.python_name))

    def _leaf(self, parent: GraphQLObjectType, value_type: GraphQLOutputType, column: str) -> str:
        leaf_type, required = _unwrapped(value_type)
        if column not in self._table.model_fields:
            raise NotWhole(f"{self._table.__name__} has no column {column}")
        if getattr(leaf_type, "name", None) == "DateTime":
            value = self.variable(AS_TEXT + column)
            return f"instant({value})" if required else f"(None if {value} is None else instant({value}))"
        value = self.variable(column)
        if leaf_type is GraphQLID:
            # `encode_id`, without a call for each of hundreds of rows.
            return f"({id_prefix(parent.name)!r} + {value}.hex)"
        if leaf_type is GraphQLInt:
            if isinstance(self._table.__table__.c[column].type, BigInteger):  # type: ignore[attr-defined]  # as above
                self._numbers.setdefault(value)
            return value
        # Words are kept by the names that GraphQL gives them.
        if leaf_type in _ONE_TO_ONE or (isinstance(leaf_type, GraphQLEnumType) and self._words(column) is not None):
            return value
        raise NotWhole(f"{leaf_type} is not written from a row")

    def _words(self, column: str) -> type[Enumeration] | None:
        found = self._table.__table__.c.get(column)  # type: ignore[attr-defined]  # SQLModel has it
        kind = None if found is None else found.type
        return kind.enum_class if isinstance(kind, Enum) else None

    def _judged(self, value_type: GraphQLOutputType, mark: Judged, column_of: Callable[[str], str]) -> str:
        arguments = []
        for column in map(column_of, mark.columns):
            words, value = self._words(column), self.variable(column)
            arguments.append(value if words is None else f"{self.bind(dict(words.__members__))}[{value}]")
        answer = f"{self.bind(mark.by)}({', '.join(['place', *arguments])})"
        leaf_type, required = _unwrapped(value_type)
        if isinstance(leaf_type, GraphQLList) and isinstance(get_named_type(leaf_type), GraphQLEnumType):
            return f"[word._name_ for word in {answer}]"
        if isinstance(leaf_type, GraphQLEnumType) and required:
            if mark.unless_null is None:
                return f"{answer}._name_"
            kept, deciding = (self.variable(column_of(column)) for column in (mark.columns[0], mark.unless_null))
            return f"({kept} if {deciding} is None else {answer}._name_)"
        if leaf_type is GraphQLBoolean:
            return answer
        raise NotWhole(f"{leaf_type} is not written from what is judged")

    def _reference(self, field: FieldSelection, mark: Refers, key: str) -> str:
        self.references.add((mark.to, key.removeprefix(f"{self._prefix}_")))
        wanted = (mark.to, ready_form(of_object(field)))
        self.ready.setdefault(wanted, f"ready_{len(self.ready)}")
        found = f"{self.ready[wanted]}[{key}]"
        return found if isinstance(field.definition.type, GraphQLNonNull) else f"(None if {key} is None else {found})"


def mark_of_field(field: FieldSelection) -> Mark | None:
    """Return what the type tells of a field that is selected."""
    known = field.strawberry_field
    return None if known is None else mark_of(known.metadata)


def of_object(field: FieldSelection) -> TypeSelection:
    """Return what is selected of a field's object.

    Raises:
        NotWhole: Where its type is none of one object.
    """
    value_type, _ = _unwrapped(field.definition.type)
    if not isinstance(value_type, GraphQLObjectType):
        raise NotWhole(f"{field.field_name} is not one object")
    return field.of_type(value_type)


def of_item(field: FieldSelection) -> TypeSelection:
    """Return what is selected of each object of a field's list.

    Raises:
        NotWhole: Where its items are of no one type.
    """
    item_type = get_named_type(field.definition.type)
    if not isinstance(item_type, GraphQLObjectType):
        raise NotWhole(f"{field.field_name} is not a list of one type")
    return field.of_type(item_type)


def _unwrapped(value_type: GraphQLOutputType) -> tuple[Any, bool]:
    if isinstance(value_type, GraphQLNonNull):
        return value_type.of_type, True
    return value_type, False
