"""Compiled documents against graphql-core, over the project's own schema and a small world."""

import asyncio
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    ArgumentNode,
    DocumentNode,
    ExecutionResult,
    FieldNode,
    IntValueNode,
    NameNode,
    StringValueNode,
    Visitor,
    execute,
    parse,
    print_ast,
    validate,
    visit,
)
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis_graphql import queries
from strawberry.execution import optimized_is_awaitable

from db.database import Database
from domain.people import Viewer
from execution.compiled_documents import CompiledDocuments
from schema.build import build_schema
from schema.context import OperationContext
from schema.global_id import decode_node_id
from tests.oracle.effort import effort
from tests.oracle.judge import compare, finished
from tests.oracle.variations import Choose, varied
from tests.servers import sqlite_url
from tests.world import PEOPLE, World

SCHEMA = build_schema()
CORE = SCHEMA._schema
COMPILED = CompiledDocuments(50, plain_attributes=True)
KINDS = ("Organisation", "Order", "SharedOrder", "User", "ProcessingResult")
ROOTS = {"organisation": "Organisation", "order": "Order", "sharedOrder": "SharedOrder"}
NOTHING = "nothing"
"""The id of nothing."""

_placeholders = st.tuples(st.sampled_from(KINDS), st.integers(0, 6)).map(
    lambda each: StringValueNode(value=f"{each[0]}#{each[1]}")
)
_instants = st.sampled_from(["2026-01-01T00:00:00Z", "2030-01-01T00:00:00+02:00"]).map(
    lambda text: StringValueNode(value=text)
)
DOCUMENTS = queries(
    CORE,
    custom_scalars={"ID": _placeholders, "DateTime": _instants, "Cursor": _placeholders},
    print_ast=lambda document: document,
)


@dataclass
class Stage:
    """A world to ask, what is in it, and the loop that its connections belong to."""

    runner: asyncio.Runner
    database: Database
    ids: dict[str, list[str]]
    viewers: dict[str, str]


async def _fill(database: Database) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Put on the stage what sharing leaves behind; return the ids of everything by kind, and people's by name."""
    world = World(database)
    [first, second] = await world.share("recipient", "member", permission="PROCESS", message="for you")
    await world.share("sender", sender="admin", order="O-admin")
    await world.claim("recipient", first)
    answer = await world.process("recipient", first, "REPORT_LOSS")
    people = {name: await world.user_id(name) for name in (*PEOPLE, "outsider")}
    ids = {
        "Organisation": [await world.organisation_id()],
        "Order": [await world.order_id(f"O-{name}") for name in (*PEOPLE, "outsider")],
        "SharedOrder": [first, second],
        "User": list(people.values()),
        "ProcessingResult": [answer["processingResult"]["id"]],
    }
    await world.http.aclose()
    return ids, people


@pytest.fixture(scope="module")
def stage(sqlite_world: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    path = tmp_path_factory.mktemp("oracle") / "ordershare.db"
    shutil.copyfile(sqlite_world, path)
    with asyncio.Runner() as runner:
        database = Database(sqlite_url(path))
        ids, people = runner.run(_fill(database))
        yield Stage(runner, database, ids, people)
        runner.run(database.close())


class Sensible(Visitor):
    """Makes most arguments ones that reach something: ids of the right kind, small pages, no wild cursors."""

    def __init__(self, choose: Choose) -> None:
        super().__init__()
        self._choose = choose

    def enter_field(self, node: FieldNode, *_: Any) -> FieldNode | None:
        if node.name.value == "at":
            # The time of an answer: that of the other answer is another.
            return replace(node, name=NameNode(value="__typename"))
        if not node.arguments or self._choose(6) == 5:
            return None
        kind = ROOTS.get(node.name.value)
        kept = [
            self._argument(each, kind) for each in node.arguments if each.name.value not in ("after", "before", "last")
        ]
        return replace(node, arguments=tuple(kept))

    def _argument(self, node: ArgumentNode, kind: str | None) -> ArgumentNode:
        if node.name.value == "first":
            return replace(node, value=IntValueNode(value=str(1 + self._choose(4))))
        if node.name.value == "id" and kind is not None:
            return replace(node, value=StringValueNode(value=f"{kind}#{self._choose(6)}"))
        return node


async def run(
    executing: Any, stage: Stage, viewer: str, document: DocumentNode, variables: dict[str, Any]
) -> ExecutionResult:
    context = OperationContext(stage.database, Viewer(decode_node_id(stage.viewers[viewer])[1]))
    try:
        answer = executing(
            CORE,
            document,
            context_value=context,
            variable_values=variables,
            is_awaitable=optimized_is_awaitable,
            executor_class=SCHEMA.execution_context_class,
        )
        return await finished(answer)
    finally:
        await context.close()


async def check(stage: Stage, viewer: str, document: DocumentNode, variables: dict[str, Any]) -> None:
    compiled = await run(COMPILED.execute, stage, viewer, document, variables)
    judged = await run(execute, stage, viewer, document, variables)

    async def judge(changed: DocumentNode) -> ExecutionResult:
        return await run(execute, stage, viewer, changed, variables)

    await compare(document, compiled, judged, judge)


def named(stage: Stage, value: Any) -> Any:
    """Return a value with real ids in the places of their stand-ins."""
    if isinstance(value, dict):
        return {key: named(stage, each) for key, each in value.items()}
    if isinstance(value, list):
        return [named(stage, each) for each in value]
    if not isinstance(value, str):
        return value
    return re.sub(r"(\w+)#(\d)", lambda found: _id(stage, found[1], int(found[2])), value)


def _id(stage: Stage, kind: str, number: int) -> str:
    known = stage.ids[kind]
    return known[number % len(known)] if number < 6 else NOTHING


@effort(25, 0.3)
@given(document=DOCUMENTS, viewer=st.sampled_from(["owner", "admin", "recipient", "outsider"]), data=st.data())
def test_an_answer_is_that_of_graphql_core(
    stage: Stage, document: DocumentNode, viewer: str, data: st.DataObject
) -> None:
    numbers = st.integers(0, 2**16)

    def choose(sides: int) -> int:
        return data.draw(numbers) % sides

    changed, variables = varied(CORE, visit(document, Sensible(choose)), choose)
    asked = parse(named(stage, print_ast(changed)))
    # A sensible argument may differ from the one under the same key.
    assume(not validate(CORE, asked))

    stage.runner.run(check(stage, viewer, asked, named(stage, variables)))


def test_most_documents_were_compiled() -> None:
    assert COMPILED.counts.compiled > 0
    assert COMPILED.counts.interpreted == 0
