"""Documents that are named instead of sent: automatic persisted queries, and trusted documents."""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLError

from app.documents import Documents, UnreadableDocuments, read_trusted_documents
from app.operation_request import OperationRequest
from db.database import Database
from tests.served_world import serving, terminal
from tests.world import World, body_of

_WHO = "query Who { viewer { user { reference } } }"
_OTHER = "query Other { viewer { user { name } } }"
_ANSWER = {"data": {"viewer": {"user": {"reference": "owner"}}}}


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _persisted(text: str) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": _hash(text)}}}


async def _send(world: World, body: dict[str, Any], **headers: str) -> Any:
    signed = {"Authorization": f"Bearer {world.token('owner')}", **headers}
    return await world.http.post("/graphql", json=body, headers=signed)


def _codes(response: Any) -> list[str]:
    return [error["extensions"]["code"] for error in response.json().get("errors", [])]


async def test_a_document_is_named_once_it_was_sent(world: World) -> None:
    unknown = await _send(world, _persisted(_WHO))
    assert (unknown.status_code, _codes(unknown)) == (200, ["PERSISTED_QUERY_NOT_FOUND"])
    assert unknown.json()["errors"][0]["message"] == "PersistedQueryNotFound"
    assert body_of(await _send(world, {"query": _WHO, **_persisted(_WHO)})) == _ANSWER
    for _ in range(2):
        assert body_of(await _send(world, _persisted(_WHO))) == _ANSWER
    by_get = await world.http.get(
        "/graphql",
        params={"extensions": json.dumps(_persisted(_WHO)["extensions"])},
        headers={"Authorization": f"Bearer {world.token('owner')}"},
    )
    assert body_of(by_get) == _ANSWER


async def test_a_name_that_is_not_the_hash_of_its_document_is_refused_and_not_kept(world: World) -> None:
    forged = {"query": _OTHER, **_persisted(_WHO)}
    assert _codes(await _send(world, forged)) == ["BAD_USER_INPUT"]
    assert _codes(await _send(world, _persisted(_WHO))) == ["PERSISTED_QUERY_NOT_FOUND"]


@pytest.mark.parametrize(
    "persisted",
    [1, [], {"version": 2, "sha256Hash": "x"}, {"sha256Hash": "x"}, {"version": 1}, {"version": 1, "sha256Hash": 1}],
)
async def test_a_name_of_another_form_is_no_request(world: World, persisted: object) -> None:
    answer = await _send(world, {"query": _WHO, "extensions": {"persistedQuery": persisted}})
    assert (answer.status_code, _codes(answer)) == (400, ["BAD_USER_INPUT"])


@pytest.mark.parametrize("document", ["{ nonsense }", "{", "query A { viewer { user { id } } } query A { __typename }"])
async def test_a_document_that_is_not_valid_is_not_kept(world: World, document: str) -> None:
    for _ in range(2):
        assert _codes(await _send(world, {"query": document, **_persisted(document)}))[0].startswith("GRAPHQL_")
        assert _codes(await _send(world, _persisted(document))) == ["PERSISTED_QUERY_NOT_FOUND"]


async def test_a_document_is_kept_that_was_known_before_it_came_with_its_name(world: World) -> None:
    assert body_of(await _send(world, {"query": _WHO})) == _ANSWER
    assert body_of(await _send(world, {"query": _WHO, **_persisted(_WHO)})) == _ANSWER
    assert body_of(await _send(world, _persisted(_WHO))) == _ANSWER


async def test_a_document_is_named_over_a_socket_too(world: World) -> None:
    async with serving(world) as server, terminal(server, world.token("owner")) as opened:
        await opened.send(id="1", type="subscribe", payload={"query": "", **_persisted(_WHO)})
        refused = await opened.receive()
        assert (refused["type"], refused["payload"][0]["message"]) == ("error", "PersistedQueryNotFound")
        await opened.send(id="1", type="subscribe", payload={"query": _WHO, **_persisted(_WHO)})
        assert await opened.next_data() == _ANSWER["data"]
        assert (await opened.receive())["type"] == "complete"
        await opened.send(id="1", type="subscribe", payload=_persisted(_WHO))
        assert await opened.next_data() == _ANSWER["data"]


def test_documents_are_kept_within_their_bytes_and_the_one_used_longest_ago_goes_first() -> None:
    texts = ["{ a }", "{ b }", "{ c }", "{ d }"]
    documents = Documents(kept_bytes=3 * (sys.getsizeof(_hash(texts[0])) + sys.getsizeof(texts[0]) + 256))
    for text in texts[:3]:
        documents.keep(OperationRequest(text, document_id=_hash(text)))
    assert documents.text(OperationRequest("", document_id=_hash(texts[0]))) == texts[0]
    documents.keep(OperationRequest(texts[3], document_id=_hash(texts[3])))
    for text in (texts[0], *texts[2:]):
        assert documents.text(OperationRequest("", document_id=_hash(text))) == text
    with pytest.raises(GraphQLError, match="PersistedQueryNotFound"):
        documents.text(OperationRequest("", document_id=_hash(texts[1])))


@pytest.fixture
def trusted(tmp_path: Path) -> Path:
    """A file with one document by two names."""
    file = tmp_path / "documents.json"
    file.write_text(json.dumps({"who": _WHO, _hash(_WHO): _WHO}))
    return file


async def test_where_only_trusted_documents_are_executed_everything_else_is_refused(
    database: Database, trusted: Path
) -> None:
    world = World(database, trusted_documents=str(trusted), trusted_documents_only=True)
    await world.populate()
    before = await world.dump()
    for body in ({"documentId": "who"}, _persisted(_WHO), {"query": _WHO}, {"query": _WHO, **_persisted(_WHO)}):
        for _ in range(2):
            assert body_of(await _send(world, body)) == _ANSWER, body
    for body, code in (
        ({"query": _OTHER}, "PERSISTED_QUERY_ID_REQUIRED"),
        ({"query": _OTHER, **_persisted(_OTHER)}, "PERSISTED_QUERY_NOT_IN_LIST"),
        (_persisted(_OTHER), "PERSISTED_QUERY_NOT_IN_LIST"),
        ({"documentId": "other"}, "PERSISTED_QUERY_NOT_IN_LIST"),
        ({"query": _OTHER, "documentId": "who"}, "PERSISTED_QUERY_NOT_IN_LIST"),
        ({"query": "{ __schema { types { name } } }"}, "PERSISTED_QUERY_ID_REQUIRED"),
    ):
        answer = await _send(world, body, Accept="application/graphql-response+json")
        assert (answer.status_code, _codes(answer)) == (400, [code]), body
    assert await world.dump() == before
    await world.http.aclose()


async def test_trusted_documents_are_named_beside_any_others(database: Database, trusted: Path) -> None:
    world = World(database, trusted_documents=str(trusted))
    await world.populate()
    assert body_of(await _send(world, {"documentId": "who"})) == _ANSWER
    assert "errors" not in (await _send(world, {"query": _OTHER})).json()
    assert _codes(await _send(world, {"query": _OTHER, "documentId": "who"})) == ["BAD_USER_INPUT"]
    await world.http.aclose()


def test_the_files_of_other_tools_can_be_read(tmp_path: Path) -> None:
    file = tmp_path / "documents.json"
    operations = [{"id": "1", "name": "Who", "type": "query", "body": _WHO}]
    for content in (
        {"1": _WHO},
        {"format": "apollo-persisted-query-manifest", "version": 1, "operations": operations},
    ):
        file.write_text(json.dumps(content))
        assert read_trusted_documents(file) == {"1": _WHO}


@pytest.mark.parametrize("content", ["", "[]", "1", '{"1": 1}', '{"operations": 1}', '{"operations": [{"id": "1"}]}'])
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "documents.json"
    file.write_text(content)
    with pytest.raises(UnreadableDocuments):
        read_trusted_documents(file)
    with pytest.raises(UnreadableDocuments):
        read_trusted_documents(tmp_path / "nowhere.json")
