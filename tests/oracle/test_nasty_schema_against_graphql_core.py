"""Compiled documents against graphql-core, over the nasty schema."""

import asyncio
from copy import deepcopy
from typing import Any

import pytest
from graphql import DocumentNode, ExecutionResult, execute, parse, validate
from hypothesis import given
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema import execution_context_class_kwargs

from execution.compiled_documents import CompiledDocuments
from tests.oracle.documents import Document, documents
from tests.oracle.effort import effort
from tests.oracle.judge import compare, finished
from tests.oracle.nasty_schema import SCHEMA, Calls, Root
from tests.oracle.nasty_values import Seed

CORE = SCHEMA._schema
COMPILED = CompiledDocuments(50, plain_attributes=True)


async def run(executing: Any, document: DocumentNode, asked: Document) -> tuple[ExecutionResult, Calls]:
    """Return the answer, and what was called for it, once nothing goes on in the background."""
    calls = Calls()
    answer = executing(
        CORE,
        document,
        root_value=Root(Seed(asked.seed)),
        context_value=calls,
        variable_values=deepcopy(asked.variables),
        is_awaitable=optimized_is_awaitable,
        **execution_context_class_kwargs(SCHEMA.execution_context_class),
    )
    result = await finished(answer)
    while len(asyncio.all_tasks()) > 1:
        await asyncio.sleep(0)
    return result, calls


async def check(asked: Document) -> None:
    document = parse(asked.text)
    assert validate(CORE, document) == []
    compiled, calls = await run(COMPILED.execute, document, asked)
    judged, calls_judged = await run(execute, document, asked)

    async def judge(changed: DocumentNode) -> ExecutionResult:
        return (await run(execute, changed, asked))[0]

    whole = await compare(document, compiled, judged, judge)
    if asked.text.startswith("mutation"):
        assert calls.of_root == calls_judged.of_root
    if whole:
        assert sorted(calls.all) == sorted(calls_judged.all)


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")  # graphql-core cancels what has not begun
@effort(300, 0.7)
@given(documents(CORE))
def test_an_answer_is_that_of_graphql_core(asked: Document) -> None:
    asyncio.run(check(asked))
