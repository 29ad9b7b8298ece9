"""What is odd, one field or one value, given to graphql-core's executor to complete."""

import asyncio
from copy import copy
from typing import Any

from graphql import GraphQLError, GraphQLNonNull
from graphql.execution.executor import Executor
from graphql.pyutils import Path

from execution.failures import Failure, failure
from execution.selection import FieldSelection
from execution.slices import Slices, in_slices, turn_at_preparing
from execution.turns import Where


async def execute_exactly(executor: Executor[Any], field: FieldSelection, source: Any, path: Path | None) -> Any:
    """Return a field's value of one source, or its failure; `path` is where the source is."""
    place = Path(path, field.name, field.parent_type.name)
    try:
        value = executor.execute_field(field.parent_type, source, field.details, place, None)
        return await value if executor.is_awaitable(value) else value
    except GraphQLError as error:
        return Failure(error)


async def execute_in_slices(executor: Executor[Any], field: FieldSelection, source: Any, path: Path | None) -> Any:
    """Return what `execute_exactly` does for a field of plain values, thousands of which a schema tells of itself.

    graphql-core asks of each value whether it is to be awaited; this gives way then, every few milliseconds.
    """
    is_awaitable, sliced = executor.is_awaitable, copy(executor)
    place = Path(path, field.name, field.parent_type.name)

    def work(slices: Slices) -> Any:
        def checked(value: Any) -> bool:
            slices.check()
            return is_awaitable(value)

        sliced.is_awaitable = checked  # type: ignore[assignment]  # graphql-core sets it like that
        return sliced.execute_field(field.parent_type, source, field.details, place, None)

    async with turn_at_preparing(executor.context_value):
        try:
            return await in_slices(work)
        except GraphQLError as error:
            return Failure(error)


async def delegate(
    executor: Executor[Any],
    field: FieldSelection,
    value_type: Any,
    values: list[Any],
    indexes: list[int],
    completed: list[Any],
    place: Where,
) -> None:
    """Let graphql-core complete the values at some indexes, and put what it answers in their places."""
    answers = await asyncio.gather(
        *(_complete_exactly(executor, field, value_type, values[index], place(index)) for index in indexes)
    )
    for index, answer in zip(indexes, answers, strict=True):
        completed[index] = answer


async def _complete_exactly(
    executor: Executor[Any], field: FieldSelection, value_type: Any, value: Any, path: Path
) -> Any:
    of_field = path
    while isinstance(of_field.key, int) and of_field.prev is not None:
        of_field = of_field.prev
    info = executor.build_resolve_info(field.definition, field.nodes, field.parent_type, of_field)
    try:
        answer = executor.complete_value(value_type, field.details, info, path, value, None)
        return await answer if executor.is_awaitable(answer) else answer
    except Exception as fault:
        failed = failure(field, fault, path)
        if isinstance(value_type, GraphQLNonNull):
            return failed
        # At once: what still goes on inside of the value has nothing to report any more.
        executor.collected_errors.add(failed.error, path)
        return None
