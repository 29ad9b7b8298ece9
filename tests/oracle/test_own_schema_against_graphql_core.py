"""Compiled documents against graphql-core, over the project's own schema and a small world."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    DocumentNode,
    ExecutionResult,
    execute,
    parse,
    print_ast,
    validate,
    visit,
)
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis_graphql import queries

from db.database import Database
from execution.compiled_documents import CompiledDocuments
from tests.oracle.effort import effort
from tests.oracle.judge import compare
from tests.oracle.own_stage import CORE, INSTANTS, PLACEHOLDERS, Sensible, Stage, fill, named, run
from tests.oracle.variations import varied
from tests.servers import sqlite_url

COMPILED = CompiledDocuments(50, plain_attributes=True)
DOCUMENTS = queries(
    CORE,
    custom_scalars={"ID": PLACEHOLDERS, "DateTime": INSTANTS, "Cursor": PLACEHOLDERS},
    print_ast=lambda document: document,
)


@pytest.fixture(scope="module")
def stage(sqlite_world: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    path = tmp_path_factory.mktemp("oracle") / "ordershare.db"
    shutil.copyfile(sqlite_world, path)
    with asyncio.Runner() as runner:
        database = Database(sqlite_url(path))
        ids, people = runner.run(fill(database))
        yield Stage(runner, database, ids, people)
        runner.run(database.close())


async def check(stage: Stage, viewer: str, document: DocumentNode, variables: dict[str, Any]) -> None:
    compiled = await run(COMPILED.execute, stage, viewer, document, variables)
    judged = await run(execute, stage, viewer, document, variables)

    async def judge(changed: DocumentNode) -> ExecutionResult:
        return await run(execute, stage, viewer, changed, variables)

    await compare(document, compiled, judged, judge)
    assert COMPILED.counts.interpreted == 0


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
