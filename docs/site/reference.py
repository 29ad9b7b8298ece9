"""Writes the reference of the schema: a page for each kind of type, each name a link to where it is described."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLType,
    NullValueNode,
    build_schema,
    get_named_type,
    is_introspection_type,
    is_specified_scalar_type,
    print_ast,
)

_ROOTS = {
    "Query": ("queries.md", "Queries"),
    "Mutation": ("mutations.md", "Mutations"),
    "Subscription": ("subscriptions.md", "Subscriptions"),
}
_KINDS: tuple[tuple[type[GraphQLNamedType], str, str], ...] = (
    (GraphQLInputObjectType, "inputs.md", "Inputs"),
    (GraphQLInterfaceType, "interfaces.md", "Interfaces"),
    (GraphQLEnumType, "enums.md", "Enums"),
    (GraphQLScalarType, "scalars.md", "Scalars"),
    (GraphQLObjectType, "objects.md", "Objects"),
)
_BUILT_IN = "Part of every GraphQL schema."


def write_reference(sdl: str, folder: Path) -> None:
    """Write the pages.

    Args:
        sdl: The schema, as `schema.graphql` has it.
        folder: Where to write them.
    """
    schema = build_schema(sdl)
    folder.mkdir(parents=True, exist_ok=True)
    for name, (page, title) in _ROOTS.items():
        (folder / page).write_text(_root_page(title, schema.type_map[name]), "utf-8")
    for kind, page, title in _KINDS:
        described = [each for each in _types(schema) if isinstance(each, kind)]
        text = "\n".join([f"# {title}", "", *(line for each in described for line in _described(schema, each))])
        (folder / page).write_text(text, "utf-8")


def _types(schema: GraphQLSchema) -> list[GraphQLNamedType]:
    """Return the types that have an entry of their own, by name."""
    return sorted(
        (each for each in schema.type_map.values() if each.name not in _ROOTS and not is_introspection_type(each)),
        key=lambda each: each.name.lower(),
    )


def _page_of(named: GraphQLNamedType) -> str:
    return next(page for kind, page, _ in _KINDS if isinstance(named, kind))


def _link(type_: GraphQLType) -> str:
    """Return a type as the schema writes it, with its name as a link."""
    if isinstance(type_, GraphQLNonNull):
        return f"{_link(type_.of_type)}!"
    if isinstance(type_, GraphQLList):
        return f"\\[{_link(type_.of_type)}\\]"
    named = get_named_type(type_)
    return f"[{named.name}]({_page_of(named)}#{named.name})"


def _root_page(title: str, root: GraphQLNamedType) -> str:
    lines = [f"# {title}", "", root.description or "", ""]
    fields = root.fields if isinstance(root, GraphQLObjectType) else {}
    for name, field in fields.items():
        lines += [f"## {name} {{#{name}}}", "", f"Gives {_link(field.type)}.", "", field.description or "", ""]
        lines += _table("argument", field.args)
    return "\n".join(lines)


def _described(schema: GraphQLSchema, named: GraphQLNamedType) -> Iterator[str]:
    yield f"## {named.name} {{#{named.name}}}"
    yield ""
    yield _BUILT_IN if is_specified_scalar_type(named) else named.description or ""
    yield ""
    if isinstance(named, GraphQLObjectType | GraphQLInterfaceType) and named.interfaces:
        yield f"Is a {', a '.join(_link(each) for each in named.interfaces)}."
        yield ""
    if isinstance(named, GraphQLInterfaceType):
        yield f"May be {', '.join(_link(each) for each in schema.get_possible_types(named))}."
        yield ""
    if isinstance(named, GraphQLEnumType):
        yield from _rows("value", {name: (None, value.description) for name, value in named.values.items()})
    elif isinstance(named, GraphQLInputObjectType):
        yield from _table("field", named.fields)
    elif isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
        yield from _fields(named)


def _fields(named: GraphQLObjectType | GraphQLInterfaceType) -> Iterator[str]:
    plain = {name: (_link(field.type), field.description) for name, field in named.fields.items()}
    yield from _rows("field", plain)
    for name, field in named.fields.items():
        if field.args:
            yield from _arguments(named, name, field)


def _arguments(named: GraphQLNamedType, name: str, field: GraphQLField) -> Iterator[str]:
    yield f"### {named.name}.{name} {{#{named.name}.{name}}}"
    yield ""
    yield "Takes these arguments."
    yield ""
    yield from _table("argument", field.args)


def _table(first: str, given: Mapping[str, GraphQLArgument] | Mapping[str, GraphQLInputField]) -> Iterator[str]:
    """Yield a table of arguments or of the fields of an input."""
    yield from _rows(
        first, {name: (_link(each.type) + _default(each), each.description) for name, each in given.items()}
    )


def _default(given: GraphQLArgument | GraphQLInputField) -> str:
    written = None if given.ast_node is None else given.ast_node.default_value
    return "" if written is None or isinstance(written, NullValueNode) else f" = `{print_ast(written)}`"


def _rows(first: str, rows: Mapping[str, tuple[str | None, str | None]]) -> Iterator[str]:
    """Yield a table of names, their types where they have any, and what they are."""
    if not rows:
        return
    typed = any(type_ is not None for type_, _ in rows.values())
    yield _row(first, "type" if typed else None, "what")
    yield _row("---", "---" if typed else None, "---")
    for name, (type_, description) in rows.items():
        what = (description or "").replace("\n", " ").replace("|", "\\|")
        yield _row(f"`{name}`", type_ if typed else None, what)
    yield ""


def _row(*cells: str | None) -> str:
    return f"| {' | '.join(cell for cell in cells if cell is not None)} |"
