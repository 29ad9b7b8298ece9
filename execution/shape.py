"""Reading plain values off objects into the dictionaries of an answer, as generated code.

A field without a resolver is an attribute. For a selection of such fields this writes, once, the loop that somebody
would write by hand: read, check, serialize, put under its name. The checks are exact: a value of any other class than
the expected one raises, and whoever called hands the objects to graphql-core instead, which knows what to say.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID

from graphql import (
    GraphQLBoolean,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLObjectType,
    GraphQLString,
    Undefined,
)
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema_converter import CustomGraphQLEnumType, GraphQLCoreConverter
from strawberry.types.cast import get_strawberry_type_cast


class OddValueError(Exception):
    """A value is not as the compiled code expects it."""

    def __init__(self, value: Any) -> None:
        """Carry the value."""
        super().__init__(value)
        self.value = value


@dataclass(frozen=True)
class TypeName:
    """The field `__typename`."""

    name: str


@dataclass(frozen=True)
class Leaf:
    """An attribute that is a scalar or an enum."""

    attribute: str
    nullable: bool
    type: GraphQLLeafType


@dataclass(frozen=True)
class Inline:
    """An attribute that is an object of which only plain fields are selected."""

    attribute: str
    nullable: bool
    type: GraphQLObjectType
    parts: Mapping[str, "Part"]


Part: TypeAlias = TypeName | Leaf | Inline | None
"""How a field is read in place; None leaves a place to be filled later."""

_EXACT: dict[GraphQLLeafType, str] = {
    GraphQLString: "{0}.__class__ is str",
    GraphQLID: "{0}.__class__ is str",
    GraphQLInt: "{0}.__class__ is int and -2147483648 <= {0} <= 2147483647",
    GraphQLFloat: "{0}.__class__ is float and {0} - {0} == 0.0",
    GraphQLBoolean: "{0}.__class__ is bool",
}
"""What a value must be to be its own serialization."""

_PLAIN = frozenset({str, int, float, bool, datetime, date, Decimal, UUID, dict, list})
"""Classes whose instances are neither a failure nor to be awaited."""


def is_odd(value: Any) -> bool:
    """Return whether a field's value is no value to read on from: null, a failure, or yet to be awaited."""
    return value is None or value is Undefined or isinstance(value, Exception) or optimized_is_awaitable(value)


def is_cast(value: Any) -> bool:
    """Return whether `strawberry.cast` has been told what the value is, whatever its class."""
    return get_strawberry_type_cast(value) is not None


def shape_of(parts: Mapping[str, Part]) -> Callable[[Any], list[dict[str, Any]]]:
    """Return a function from objects to dictionaries with the given parts in their order.

    It raises, with nothing changed, where any value of any object is not exactly as its type wants it.
    """
    writer = _Writer()
    return writer.function(parts)


class _Writer:
    """Writes one function."""

    def __init__(self) -> None:
        """Start with an empty page."""
        self._lines: list[str] = []
        self._names: dict[str, Any] = {
            "OddValueError": OddValueError,
            "Undefined": Undefined,
            "plain": _PLAIN,
            "is_odd": is_odd,
            "is_cast": is_cast,
        }

    def function(self, parts: Mapping[str, Part]) -> Callable[[Any], list[dict[str, Any]]]:
        """Write and compile the function."""
        self._lines = ["def shape(sources):", "    rows = []", "    append = rows.append", "    for source in sources:"]
        row = self._dictionary(parts, "source", 2)
        self._lines += [f"        append({row})", "    return rows"]
        code = compile("\n".join(self._lines), "<shape of a selection>", "exec")
        exec(code, self._names)  # noqa: S102 - nothing of the document's text is in it but quoted names
        compiled: Callable[[Any], list[dict[str, Any]]] = self._names["shape"]
        return compiled

    def _line(self, indent: int, text: str) -> None:
        self._lines.append("    " * indent + text)

    def _bind(self, value: Any) -> str:
        name = f"bound_{len(self._names)}"
        self._names[name] = value
        return name

    def _variable(self) -> str:
        return self._bind(None)

    def _dictionary(self, parts: Mapping[str, Part], source: str, indent: int) -> str:
        """Write what reads the parts of a source; return the expression of its dictionary."""
        values = [f"{name!r}: {self._part(part, source, indent)}" for name, part in parts.items()]
        return "{" + ", ".join(values) + "}"

    def _part(self, part: Part, source: str, indent: int) -> str:
        if part is None:
            return "None"
        if isinstance(part, TypeName):
            return repr(part.name)
        value = self._variable()
        self._line(indent, f"{value} = {source}.{part.attribute}")
        if part.nullable:
            self._line(indent, f"if {value} is not None:")
            indent += 1
        if isinstance(part, Leaf):
            self._leaf(part.type, value, indent)
            return value
        return self._inline(part, value, indent)

    def _inline(self, part: Inline, value: str, indent: int) -> str:
        self._require_class(part.type, value, indent)
        inner = self._dictionary(part.parts, value, indent)
        self._line(indent, f"{value} = {inner}")
        return value

    def _require_class(self, object_type: GraphQLObjectType, value: str, indent: int) -> None:
        expected = python_class_of(object_type)
        if object_type.is_type_of is None:
            self._refuse(indent, value, f"{value}.__class__ is not {self._bind(expected)} and is_odd({value})")
        else:
            self._refuse(indent, value, f"{value}.__class__ is not {self._bind(expected)} or is_cast({value})")

    def _leaf(self, leaf_type: GraphQLLeafType, value: str, indent: int) -> None:
        exact = _EXACT.get(leaf_type)
        if exact is not None:
            self._refuse(indent, value, f"not ({exact.format(value)})")
            return
        if isinstance(leaf_type, CustomGraphQLEnumType) and (names := _names(leaf_type)):
            self._refuse(indent, value, f"{value}.__class__ is not {self._bind(leaf_type.wrapped_cls)}")
            # By the member's name: hashing the member itself is a call into Python.
            self._line(indent, f"{value} = {self._bind(names)}[{value}._name_]")
            return
        self._refuse(indent, value, f"{value}.__class__ not in plain and is_odd({value})")
        self._line(indent, f"{value} = {self._bind(leaf_type.coerce_output_value)}({value})")
        self._refuse(indent, value, f"{value} is None or {value} is Undefined")

    def _refuse(self, indent: int, value: str, condition: str) -> None:
        self._line(indent, f"if {condition}:")
        self._line(indent + 1, f"raise OddValueError({value})")


def python_class_of(object_type: GraphQLObjectType) -> type | None:
    """Return the class whose instances are of the type without asking; one without instances where all must be asked.

    None where the type is not Strawberry's.
    """
    known = object_type.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if known is None or known.is_type_of is not None or known.concrete_of is not None:
        return OddValueError if object_type.is_type_of else None
    origin: type = known.origin
    # An instance that is an exception or an awaitable is no value yet.
    return OddValueError if issubclass(origin, Exception) or hasattr(origin, "__await__") else origin


def _names(enum_type: CustomGraphQLEnumType) -> dict[str, str]:
    """Return the names of an enum's values by those of its members; empty where one of them has none."""
    try:
        members: list[Any] = list(enum_type.wrapped_cls)
        return {member.name: enum_type.coerce_output_value(member) for member in members}
    except (TypeError, ValueError):
        return {}
