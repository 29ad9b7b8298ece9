"""Which object type a value of an interface or union is."""

from typing import Any

from graphql import GraphQLObjectType, GraphQLSchema
from strawberry.schema.schema_converter import GraphQLCoreConverter

from execution.shape import is_cast, python_class_of


def known_type(schema: GraphQLSchema, abstract_type: Any, value: Any) -> GraphQLObjectType | None:
    """Return the type of a value of an interface or union by its class; None where graphql-core must be asked."""
    definition = abstract_type.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if definition is None or getattr(definition, "resolve_type", None) is not None or is_cast(value):
        return None
    for object_type in schema.get_possible_types(abstract_type):
        if value.__class__ is python_class_of(object_type):
            return object_type
    return None
