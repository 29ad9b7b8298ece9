"""Documents for the nasty schema: fragments, conditions, aliases, variables, the same field again and again."""

import re
import zlib
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_composite_type,
    is_required_argument,
)
from graphql.utilities import do_types_overlap
from hypothesis import strategies as st

_NUMBERS = st.integers(0, 2**16)
DEPTH = 4


@dataclass
class Document:
    """A document and what is sent with it."""

    text: str
    variables: dict[str, Any]
    seed: int

    def __repr__(self) -> str:
        """Show what one needs to try it again."""
        return f"Document({self.text!r}, {self.variables!r}, {self.seed})"


@dataclass
class Writer:
    """Writes one document, as drawn numbers choose.

    A response key is made from the field and its arguments alone, so that fields under one key can always be merged.
    """

    schema: GraphQLSchema
    draw: Any
    definitions: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    fragments: dict[str, tuple[GraphQLNamedType, str]] = field(default_factory=dict)
    selected: list[str] = field(default_factory=list)
    size: int = 0

    def choose(self, sides: int) -> int:
        """Return a number below `sides`; small ones are the plain choices."""
        chosen: int = self.draw(_NUMBERS) % sides
        return chosen

    def operation(self, kind: str) -> str:
        """Return a whole document."""
        root = self.schema.mutation_type if kind == "mutation" else self.schema.query_type
        assert root is not None
        body = self.selection(root, DEPTH)
        if kind == "query" and self.choose(12) == 11:
            body = f'{{ {body[1:-1]} __schema {{ queryType {{ name }} }} again: __type(name: "Cat") {{ name kind }} }}'
        variables = ", ".join(f"${name}: {definition}" for name, definition in self.definitions.items())
        fragments = "\n".join(
            f"fragment {name} on {condition.name} {body}" for name, (condition, body) in self.fragments.items()
        )
        return f"{kind} Meant{f'({variables})' if variables else ''} {body}\n{fragments}"

    def selection(self, parent: GraphQLNamedType, depth: int) -> str:
        """Return a selection set of a type."""
        parts = [self.part(parent, depth) for _ in range(1 + self.choose(4 if depth < DEPTH else 5))]
        return "{ " + " ".join(parts) + " }"

    def part(self, parent: GraphQLNamedType, depth: int) -> str:
        """Return one selection."""
        self.size += 1
        kind = self.choose(16)
        if kind == 15:
            return f"{('', 'name: ')[self.choose(2)]}__typename{self.conditions()}"
        if kind in (12, 13, 14) and depth > 0 and self.size < 60:
            condition = self.condition(parent)
            if kind == 12:
                on = "" if condition is parent and self.choose(2) else f" on {condition.name}"
                return f"...{on}{self.conditions()} {self.selection(condition, depth - 1)}"
            return f"...{self.fragment(parent, condition, depth)}{self.conditions()}"
        if isinstance(parent, GraphQLUnionType):
            inside = parent.types[self.choose(len(parent.types))]
            return f"... on {inside.name}{self.conditions()} {self.selection(inside, depth)}"
        assert isinstance(parent, GraphQLObjectType | GraphQLInterfaceType)
        return self.field(parent, depth)

    def condition(self, parent: GraphQLNamedType) -> GraphQLNamedType:
        """Return a type that a fragment here may be on."""
        fitting = [
            each
            for each in self.schema.type_map.values()
            if is_composite_type(each)
            and not each.name.startswith("__")
            and do_types_overlap(self.schema, parent, each)  # type: ignore[arg-type]  # both are composite
        ]
        return fitting[self.choose(len(fitting))]

    def fragment(self, parent: GraphQLNamedType, condition: GraphQLNamedType, depth: int) -> str:
        """Return the name of a fragment, one that is there already or a new one."""
        known = [
            name
            for name, (on, _) in self.fragments.items()
            if do_types_overlap(self.schema, parent, on)  # type: ignore[arg-type]  # both are composite
        ]
        if known and self.choose(2):
            return known[self.choose(len(known))]
        body = self.selection(condition, depth - 1)
        name = f"Fragment{len(self.fragments)}"
        self.fragments[name] = (condition, body)
        return name

    def field(self, parent: GraphQLObjectType | GraphQLInterfaceType, depth: int) -> str:
        """Return a field."""
        leaves_only = depth == 0 or self.size > 60
        names = [
            name
            for name, each in parent.fields.items()
            if not (leaves_only and is_composite_type(get_named_type(each.type)))
        ]
        name = self.name(parent, names)
        definition = parent.fields[name]
        arguments = self.arguments(definition)
        alias = (
            f"{name}{zlib.crc32(arguments.encode())}: " if arguments else ("", "", f"other_{name}: ")[self.choose(3)]
        )
        named = get_named_type(definition.type)
        inside = f" {self.selection(named, depth - 1)}" if is_composite_type(named) else ""
        return f"{alias}{name}{arguments}{self.conditions()}{inside}"

    def name(self, parent: GraphQLNamedType, names: list[str]) -> str:
        """Return one of a type's fields: now and then one that is selected already; else each way to have one alike."""
        known = [each for each in self.selected if each in names]
        if known and self.choose(4) == 3:
            return known[self.choose(len(known))]
        by_way: dict[str, list[str]] = {}
        for each in names:
            by_way.setdefault(re.split("[A-Z]", each)[0], []).append(each)
        ways = list(by_way.values())
        of_way = ways[self.choose(len(ways))]
        chosen = of_way[self.choose(len(of_way))]
        self.selected.append(chosen)
        return chosen

    def arguments(self, definition: GraphQLField) -> str:
        """Return the arguments of a field."""
        written: list[str] = []
        for name, argument in definition.args.items():
            if not is_required_argument(argument) and self.choose(2) == 0:
                continue
            value = self.variable(argument) if self.choose(2) else self.literal(argument.type, 2)
            written.append(f"{name}: {value}")
        return f"({', '.join(written)})" if written else ""

    def literal(self, value_type: Any, depth: int) -> str:
        """Return a literal of an input type."""
        if isinstance(value_type, GraphQLNonNull):
            value_type = value_type.of_type
        elif self.choose(6) == 5:
            return "null"
        if isinstance(value_type, GraphQLList):
            return "[" + ", ".join(self.literal(value_type.of_type, depth) for _ in range(self.choose(3))) + "]"
        if isinstance(value_type, GraphQLEnumType):
            names = [str(name) for name in value_type.values]
            return names[self.choose(len(names))]
        if isinstance(value_type, GraphQLInputObjectType):
            fields = {
                name: each.type
                for name, each in value_type.fields.items()
                if self.choose(2) and (depth > 0 or not isinstance(get_named_type(each.type), GraphQLInputObjectType))
            }
            return "{" + ", ".join(f"{name}: {self.literal(each, depth - 1)}" for name, each in fields.items()) + "}"
        literals = {"Int": ("1", "0", "-3"), "String": ('"a"', '""'), "Odd": ("[1, 2]", '"odd"', "{a: [1]}")}
        known = literals[value_type.name]
        return known[self.choose(len(known))]

    def variable(self, argument: GraphQLArgument) -> str:
        """Return a new variable for an argument, provided or not, null or not."""
        name = f"variable{len(self.definitions)}"
        required = isinstance(argument.type, GraphQLNonNull)
        nullable = str(argument.type).removesuffix("!")
        kind = self.choose(4)
        plain = get_named_type(argument.type)
        good: Any = {"Int": 5, "String": "sent", "Odd": ["sent"], "Colour": ["RED"], "Wish": {"number": 9}}[plain.name]
        if kind == 0:
            self.definitions[name], self.values[name] = f"{nullable}!", good
        elif kind == 1:
            default = {"Int": "6", "String": '"d"', "Odd": '"d"', "Colour": "[GREEN]", "Wish": '{text: "d"}'}[
                plain.name
            ]
            self.definitions[name] = f"{nullable} = {default}"
            if self.choose(2):
                self.values[name] = (good, None)[self.choose(2)]
        elif required and is_required_argument(argument):
            self.definitions[name], self.values[name] = f"{nullable}!", good
        else:
            self.definitions[name] = nullable
            if self.choose(3):
                self.values[name] = (good, None)[self.choose(2)]
        return f"${name}"

    def conditions(self) -> str:
        """Return no directive, mostly; or one that skips or includes, or both."""
        kind = self.choose(10)
        skip, include = "skip", "include"
        if kind < 6:
            return ""
        if kind == 6:
            return f" @{skip}(if: {self.flag()})"
        if kind in (7, 8):
            return f" @{include}(if: {self.flag()})"
        return f" @{skip}(if: {self.flag()}) @{include}(if: {self.flag()})"

    def flag(self) -> str:
        """Return what a condition depends on."""
        kind = self.choose(4)
        if kind < 2:
            return ("true", "false")[kind]
        name = f"flag{self.choose(4)}"
        if name not in self.definitions:
            how = self.choose(20)
            if how < 10:
                self.definitions[name], self.values[name] = "Boolean!", how % 2 == 0
            else:
                self.definitions[name] = f"Boolean = {('true', 'false')[how % 2]}"
                if how > 13:
                    self.values[name] = (True, False, None)[0 if how < 17 else 1 if how < 19 else 2]
        return f"${name}"


@st.composite
def documents(draw: Any, schema: GraphQLSchema) -> Document:
    """Return documents with variables, and seeds of worlds to ask."""
    kind = "mutation" if draw(st.integers(0, 5)) == 5 else "query"
    seed = draw(st.integers(0, 2**32))
    writer = Writer(schema, draw)
    text = writer.operation(kind)
    return Document(text, writer.values, seed)
