"""The dictionaries of objects with their plain fields read: by compiled code, or one by one where a value is odd."""

import asyncio
from functools import partial
from inspect import CORO_CREATED, getcoroutinestate, iscoroutine
from typing import Any

from graphql import GraphQLError
from graphql.execution.executor import Executor
from graphql.pyutils import Path

from execution.failures import Failure
from execution.selection import TypeSelection
from execution.shape import OddValueError
from execution.turns import AT_ONCE, Where, by_and_by


async def rows_of(executor: Executor[Any], selection: TypeSelection, sources: list[Any], where: Where) -> list[Any]:
    """Return the dictionary of each source with its plain fields read, or its failure."""
    if len(sources) > AT_ONCE:
        return await by_and_by(partial(rows_of, executor, selection), sources, where)
    try:
        return list[Any](selection.shape(sources))
    except OddValueError as odd:
        return await _exact_rows(executor, selection, sources, where, odd.value)
    except Exception:
        return await _exact_rows(executor, selection, sources, where, None)


async def _exact_rows(
    executor: Executor[Any], selection: TypeSelection, sources: list[Any], where: Where, odd: Any
) -> list[Any]:
    exact = (_exact_row(executor, selection, source, where(index)) for index, source in enumerate(sources))
    rows = await asyncio.gather(*exact)
    if iscoroutine(odd) and getcoroutinestate(odd) == CORO_CREATED:
        # A property that makes a coroutine each time it is read has made another one since.
        odd.close()
    return rows


async def _exact_row(executor: Executor[Any], selection: TypeSelection, source: Any, path: Path | None) -> Any:
    """Return the dictionary of one source, its plain fields read one by one by graphql-core."""
    row: dict[str, Any] = dict.fromkeys(selection.parts)
    pending: dict[str, Any] = {}
    failed: Failure | None = None
    for each in selection.read:
        place = Path(path, each.name, selection.type.name)
        try:
            value = executor.execute_field(selection.type, source, each.details, place, None)
        except GraphQLError as error:
            failed = Failure(error)
            break
        row[each.name] = value
        if executor.is_awaitable(value):
            pending[each.name] = value
    answers = await asyncio.gather(*pending.values(), return_exceptions=True)
    for name, answer in zip(pending, answers, strict=True):
        if isinstance(answer, GraphQLError):
            failed = failed or Failure(answer)
        elif isinstance(answer, BaseException):
            raise answer
        else:
            row[name] = answer
    return failed or row
