"""Compiled documents against graphql-core, over the nasty schema."""

import asyncio
import gc
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from graphql import DocumentNode, ExecutionResult, execute, parse, validate
from hypothesis import given
from strawberry.execution import optimized_is_awaitable

from execution.compiled_documents import CompiledDocuments
from tests.oracle.documents import Document, documents
from tests.oracle.effort import effort
from tests.oracle.judge import compare, finished
from tests.oracle.nasty_fields import OBJECTS
from tests.oracle.nasty_schema import SCHEMA
from tests.oracle.nasty_things import GROWN, Calls, Root, odd_things
from tests.oracle.nasty_values import GOOD, ODD, Seed
from tests.oracle.nasty_words import LEAVES

CORE = SCHEMA._schema
COMPILED = CompiledDocuments(50, plain_attributes=True)


async def run(
    executing: Any, document: DocumentNode, asked: Document, fixed: dict[str, Any] | None = None
) -> tuple[ExecutionResult, Calls]:
    """Return the answer, and what was called for it."""
    calls = Calls()
    root = Root(Seed(asked.seed))
    vars(root).update(fixed or {})
    answer = executing(
        CORE,
        document,
        root_value=root,
        context_value=calls,
        variable_values=deepcopy(asked.variables),
        is_awaitable=optimized_is_awaitable,
        executor_class=SCHEMA.execution_context_class,
    )
    return await finished(answer), calls


async def check(asked: Document, fixed: dict[str, Any] | None = None) -> None:
    document = parse(asked.text)
    assert validate(CORE, document) == []
    compiled, calls = await run(COMPILED.execute, document, asked, fixed)
    judged, calls_judged = await run(execute, document, asked, fixed)

    async def judge(changed: DocumentNode) -> ExecutionResult:
        return (await run(execute, changed, asked, fixed))[0]

    whole = await compare(document, compiled, judged, judge)
    if asked.text.startswith("mutation"):
        assert calls.of_root == calls_judged.of_root
    if whole:
        assert sorted(calls.all) == sorted(calls_judged.all)


@effort(300, 0.7)
@given(documents(CORE))
def _compare_answers(asked: Document) -> None:
    asyncio.run(check(asked))
    # The same document, so the same compiled one, with every condition the other way round.
    flipped = {name: not value if isinstance(value, bool) else value for name, value in asked.variables.items()}
    if flipped != asked.variables:
        asyncio.run(check(replace(asked, variables=flipped)))
    gc.collect(1)


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")  # graphql-core cancels what has not begun
def test_an_answer_is_that_of_graphql_core() -> None:
    # What was left in circles is found where it is expected, and not in the middle of something else.
    gc.disable()
    try:
        _compare_answers()
    finally:
        gc.collect()
        gc.enable()


@pytest.mark.parametrize("kind", LEAVES)
def test_no_value_of_a_leaf_is_read_otherwise_than_by_graphql_core(kind: str) -> None:
    async def every() -> None:
        for wrapping in ("maybe", "must"):
            name = f"read{kind.capitalize()}{wrapping.capitalize()}"
            document = Document(f"{{ readCatMaybe {{ {name} readRockMaybe {{ {name} }} }} }}", {}, 0)
            for value in (*GOOD[kind], *ODD):
                rock, cat = GROWN["Rock"](Seed(0)), GROWN["Cat"](Seed(0))
                vars(rock)[f"read_{kind}_{wrapping}"] = value
                vars(cat).update({f"read_{kind}_{wrapping}": GOOD[kind][0], "read_rock_maybe": rock})
                await check(document, {"read_cat_maybe": cat})

    asyncio.run(every())


@pytest.mark.parametrize("kind", OBJECTS)
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")  # graphql-core cancels what has not begun
def test_no_object_is_read_otherwise_than_by_graphql_core(kind: str) -> None:
    inside = "{ __typename }" if kind == "being" else "{ __typename ... { readStrMaybe readIntMust } }"

    async def every() -> None:
        for way, wrapping in (("read", "Maybe"), ("read", "Must"), ("called", "MustListOfMust")):
            document = f"{{ readCatMaybe {{ {way}{kind.capitalize()}{wrapping} {inside} }} }}"
            for world in range(4, 300, 5):
                await check(Document(document, {}, world), {"read_cat_maybe": GROWN["Cat"](Seed(world))})
            for thing in odd_things():
                cat = GROWN["Cat"](Seed(0))
                vars(cat)[f"read_{kind}_{wrapping.lower()}"] = thing(Seed(0))
                await check(Document(document, {}, 0), {"read_cat_maybe": cat})

    asyncio.run(every())


@pytest.mark.parametrize("broken", [(0,), (1,), (3,), (0, 2), (1, 2, 3)])
def test_rows_that_are_broken_leave_the_others_as_they_are(broken: tuple[int, ...]) -> None:
    text = (
        "{ readCatList { readIntMust calledIntMaybe awaitedStrMaybe batchedIntMaybe readAnimalMaybe { readIdMaybe } } }"
    )

    async def every() -> None:
        for world in range(0, 100, 5):
            cats = [GROWN["Cat"](Seed(world) / number) for number in range(4)]
            for number in broken:
                vars(cats[number])["read_int_must"] = "broken"
            await check(Document(text, {}, world), {"read_cat_list": cats})

    asyncio.run(every())


@pytest.mark.parametrize(
    "field",
    [
        "fencedStrMaybe",
        "hookedStrMaybe",
        "guardedStrMaybe",
        "extendedStrMaybe",
        "givenStrMaybe(needed: 1, loose: {a: [1]})",
    ],
)
def test_what_is_around_a_field_is_called_for_each_object(field: str) -> None:
    async def every() -> None:
        for world in range(100):
            cats = [GROWN["Cat"](Seed(world) / number) for number in range(4)]
            await check(Document(f"{{ readCatList {{ {field} }} }}", {}, world), {"read_cat_list": cats})

    asyncio.run(every())
