"""The schema that the repository shows to the world."""

from functools import cache
from pathlib import Path

from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    GraphQLNamedType,
    GraphQLSchema,
    build_schema,
    is_introspection_type,
    is_specified_scalar_type,
    print_ast,
)

SCHEMA_FILE = Path(__file__).parents[2] / "schema.graphql"


@cache
def the_schema() -> GraphQLSchema:
    """Return the schema as the file has it."""
    return build_schema(SCHEMA_FILE.read_text())


def own_types() -> dict[str, GraphQLNamedType]:
    """Return the types that are ours, by name."""
    return {
        name: kind
        for name, kind in the_schema().type_map.items()
        if not is_introspection_type(kind) and not is_specified_scalar_type(kind)
    }


def default_of(given: GraphQLArgument | GraphQLInputField) -> str | None:
    """Return what an argument or input field is where the client leaves it out, None for nothing or null."""
    written = given.ast_node and given.ast_node.default_value
    text = print_ast(written) if written else "null"
    return None if text == "null" else text
