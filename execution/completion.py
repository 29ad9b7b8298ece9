"""Executing what an operation selects, a level at a time: each field of all objects of one kind together.

graphql-core completes one value after the other. Here a field is had for all its parents at once, so what is read is
read by one compiled loop, what is awaited is awaited together, and a field with a batch is one call. Whatever turns
out odd, one value or one object, is given to graphql-core's executor to complete: its messages, locations and rules
are the answer's then, without a second copy of them here.
"""

import asyncio
from bisect import bisect_right
from collections.abc import Sequence
from types import NoneType
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    Undefined,
    get_nullable_type,
)
from graphql.execution.executor import Executor
from graphql.pyutils import Path

from execution.abstract_types import known_type
from execution.delegated import delegate, execute_exactly, execute_in_slices
from execution.failures import Failure, failure, has_failure, null_refused
from execution.rows import rows_of
from execution.selection import INTROSPECTION, FieldSelection, TypeSelection
from execution.shape import is_cast, python_class_of
from execution.turns import Where
from execution.values import awaited, values_of


async def execute_root(executor: Executor[Any], selection: TypeSelection, *, serially: bool) -> dict[str, Any] | None:
    """Return the data of an answer; its errors are the executor's.

    Args:
        executor: graphql-core's executor of this very operation.
        selection: What is selected of the root type.
        serially: Whether a root field begins only when the one before it has ended, as a mutation's do.
    """
    row = await _root_row(executor, selection, serially=serially)
    if isinstance(row, Failure):
        executor.collected_errors.add(row.error, None)
        return None
    answer: dict[str, Any] = row
    return answer


async def complete_root(executor: Executor[Any], field: FieldSelection, value: Any) -> dict[str, Any] | None:
    """Return the data of an answer whose only field has been resolved already; a fault is a value too."""
    [completed] = await _complete(
        executor, field, field.definition.type, [value], lambda _: Path(None, field.name, field.parent_type.name)
    )
    if isinstance(completed, Failure):
        executor.collected_errors.add(completed.error, None)
        return None
    return {field.name: completed}


async def _root_row(executor: Executor[Any], selection: TypeSelection, *, serially: bool) -> Any:
    sources = [executor.root_value]
    if not serially:
        [row] = await _objects(executor, selection, sources, _nowhere)
        return row
    return await _serial_row(executor, selection, sources)


async def _serial_row(executor: Executor[Any], selection: TypeSelection, sources: list[Any]) -> Any:
    """Return the dictionary of the root, or the failure of the first field that must not fail; no field comes after."""
    row: dict[str, Any] = {}
    for each in selection.fields:
        if each in selection.asked:
            [value] = await _field(executor, each, sources, _nowhere)
        else:
            value = await execute_exactly(executor, each, sources[0], None)
        if isinstance(value, Failure):
            return value
        row[each.name] = value
    return row


def _nowhere(_index: int) -> None:
    return None


async def _objects(executor: Executor[Any], selection: TypeSelection, sources: list[Any], where: Where) -> list[Any]:
    """Return the dictionary of each source, or its failure."""
    rows = await rows_of(executor, selection, sources, where)
    if not selection.asked:
        return rows
    if not has_failure(rows):
        return await _ask(executor, selection.asked, sources, rows, where)
    alive = [index for index, row in enumerate(rows) if row.__class__ is not Failure]
    kept = [rows[index] for index in alive]
    done = await _ask(
        executor, selection.asked, [sources[index] for index in alive], kept, lambda index: where(alive[index])
    )
    for index, row in zip(alive, done, strict=True):
        rows[index] = row
    return rows


async def _ask(
    executor: Executor[Any], fields: Sequence[FieldSelection], sources: list[Any], rows: list[Any], where: Where
) -> list[Any]:
    """Fill the places of the fields that take more than reading, all of them at the same time."""
    if len(fields) == 1:
        columns = [await _field(executor, fields[0], sources, where)]
    else:
        columns = await asyncio.gather(*(_field(executor, each, sources, where) for each in fields))
    for each, column in zip(fields, columns, strict=True):
        name = each.name
        if not has_failure(column) and not has_failure(rows):
            for row, value in zip(rows, column, strict=True):
                row[name] = value
            continue
        for index, value in enumerate(column):
            if rows[index].__class__ is Failure:
                continue
            if value.__class__ is Failure:
                rows[index] = value
            else:
                rows[index][name] = value
    return rows


async def _field(executor: Executor[Any], field: FieldSelection, sources: list[Any], where: Where) -> list[Any]:
    """Return a field's completed value for each source, or its failure."""

    def place(index: int) -> Path:
        return Path(where(index), field.name, field.parent_type.name)

    if field.field_name in INTROSPECTION:
        return [await execute_in_slices(executor, field, source, where(index)) for index, source in enumerate(sources)]
    values = await values_of(executor, field, sources, place)
    return await _complete(executor, field, field.definition.type, values, place)


async def _complete(
    executor: Executor[Any], field: FieldSelection, value_type: GraphQLOutputType, values: list[Any], place: Where
) -> list[Any]:
    """Return the completed values; null where one is, or its failure where it may not be."""
    if not values:
        return []
    required = isinstance(value_type, GraphQLNonNull)
    inner = get_nullable_type(value_type)
    if isinstance(inner, GraphQLList):
        completed = await _complete_lists(executor, field, value_type, values, place)
    elif isinstance(inner, GraphQLObjectType):
        completed = await _complete_objects(executor, field, value_type, values, place)
    elif isinstance(inner, GraphQLScalarType | GraphQLEnumType):
        completed = _complete_leaves(executor, field, inner, values, place)
    else:
        completed = await _complete_abstract(executor, field, value_type, values, place)
    kinds = set(map(type, completed))
    if Failure not in kinds and not (required and NoneType in kinds):
        return completed
    for index, value in enumerate(completed):
        if value is None and required:
            completed[index] = failure(field, null_refused(field), place(index))
        elif value.__class__ is Failure and not required:
            executor.collected_errors.add(value.error, place(index))
            completed[index] = None
    return completed


def _complete_leaves(
    executor: Executor[Any], field: FieldSelection, leaf_type: GraphQLLeafType, values: list[Any], place: Where
) -> list[Any]:
    completed: list[Any] = []
    for index, value in enumerate(values):
        if value is None or value is Undefined:
            completed.append(None)
            continue
        try:
            if isinstance(value, Exception):
                raise value
            completed.append(executor.complete_leaf_value(leaf_type, value))
        except Exception as fault:
            completed.append(failure(field, fault, place(index)))
    return completed


async def _complete_objects(
    executor: Executor[Any], field: FieldSelection, value_type: GraphQLOutputType, values: list[Any], place: Where
) -> list[Any]:
    object_type: Any = get_nullable_type(value_type)
    expected, anything = python_class_of(object_type), object_type.is_type_of is None
    if set(map(type, values)) == {expected} and not any(map(is_cast, values)):
        return await _objects(executor, field.of_type(object_type), values, place)
    completed: list[Any] = [None] * len(values)
    present: list[int] = []
    odd: list[int] = []
    for index, value in enumerate(values):
        if value is None or value is Undefined:
            continue
        if not isinstance(value, Exception) if anything else value.__class__ is expected and not is_cast(value):
            present.append(index)
        else:
            odd.append(index)
    if present:
        sources = values if len(present) == len(values) else [values[index] for index in present]
        rows = await _objects(executor, field.of_type(object_type), sources, lambda index: place(present[index]))
        for index, row in zip(present, rows, strict=True):
            completed[index] = row
    if odd:
        await delegate(executor, field, value_type, values, odd, completed, place)
    return completed


async def _complete_lists(
    executor: Executor[Any], field: FieldSelection, value_type: GraphQLOutputType, values: list[Any], place: Where
) -> list[Any]:
    """Complete the items of all lists together."""
    list_type: Any = get_nullable_type(value_type)
    items: list[Any] = []
    spans: list[tuple[int, int, int]] = []
    odd: list[int] = []
    for index, value in enumerate(values):
        if value.__class__ is list or value.__class__ is tuple:
            spans.append((index, len(items), len(items) + len(value)))
            items.extend(value)
        elif value is not None and value is not Undefined:
            odd.append(index)

    def item_place(index: int) -> Path:
        owner, start, _ = spans[bisect_right(spans, index, key=lambda span: span[1]) - 1]
        return Path(place(owner), index - start, None)

    completed: list[Any] = [None] * len(values)
    done = await _complete(executor, field, list_type.of_type, await awaited(executor, items), item_place)
    failed = has_failure(done)
    for index, start, end in spans:
        part = done[start:end]
        completed[index] = next((item for item in part if item.__class__ is Failure), part) if failed else part
    if odd:
        await delegate(executor, field, value_type, values, odd, completed, place)
    return completed


async def _complete_abstract(
    executor: Executor[Any], field: FieldSelection, value_type: GraphQLOutputType, values: list[Any], place: Where
) -> list[Any]:
    """Complete values of an interface or union, those of one type together."""
    abstract_type: Any = get_nullable_type(value_type)
    completed: list[Any] = [None] * len(values)
    groups: dict[Any, list[int]] = {}
    odd: list[int] = []
    for index, value in enumerate(values):
        if value is None or value is Undefined:
            continue
        object_type = known_type(executor.schema, abstract_type, value)
        if object_type is None:
            odd.append(index)
        else:
            groups.setdefault(object_type, []).append(index)
    required = isinstance(value_type, GraphQLNonNull)
    work = [
        _complete_group(
            executor, field, GraphQLNonNull(object_type) if required else object_type, values, indexes, completed, place
        )
        for object_type, indexes in groups.items()
    ]
    if odd:
        work.append(delegate(executor, field, value_type, values, odd, completed, place))
    await asyncio.gather(*work)
    return completed


async def _complete_group(
    executor: Executor[Any],
    field: FieldSelection,
    object_type: GraphQLOutputType,
    values: list[Any],
    indexes: list[int],
    completed: list[Any],
    place: Where,
) -> None:
    sources = [values[index] for index in indexes]
    rows = await _complete_objects(executor, field, object_type, sources, lambda index: place(indexes[index]))
    for index, row in zip(indexes, rows, strict=True):
        completed[index] = row
