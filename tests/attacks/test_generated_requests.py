"""Whatever valid document is sent, the running server answers as the schema says, and never with a fault of its own.

`ORDERSHARE_FUZZ_DOCUMENTS`, as `make fuzz` sets it, says how many documents are tried.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import hypothesis_graphql as generated
import pytest
from graphql import (
    DocumentNode,
    FieldNode,
    NameNode,
    SelectionSetNode,
    StringValueNode,
    Visitor,
    parse,
    print_ast,
    visit,
)
from hypothesis import given
from hypothesis import strategies as st

from db.database import Database
from tests.attacks.conformity import Conformity
from tests.attacks.harness import connections_in_use
from tests.attacks.raw_client import connected
from tests.attacks.served import Served, served
from tests.oracle.effort import effort
from tests.oracle.own_stage import CORE, INSTANTS, KINDS, PLACEHOLDERS, SCHEMA, Sensible, Stage, fill, named
from tests.world import PEOPLE

_KNOWN_CODES = {
    "BAD_USER_INPUT",
    "CURSOR_INVALID",
    "FORBIDDEN",
    "GRAPHQL_VALIDATION_FAILED",
    "NOT_FOUND",
    "QUERY_TOO_COMPLEX",
}
_SCALARS = {"ID": PLACEHOLDERS, "DateTime": INSTANTS, "Cursor": PLACEHOLDERS}
_SDL = SCHEMA.as_str()


@dataclass
class _Scene:
    server: Served
    stage: Stage


@pytest.fixture
def scene(filled_url: str, tmp_path: Path) -> Iterator[_Scene]:
    """A server over a small world in which orders were shared, claimed and processed."""
    url = filled_url
    with asyncio.Runner() as runner:
        database = Database(url)
        ids, viewers = runner.run(fill(database))
        runner.run(database.close())
        with served(url, tmp_path / "log") as server:
            yield _Scene(server, Stage(runner, database, ids, viewers))
            assert connections_in_use(server) == 0
            assert "Traceback" not in server.log(), server.log()
            assert "ERROR" not in server.log(), server.log()


class _WithNames(Visitor):
    """Selects `__typename` first wherever anything is selected, under its own name."""

    def enter_selection_set(self, node: SelectionSetNode, *_: Any) -> SelectionSetNode:
        name = FieldNode(name=NameNode(value="__typename"), arguments=(), directives=())
        return replace(node, selections=(name, *node.selections))


class _WithIds(Visitor):
    """Puts real ids in the places of their stand-ins."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage

    def enter_string_value(self, node: StringValueNode, *_: Any) -> StringValueNode:
        kind = node.value.partition("#")[0]
        return replace(node, value=named(self._stage, node.value)) if kind in KINDS else node


def _answered(scene: _Scene, viewer: str, document: DocumentNode) -> None:
    text = print_ast(document)
    with connected(scene.server.port, scene.server.token(viewer)) as client:
        answer = client.ask(text)
    assert answer.status == 200, (answer.status, answer.body, text)
    assert answer.codes <= _KNOWN_CODES, (answer.body, text)
    data = answer.json.get("data")
    if data is None:
        assert answer.codes, (answer.body, text)
    else:
        # An error has a place, and what is there is null.
        assert all(error.get("path") for error in answer.json.get("errors", ())), (answer.body, text)
        assert list(Conformity(CORE, parse(text)).faults(data)) == [], (answer.body, text)


def _tried(scene: _Scene, viewer: str, document: DocumentNode, data: st.DataObject) -> None:
    sensible = visit(document, Sensible(lambda sides: data.draw(st.integers(0, sides - 1))))
    whole = visit(visit(sensible, _WithNames()), _WithIds(scene.stage))
    _answered(scene, viewer, cast(DocumentNode, whole))


_VIEWERS = st.sampled_from([*PEOPLE, "outsider"])
_QUERIES = generated.queries(_SDL, custom_scalars=_SCALARS, print_ast=lambda document: document)
_MUTATIONS = generated.mutations(_SDL, custom_scalars=_SCALARS, print_ast=lambda document: document)


def test_generated_queries_are_answered_as_the_schema_says(scene: _Scene) -> None:
    @effort(60, 0.5)
    @given(_VIEWERS, _QUERIES, st.data())
    def tried(viewer: str, document: Any, data: st.DataObject) -> None:
        _tried(scene, viewer, document, data)

    tried()


def test_generated_mutations_are_answered_as_the_schema_says(scene: _Scene) -> None:
    @effort(40, 0.5)
    @given(_VIEWERS, _MUTATIONS, st.data())
    def tried(viewer: str, document: Any, data: st.DataObject) -> None:
        _tried(scene, viewer, document, data)

    tried()
