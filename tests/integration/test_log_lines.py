"""What a server logs: a line for each operation, its faults, and nothing that is somebody's."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from app.fault_traces import told_of
from db.database import Database
from domain.vocabulary import MemberRole
from tests.integration.outage import outage
from tests.integration.served_program import Program, serving_program
from tests.world import SECRET, World, row

_ZOE, _REFERENCE, _TITLE = "zoe.kowalski", "REF-4711", "Cover of a hip replacement"
_PRIVATE = re.compile(
    "|".join(
        ("(?i:kowalski)", _REFERENCE, "hip replacement", "eyJ", SECRET, "geheim", "Bearer", "{ viewer", "importOrders")
    ),
)
_SQL = re.compile(r"\b(SELECT|INSERT|UPDATE|FROM|WHERE|VALUES|BEGIN|COMMIT)\b")
_ME = "query Me { viewer { user { name } } }"
_IMPORT = "mutation Import($input: ImportOrdersInput!) { importOrders(input: $input) { userErrors { code } } }"


async def _populate(world: World) -> None:
    await world.populate()
    await world.import_rows(row(_REFERENCE, _ZOE, organisation="private", role=MemberRole.ADMIN, title=_TITLE))


async def _alter(database: Database, statement: str) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(sqlalchemy.text(statement))


def _ask(program: Program, token: str, document: str, **variables: Any) -> Any:
    body = {"query": document, "variables": variables}
    return program.http.post("/graphql", json=body, headers={"Authorization": f"Bearer {token}"}).json()


def _bad_rows(organisation: str) -> dict[str, Any]:
    order = {
        "reference": _REFERENCE,
        "ownerReference": "geheim",
        "type": "NO-KOWALSKI",
        "title": _TITLE,
        "premium": {"amountMinor": 1, "currency": "EUR"},
        "status": "IN_FORCE",
        "effectiveAt": "2026-01-01T00:00:00Z",
        "expiresAt": "2025-01-01T00:00:00Z",
        "maxShares": 0,
    }
    return {"organisationId": organisation, "orders": [order, {**order, "ownerReference": _ZOE}]}


async def _make_faults_happen(program: Program, world: World) -> list[str]:
    """Return the request ids of the faults."""
    token, organisation = world.token(_ZOE), await world.organisation_id("private")
    assert _ask(program, token, _ME)["data"]["viewer"]["user"]["name"] == _ZOE.title()
    assert _ask(program, f"{token}geheim", _ME)["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert _ask(program, token, "{ kowalski }")["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    refused = _ask(program, token, _IMPORT, input=_bad_rows(organisation))
    assert len(refused["data"]["importOrders"]["userErrors"]) >= 2
    await _alter(world.database, "ALTER TABLE order_type RENAME TO gone")
    broken = [
        _ask(
            program, token, "query Types($id: ID!) { organisation(id: $id) { orderTypes { code } } }", id=organisation
        ),
        _ask(program, token, _IMPORT, input=_bad_rows(organisation)),
    ]
    await _alter(world.database, "ALTER TABLE gone RENAME TO order_type")
    await _alter(world.database, "ALTER TABLE app_user RENAME TO gone")
    broken.append(_ask(program, world.token(_ZOE.upper()), _ME))
    await _alter(world.database, "ALTER TABLE gone RENAME TO app_user")
    return [answer["errors"][0]["extensions"]["requestId"] for answer in broken]


async def _check(said: Path, database_url: str, form: str) -> tuple[list[str], list[str]]:
    """Serve, make faults happen, and return the request ids of the faults and what was said."""
    world = World(Database(database_url))
    await _populate(world)
    with serving_program(said, database_url, LOG=form) as program:
        found = await _make_faults_happen(program, world)
        program.end()
    await world.http.aclose()
    await world.database.close()
    text = "\n".join(program.said)
    assert not _PRIVATE.search(text), text
    assert not _SQL.search(text), text
    return found, program.said


async def test_an_operation_is_a_line_of_json_and_so_is_everything_else(database_url: str, tmp_path: Path) -> None:
    request_ids, said = await _check(tmp_path / "said", database_url, "json")
    lines = [json.loads(line) for line in said]
    operations = [line for line in lines if line["event"] == "operation"]
    named = [
        (each["level"], each["operation"], each["kind"], each["transport"], each["outcome"]) for each in operations
    ]
    assert named == [
        ("INFO", "Me", "query", "http", "OK"),
        ("INFO", "other", "unknown", "http", "GRAPHQL_VALIDATION_FAILED"),
        ("INFO", "Import", "mutation", "http", "OK"),
        ("ERROR", "Types", "query", "http", "FAILED"),
        ("ERROR", "Import", "mutation", "http", "FAILED"),
    ]
    names = ["time", "level", "event", "operation", "kind", "transport", "outcome", "ms", "cost", "request_id", "user"]
    for line in operations:
        assert list(line) == names
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
        assert re.fullmatch("[0-9a-f]{32}", line["request_id"])
        assert re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", line["user"])
        assert 0 < line["ms"] < 60_000
    assert [line["cost"] > 0 for line in operations] == [True, False, True, True, True]
    assert [line["request_id"] for line in operations[3:]] == request_ids[:2]
    faults = [line for line in lines if line["event"] == "log" and "faults" in line]
    assert [line["message"].split()[1] for line in faults if line["logger"] != "app.sweeper"] == request_ids
    assert [line.get("request_id") for line in faults[:2]] == request_ids[:2]
    for line in faults:
        assert any("sqlstate" in fault or "sqlite_errorname" in fault for fault in line["faults"])
        assert any(re.search(r"^(db|resolvers|schema)/\w+\.py:\d+ \w+$", place) for place in line["faults"][0]["at"])
    assert {"uvicorn.error", "app.server"} <= {line["logger"] for line in lines if line["event"] == "log"}


@pytest.mark.parametrize("form", ["quiet", "text"])
async def test_other_forms_have_no_line_for_each_operation(sqlite_url: str, tmp_path: Path, form: str) -> None:
    request_ids, said = await _check(tmp_path / "said", sqlite_url, form)
    if form == "quiet":
        assert {json.loads(line)["event"] for line in said} == {"log"}
    else:
        assert all(re.match(r"(INFO|WARNING|ERROR): |  +\S", line) for line in said)
    assert all(any(request_id in line for line in said) for request_id in request_ids)


async def test_a_database_that_is_away_is_told_without_what_was_asked(
    postgresql_server_url: str, postgresql_url: str, tmp_path: Path
) -> None:
    world = World(Database(postgresql_url))
    await _populate(world)
    token, organisation = world.token(_ZOE), await world.organisation_id("private")
    with serving_program(tmp_path / "said", postgresql_url, LOG="json") as program:
        # Whose token it is and what the document asks is known then, so the operation begins.
        for _ in range(2):
            assert "errors" not in _ask(program, token, _IMPORT, input=_bad_rows(organisation))
        async with outage(postgresql_server_url, postgresql_url):
            await world.database.close()
            answer = _ask(program, token, _IMPORT, input=_bad_rows(organisation))
            assert answer["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
        program.end()
    await world.http.aclose()
    text = "\n".join(program.said)
    assert not _PRIVATE.search(text), text
    assert not _SQL.search(text), text
    *_, operation = [line for line in map(json.loads, program.said) if line.get("operation") == "Import"]
    assert (operation["outcome"], operation["request_id"]) == (
        "UNAVAILABLE",
        answer["errors"][0]["extensions"]["requestId"],
    )


async def test_a_broken_resolver_is_told_by_its_place_and_kind(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ValueError(f"{_ZOE} cannot be shown") from KeyError(_REFERENCE)

    monkeypatch.setattr(world.database, "snapshot", broken)
    body = (await world.post("owner", _ME)).json()
    assert body["errors"][0]["extensions"]["code"] == "INTERNAL"
    [record] = [record for record in caplog.records if record.exc_info]
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], ValueError)
    told = told_of(record.exc_info[1])
    assert [fault["type"] for fault in told] == ["ValueError", "KeyError"]
    assert re.fullmatch(r"tests/integration/test_log_lines\.py:\d+ broken", told[0]["at"][-1])
    assert not _PRIVATE.search(json.dumps(told))


def test_only_faults_that_speak_of_the_program_alone_say_their_sentence() -> None:
    def told(fault: Exception) -> object:
        [one] = told_of(fault)
        return {name: fact for name, fact in one.items() if name != "at"}

    assert told(AttributeError("no attribute 'x'")) == {"type": "AttributeError", "message": "no attribute 'x'"}
    assert told(ConnectionRefusedError(111, "geheim")) == {
        "type": "ConnectionRefusedError",
        "message": "Connection refused",
    }
    assert told(OSError("geheim")) == {"type": "OSError"}
    assert told(sqlalchemy.exc.OperationalError("SELECT 1", {"a": "geheim"}, Exception("geheim"))) == {
        "type": "sqlalchemy.exc.OperationalError"
    }
