"""Compiled mutations against graphql-core: each side has a copy of the same world, and both come to the same one."""

import asyncio
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from graphql import DocumentNode, ObjectFieldNode, StringValueNode, Visitor, execute, parse, print_ast, validate, visit
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis_graphql import mutations

from db.database import Database
from execution.compiled_documents import CompiledDocuments
from tests.oracle.effort import effort
from tests.oracle.judge import told
from tests.oracle.own_stage import CORE, INSTANTS, PLACEHOLDERS, Sensible, Stage, fill, named, run
from tests.oracle.variations import Choose, varied
from tests.servers import sqlite_url
from tests.world import World

COMPILED = CompiledDocuments(50, plain_attributes=True)
DOCUMENTS = mutations(
    CORE,
    custom_scalars={"ID": PLACEHOLDERS, "DateTime": INSTANTS, "Cursor": PLACEHOLDERS},
    print_ast=lambda document: document,
)
KINDS_OF_FIELDS = {
    "sharedOrderId": ("SharedOrder",),
    "orderId": ("Order", "SharedOrder"),
    "organisationId": ("Organisation",),
    "userId": ("User",),
}
_MADE = re.compile(r"[A-Za-z]+_[0-9a-f]{32}|\d{4}-\d\d-\d\dT[\d:.]+Z|[\w-]{40,}=*")
"""What is made anew: ids, instants, cursors."""


class SensibleInput(Visitor):
    """Gives most fields of an input an id of the right kind."""

    def __init__(self, choose: Choose) -> None:
        super().__init__()
        self._choose = choose

    def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> ObjectFieldNode | None:
        kinds = KINDS_OF_FIELDS.get(node.name.value)
        if kinds is None or self._choose(6) == 5:
            return None
        value = StringValueNode(value=f"{kinds[self._choose(len(kinds))]}#{self._choose(6)}")
        return replace(node, value=value)


@dataclass
class Theatre:
    """A filled world as a file, and the loop in which its copies are asked."""

    runner: asyncio.Runner
    directory: Path
    ids: dict[str, list[str]]
    viewers: dict[str, str]


@pytest.fixture(scope="module")
def theatre(sqlite_world: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    directory = tmp_path_factory.mktemp("mutations")
    shutil.copyfile(sqlite_world, directory / "filled.db")
    with asyncio.Runner() as runner:
        database = Database(sqlite_url(directory / "filled.db"))
        ids, viewers = runner.run(fill(database))
        # To its end, so that all is in the one file that is copied.
        runner.run(database.close())
        yield Theatre(runner, directory, ids, viewers)


async def _played(
    theatre: Theatre, name: str, executing: Any, viewer: str, document: DocumentNode, variables: dict[str, Any]
) -> tuple[str, Any]:
    """Return the answer in a copy of the world, and what that has come to."""
    path = theatre.directory / f"{name}.db"
    shutil.copyfile(theatre.directory / "filled.db", path)
    world = World(Database(sqlite_url(path)))
    stage = Stage(theatre.runner, world.database, theatre.ids, theatre.viewers)
    try:
        answer = await run(executing, stage, viewer, document, variables)
        dump = await world.dump()
    finally:
        await world.http.aclose()
        await world.database.close()
    errors = sorted(map(repr, map(told, answer.errors or ())))
    return _without_what_is_made(repr((answer.data, errors))), {name: len(rows) for name, rows in dump.items()}


def _without_what_is_made(text: str) -> str:
    """Number what is made anew by where it comes first, so that two worlds can be compared."""
    seen: dict[str, str] = {}
    return _MADE.sub(lambda found: seen.setdefault(found[0], f"<{len(seen)}>"), text)


@effort(25, 0.05)
@given(document=DOCUMENTS, viewer=st.sampled_from(["owner", "admin", "recipient", "outsider"]), data=st.data())
def test_a_mutation_answers_and_does_what_it_does_by_graphql_core(
    theatre: Theatre, document: DocumentNode, viewer: str, data: st.DataObject
) -> None:
    numbers = st.integers(0, 2**16)

    def choose(sides: int) -> int:
        return data.draw(numbers) % sides

    changed, variables = varied(CORE, visit(visit(document, SensibleInput(choose)), Sensible(choose)), choose)
    stage: Any = theatre
    asked = parse(named(stage, print_ast(changed)))
    assume(not validate(CORE, asked))

    async def both() -> tuple[Any, Any]:
        given_variables = named(stage, variables)
        return (
            await _played(theatre, "compiled", COMPILED.execute, viewer, asked, given_variables),
            await _played(theatre, "judged", execute, viewer, asked, given_variables),
        )

    compiled, judged = theatre.runner.run(both())
    assert compiled == judged
    assert COMPILED.counts.interpreted == 0


CLAIM = "mutation($input: ClaimSharedOrderInput!) { claimSharedOrder(input: $input) { %s } }"
SHARED = "sharedOrder { __typename id status permission message claimedAt createdAt claimWindow { opensAt closesAt } }"
ERRORS = (
    "userErrors { __typename code message path ... on SharesExhaustedError { maxShares sharesClaimed }"
    " ... on ClaimWindowError { opensAt } }"
)


@pytest.mark.parametrize("viewer", ["recipient", "member", "owner", "outsider"])
@pytest.mark.parametrize(
    "selection",
    [
        f"__typename {SHARED} {ERRORS}",
        "again: sharedOrder { id } userErrors { code }",
        "sharedOrder { recipient { name } sender { id } } userErrors { code }",
        "sharedOrder { order { title sharesClaimed } status }",
        "sharedOrder { claimEligibility { claimable code } availableActions }",
    ],
)
def test_a_claim_answers_and_does_what_it_does_by_graphql_core(theatre: Theatre, viewer: str, selection: str) -> None:
    had_whole = COMPILED.counts.whole
    for number in (0, 1):
        for key in ({}, {"idempotencyKey": "once"}):
            given_input = {"sharedOrderId": theatre.ids["SharedOrder"][number], **key}
            played = [
                theatre.runner.run(
                    _played(theatre, name, executing, viewer, parse(CLAIM % selection), {"input": given_input})
                )
                for name, executing in (("compiled", COMPILED.execute), ("judged", execute))
            ]
            assert played[0] == played[1]
    is_in_the_row = "{ name }" not in selection and "order {" not in selection and "claimEligibility" not in selection
    assert COMPILED.counts.whole - had_whole == (4 if is_in_the_row else 0)
