"""Answers of more objects than are had at once: the same as those of graphql-core, errors and their places too."""

import asyncio
from typing import Any

import strawberry
from graphql import ExecutionResult, execute, parse
from strawberry.execution import optimized_is_awaitable
from strawberry.utils.await_maybe import await_maybe

from execution.compiled_documents import CompiledDocuments
from execution.turns import AT_ONCE

_COUNT = 2 * AT_ONCE + 7


@strawberry.type
class Leaf:
    number: int

    @strawberry.field
    def half(self) -> int:
        if self.number % 101 == 100:
            raise ValueError(f"{self.number} is odd")
        return self.number // 2

    @strawberry.field
    async def twice(self) -> int | None:
        await asyncio.sleep(0)
        if self.number % 97 == 96:
            raise ValueError(f"twice {self.number} is too much")
        return 2 * self.number


@strawberry.type
class Query:
    @strawberry.field
    def leaves(self, odd: bool = False) -> list[Leaf | None]:
        return [Leaf(number=number if not odd or number % 150 else None) for number in range(_COUNT)]  # type: ignore[arg-type]


_SCHEMA = strawberry.Schema(Query)


async def _compiled(text: str) -> ExecutionResult:
    documents = CompiledDocuments(10, plain_attributes=True)
    executor = _SCHEMA.execution_context_class
    options: dict[str, Any] = {"is_awaitable": optimized_is_awaitable, "executor_class": executor}
    result: ExecutionResult = await documents.execute(_SCHEMA._schema, parse(text), **options)
    assert documents.counts.compiled == 1
    return result


async def _plain(text: str) -> ExecutionResult:
    result: ExecutionResult = await await_maybe(execute(_SCHEMA._schema, parse(text)))
    return result


async def _are_alike(text: str, errors: int) -> None:
    compiled, plain = await _compiled(text), await _plain(text)
    assert compiled.data == plain.data
    told = [sorted((str(each.path), each.message) for each in result.errors or ()) for result in (compiled, plain)]
    assert told[0] == told[1]
    assert len(told[0]) == errors


async def test_resolvers_of_many_objects_answer_as_ever() -> None:
    await _are_alike("{ leaves { number twice } }", _COUNT // 97)


async def test_a_fault_far_down_a_list_is_told_at_its_place() -> None:
    await _are_alike("{ leaves { number half twice } }", _COUNT // 97 + _COUNT // 101)


async def test_values_that_are_missing_far_down_a_list_are_told_at_their_places() -> None:
    await _are_alike("{ leaves(odd: true) { number } }", _COUNT // 150 + 1)


async def test_others_have_their_turn_in_between() -> None:
    turns = 0
    done = asyncio.Event()

    async def other() -> None:
        nonlocal turns
        while not done.is_set():
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    await _compiled("{ leaves { number } }")
    done.set()
    await task
    assert turns >= _COUNT // AT_ONCE
