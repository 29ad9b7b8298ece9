"""Having the values of a field for all its parents: read, resolved one by one, or called for all at once.

A fault is a value too: it stands in its parent's place until the values are completed, as graphql-core has it.
"""

import asyncio
from dataclasses import dataclass
from functools import lru_cache, partial
from types import GeneratorType
from typing import Any

from graphql import GraphQLSchema, VariableNode, get_argument_values
from graphql.execution.executor import Executor
from graphql.execution.values import VariableValues
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField
from strawberry.types.info import Info

from execution.selection import FieldSelection
from execution.turns import AT_ONCE, Where, by_and_by

_CHANGEABLE = frozenset({dict, list})
"""Classes of arguments that a resolver could change: each call is given its own, where graphql-core does."""


async def values_of(executor: Executor[Any], field: FieldSelection, sources: list[Any], place: Where) -> list[Any]:
    """Return the field's value, or the fault of having it, for each source.

    Args:
        executor: graphql-core's executor of the operation.
        field: The field.
        sources: Its parents.
        place: Where the field of each parent is in the answer.
    """
    if field.attribute is not None:
        values = _read(sources, field.attribute)
    elif field.batch is not None:
        values = await _call_batch(executor, field, sources, place)
    elif len(sources) > AT_ONCE:
        return await by_and_by(partial(_resolved, executor, field), sources, place)
    else:
        values = _resolve(executor, field, sources, place)
    return await awaited(executor, values)


async def _resolved(executor: Executor[Any], field: FieldSelection, sources: list[Any], place: Where) -> list[Any]:
    return await awaited(executor, _resolve(executor, field, sources, place))


def _read(sources: list[Any], attribute: str) -> list[Any]:
    values: list[Any] = []
    for source in sources:
        try:
            values.append(getattr(source, attribute))
        except Exception as fault:
            values.append(fault)
    return values


def _resolve(executor: Executor[Any], field: FieldSelection, sources: list[Any], place: Where) -> list[Any]:
    """Call the field's resolver, with all of Strawberry's hooks around it, for each source."""
    resolve = field.definition.resolve or executor.field_resolver
    try:
        arguments = _arguments(executor, field)
    except Exception as fault:
        return [fault] * len(sources)
    own = any(value.__class__ in _CHANGEABLE for value in arguments.values())
    values: list[Any] = []
    for index, source in enumerate(sources):
        info = executor.build_resolve_info(field.definition, field.nodes, field.parent_type, place(index))
        try:
            if own and index:
                arguments = _arguments(executor, field)
            values.append(resolve(source, info, **arguments))
        except Exception as fault:
            values.append(fault)
    return values


def _arguments(executor: Executor[Any], field: FieldSelection) -> dict[str, Any]:
    if not field.definition.args and not field.nodes[0].arguments:
        return {}
    return get_argument_values(
        field.definition, field.nodes[0], executor.variable_values, None, executor.hide_suggestions
    )


async def _call_batch(executor: Executor[Any], field: FieldSelection, sources: list[Any], place: Where) -> list[Any]:
    """Call the field's batch for all sources at once."""
    known, batch = field.strawberry_field, field.batch
    if known is None or batch is None or not sources:
        return []
    raw = executor.build_resolve_info(field.definition, field.nodes, field.parent_type, place(0))
    info = Info(_raw_info=raw, _field=known)
    try:
        given = converted(info.schema, known, _arguments(executor, field), info)
        answer = list(await batch(info, sources, **given))
        if len(answer) != len(sources):
            raise ValueError(f"The batch of {field.field_name} has answered {len(answer)} for {len(sources)}.")
    except Exception as fault:
        return [fault] * len(sources)
    return answer


def converted(schema: Any, field: StrawberryField, given: dict[str, Any], info: Any = None) -> dict[str, Any]:
    """Return arguments as Strawberry hands them to a resolver, by their names in Python."""
    if not given:
        return given
    return convert_arguments(given, field.arguments, schema.schema_converter.scalar_registry, schema.config, info)


@dataclass
class WholeRequest:
    """A request as a field that is had whole is told of it."""

    schema: GraphQLSchema
    context: Any
    variables: VariableValues

    @property
    def strawberry_schema(self) -> Any:
        """The schema as Strawberry has it."""
        return self.schema._strawberry_schema  # type: ignore[attr-defined]  # Strawberry puts it there

    def argument(self, field: FieldSelection, name: str) -> Any:
        """Return one argument of a field of the selection, which is given, as the schema has coerced it.

        Raises:
            GraphQLError: Where its value cannot be accepted.
        """
        for each in field.nodes[0].arguments or ():
            if each.name.value == name and isinstance(each.value, VariableNode):
                value = self.variables.coerced.get(each.value.name.value)
                # Null may be given for a variable that has a default, and is none of a type that must not be null.
                if value is not None:
                    return value
        return get_argument_values(field.definition, field.nodes[0], self.variables)[name]

    def arguments(self, field: FieldSelection) -> dict[str, Any]:
        """Return the arguments of a field of the selection, by their names in Python."""
        if field.fixed_arguments is not None:
            return field.fixed_arguments
        known = field.strawberry_field
        given = get_argument_values(field.definition, field.nodes[0], self.variables)
        found = given if known is None else converted(self.strawberry_schema, known, given)
        if field.has_fixed_arguments:
            field.fixed_arguments = found
        return found


async def awaited(executor: Executor[Any], values: list[Any]) -> list[Any]:
    """Return the values with those that must be awaited awaited together; a fault in the place of its value."""
    if not any(map(_may_be_awaitable, set(map(type, values)))):
        return values
    is_awaitable = executor.is_awaitable
    pending = [index for index, value in enumerate(values) if is_awaitable(value)]
    if not pending:
        return values
    if len(pending) == 1:
        [index] = pending
        try:
            values[index] = await values[index]
        except Exception as fault:
            values[index] = fault
        return values
    answers = await asyncio.gather(*(values[index] for index in pending), return_exceptions=True)
    for index, answer in zip(pending, answers, strict=True):
        if isinstance(answer, BaseException) and not isinstance(answer, Exception):
            raise answer
        values[index] = answer
    return values


@lru_cache(maxsize=1_000)
def _may_be_awaitable(kind: type) -> bool:
    """Return whether an instance of a class must be looked at: one class stands for thousands of values."""
    return hasattr(kind, "__await__") or issubclass(kind, GeneratorType) or hasattr(kind, "__getattr__")
