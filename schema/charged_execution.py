"""How an operation begins once its cost is known: refused, at once, or in turn with those of other users."""

import asyncio
from collections.abc import Awaitable, Callable
from inspect import iscoroutine
from typing import Any

from graphql import ExecutionResult as CoreResult
from graphql import GraphQLError
from strawberry.utils.await_maybe import await_maybe

from schema.context import OperationContext

LARGE_MUTATION = 1_000
"""A mutation that costs more is given a hundred things at once, and to coerce them takes its time."""

_LARGE_MUTATION_PAUSE_SECONDS = 0.001


async def unless_refused(refusal: GraphQLError | Awaitable[GraphQLError | None] | None, run: Callable[[], Any]) -> Any:
    """Return what an operation answers, or its refusal where whoever asks cannot afford it.

    Args:
        refusal: Why it is refused, perhaps still to be awaited; None where it is not.
        run: Runs it, to be called where it is not refused.
    """
    refused = await await_maybe(refusal)
    return await await_maybe(run()) if refused is None else CoreResult(None, [refused])


async def run_in_turn(context: OperationContext, run: Callable[[], Any]) -> Any:
    """Return what an operation answers whose variables take their time to be coerced: users take turns at that.

    Args:
        context: Whose operation it is.
        run: Coerces the variables, and returns what is to be awaited for the answer.
    """
    async with context.preparing():
        found = run()
    # What has been coerced is converted next: that is not done in one go with it.
    try:
        await asyncio.sleep(_LARGE_MUTATION_PAUSE_SECONDS)
    except asyncio.CancelledError:
        if iscoroutine(found):
            # It has not begun, and nothing else would end it.
            found.close()
        raise
    return await await_maybe(found)
