"""What stands in the place of a value that must not be null and could not be had."""

from collections.abc import Iterable
from typing import Any

from graphql import GraphQLError, located_error
from graphql.pyutils import Path

from execution.selection import FieldSelection


class Failure:
    """In the place of a value that must not be null and could not be had: the error that is on its way up."""

    __slots__ = ("error",)

    def __init__(self, error: GraphQLError) -> None:
        """Carry the located error."""
        self.error = error


def has_failure(values: Iterable[Any]) -> bool:
    """Return whether one of the values is a failure."""
    return Failure in set(map(type, values))


def failure(field: FieldSelection, fault: Exception, path: Path) -> Failure:
    """Return the failure of a field's value at a place of the answer."""
    return Failure(located_error(fault, field.nodes, path.as_list()))


def null_refused(field: FieldSelection) -> TypeError:
    """Return the fault of a null where none may be, in graphql-core's words."""
    return TypeError(f"Cannot return null for non-nullable field {field.parent_type}.{field.field_name}.")
