"""Inputs that come by the thousand."""

from collections.abc import Mapping
from dataclasses import MISSING
from typing import Any, TypeVar

from strawberry.types.arguments import InputContext
from strawberry.types.base import StrawberryOptional, get_object_definition, has_object_definition

Input = TypeVar("Input", bound=type)


def built_at_once(input_type: Input) -> Input:
    """Have objects of an input type built without a look at each field of each object: class decorator.

    Strawberry converts a field in some fifteen microseconds, a thousand orders of an import in 150 milliseconds. Here
    what the fields are is found once. Fields are scalars and enums, whose values the schema has coerced already, or
    other inputs that are built at once.
    """
    definition = get_object_definition(input_type, strict=True)
    fields: list[tuple[str, str, Any, Any]] = []

    def build(cls: Any, value: Mapping[str, Any], context: InputContext) -> Any:
        if not fields:
            fields.extend(_fields(definition, context))
        given = {
            python_name: value.get(name, default) if inner is None else build_inner(inner, value.get(name), context)
            for python_name, name, default, inner in fields
        }
        return cls(**given)

    def build_inner(inner: Any, value: Any, context: InputContext) -> Any:
        return None if value is None else get_object_definition(inner, strict=True).from_input(inner, value, context)  # type: ignore[misc]  # `_fields` has seen to it

    definition.from_input = build
    return input_type


def _fields(definition: Any, context: InputContext) -> list[tuple[str, str, Any, Any]]:
    """Return each field's names in Python and in the schema, its default, and its class where that is an input."""
    found = []
    for field in definition.fields:
        kind = field.resolve_type(type_definition=definition)
        kind = kind.of_type if isinstance(kind, StrawberryOptional) else kind
        inner = kind if has_object_definition(kind) else None
        if inner is not None and get_object_definition(inner, strict=True).from_input is None:
            raise TypeError(f"{inner.__name__} is not built at once")
        default = None if field.default_value is MISSING else field.default_value
        found.append((field.python_name, context.config.name_converter.from_field(field), default, inner))
    return found
