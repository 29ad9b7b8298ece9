"""What `export` writes, and that it can be taken in again elsewhere."""

import asyncio
import json
import re
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from app.export_command import Selection, run_export
from app.export_lines import record_line
from app.import_command import run_import
from db.database import Database
from domain.vocabulary import OrderStatus
from resolvers.export_records import export_records
from tests.integration.exports import Line, exported
from tests.integration.import_files import csv_file, types_file, values
from tests.log_reader import head, nothing_changes
from tests.servers import migrate, sqlite_url
from tests.world import FAMILY, PEOPLE, World, row

_MANY = 2_000
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")


def _of(lines: list[Line], kind: str) -> list[Line]:
    return [line for line in lines if line["kind"] == kind]


async def _live(world: World) -> tuple[str, str]:
    """Let the owner's order be shared, claimed and processed by the recipient; offer it to a member too."""
    claimed, offered = await world.share("recipient", "member", permission="PROCESS", message="Mind it for me")
    assert (await world.claim("recipient", claimed))["codes"] == []
    processed = await world.process("recipient", claimed, "REPORT_LOSS", note="Water")
    assert processed["codes"] == []
    return claimed, offered


async def test_an_organisation_is_exported_kind_by_kind_with_a_first_and_a_last_line(
    world: World, tmp_path: Path
) -> None:
    await _live(world)
    async with nothing_changes(world):
        lines = await exported(world, tmp_path)
    events = await head(world)
    assert [line["kind"] for line in lines] == [
        "export",
        *["order_type"] * 2,
        "organisation",
        *["member"] * len(PEOPLE),
        *["order"] * len(PEOPLE),
        *["shared_order"] * 2,
        "processing_result",
        *["event"] * events,
        "end",
    ]
    assert {key: value for key, value in lines[0].items() if key != "taken_at"} == {"kind": "export", "format": 1}
    assert lines[-1] == {"kind": "end", "lines": len(lines) - 1}
    assert {line["organisation"] for line in lines if "organisation" in line} == {FAMILY}
    assert [event["sequence"] for event in _of(lines, "event")] == list(range(1, events + 1))


async def test_an_order_is_as_the_api_shows_it_with_what_the_platform_said_last(world: World, tmp_path: Path) -> None:
    await _live(world)
    stored, lines = await world.order_row(), await exported(world, tmp_path)
    [order] = [line for line in _of(lines, "order") if line["reference"] == "O-owner"]
    [owner] = [line for line in _of(lines, "member") if line["member"] == "owner"]
    said = {
        "organisation_name": "Family",
        "member_name": "Owner",
        "role": "MEMBER",
        "type": "HOSPITAL",
        "title": "Cover O-owner",
        "premium_minor": 1250,
        "currency": "EUR",
        "status": "IN_FORCE",
        "effective_at": "2026-01-01T00:00:00Z",
        "expires_at": None,
        "max_shares": 2,
    }
    assert order == {
        "kind": "order",
        "id": await world.order_id(),
        "organisation": FAMILY,
        "member": "owner",
        "reference": "O-owner",
        **said,
        "status": "LOSS_REPORTED",
        "shares_claimed": 1,
        "version": 2,
        "reason_cause": "PROCESSED",
        "reason_action": "REPORT_LOSS",
        "reason_actor": "recipient",
        "reason_via": "SHARED_ORDER",
        "reason_at": _text(stored.reason_at),
        "created_at": _text(stored.created_at),
        "updated_at": _text(stored.updated_at),
        "last_imported": {"user_id": owner["user_id"], **said},
    }
    assert owner["user_id"] == await world.user_id("owner")


def _text(instant: Any) -> str:
    return str(instant.isoformat()).replace("+00:00", "Z")


async def test_shares_results_and_events_tell_who_did_what_when(world: World, tmp_path: Path) -> None:
    claimed, offered = await _live(world)
    lines = await exported(world, tmp_path)
    shares = {line["id"]: line for line in _of(lines, "shared_order")}
    assert list(shares) == [claimed, offered]
    assert [(each["recipient"], each["status"]) for each in shares.values()] == [
        ("recipient", "CLAIMED"),
        ("member", "OFFERED"),
    ]
    assert shares[claimed].keys() == {
        *("kind", "id", "organisation", "order", "sender", "recipient", "permission", "message", "status"),
        *("opens_at", "closes_at", "claimed_at", "created_at"),
    }
    [result] = _of(lines, "processing_result")
    at = result.pop("at")
    assert result.pop("id").startswith("ProcessingResult_")
    assert result == {
        "kind": "processing_result",
        "organisation": FAMILY,
        "order": "O-owner",
        "order_version": 2,
        "action": "REPORT_LOSS",
        "actor": "recipient",
        "via": "SHARED_ORDER",
        "shared_order_id": claimed,
        "note": "Water",
        "from_status": "IN_FORCE",
        "to_status": "LOSS_REPORTED",
    }
    last = _of(lines, "event")[-1]
    assert last.pop("id").startswith("Event_")
    assert last == {
        "kind": "event",
        "organisation": FAMILY,
        "sequence": await head(world),
        "event": "ORDER_STATUS_CHANGED",
        "occurred_at": at,
        "actor": "recipient",
        "order": "O-owner",
        "order_version": 2,
        "shared_order_id": None,
        "sender": None,
        "recipient": None,
        "member": None,
        "previous_status": "IN_FORCE",
        "status": "LOSS_REPORTED",
        "reason_cause": "PROCESSED",
        "reason_action": "REPORT_LOSS",
        "reason_via": "SHARED_ORDER",
        "reason_at": at,
    }


async def test_every_time_is_rfc_3339_in_utc(world: World, tmp_path: Path) -> None:
    await _live(world)
    await world.mutate(
        "admin",
        "removeMember",
        "",
        organisationId=await world.organisation_id(),
        userId=await world.user_id("member"),
    )
    lines = await exported(world, tmp_path, None)
    times = [
        (name, value)
        for line in lines
        for name, value in (*line.items(), *(line.get("last_imported") or {}).items())
        if (name == "at" or name.endswith("_at")) and value is not None
    ]
    assert {name for name, _ in times} >= {"taken_at", "removed_at", "claimed_at", "reason_at", "effective_at"}
    assert [each for each in times if not _RFC_3339.fullmatch(each[1])] == []


async def test_all_organisations_are_exported_where_none_is_named_and_again_the_same(
    world: World, tmp_path: Path
) -> None:
    await _live(world)
    first, second = [await exported(world, tmp_path, None) for _ in range(2)]
    assert [line["organisation"] for line in _of(first, "organisation")] == [FAMILY, "strangers"]
    assert first[1:] == second[1:]


async def test_an_organisation_that_is_not_there_is_notexported(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "export.jsonl"
    assert await run_export(world.database, "fam\nily", output) == 1
    assert capsys.readouterr().err == "Not exported: there is no organisation 'fam\\nily'.\n"
    assert not output.exists()


async def test_what_is_committed_while_it_reads_is_not_in_it(world: World) -> None:
    async with world.database.read() as session, _reading(session) as records:
        await anext(records)
        await world.process("owner", await world.order_id(), "ENDORSE")
        found = [json.loads(record_line(record)) async for record in records]
    assert _of(found, "processing_result") == []
    assert {line["version"] for line in _of(found, "order")} == {1}
    assert [line["last_sequence"] for line in _of(found, "organisation")] == [10, 2]
    assert len(_of(found, "event")) == 12


@asynccontextmanager
async def _reading(session: Any) -> AsyncIterator[Any]:
    records = export_records(session, None)
    yield records
    await records.aclose()


async def test_orders_and_types_alone_are_files_to_import(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await _live(world)
    await world.import_rows(
        row("O-ended", "admin", status=OrderStatus.CANCELLED, title='A "title", with\u2028all', premium_minor=0)
    )
    orders, types = tmp_path / "orders.jsonl", tmp_path / "types.jsonl"
    assert await run_export(world.database, FAMILY, orders, Selection.ORDERS) == 0
    assert await run_export(world.database, None, types, Selection.TYPES) == 0
    assert capsys.readouterr().err == "Exported: order 6.\nExported: order_type 2.\n"
    elsewhere = sqlite_url(tmp_path / "elsewhere.db")
    await asyncio.to_thread(migrate, elsewhere)
    other = Database(elsewhere)

    assert await run_import(other, orders, types) == 0

    assert "Orders: 6 imported, 0 updated, 0 unchanged.\nRows refused: 0.\n" in capsys.readouterr().out
    again = tmp_path / "again.jsonl"
    assert await run_export(other, FAMILY, again, Selection.ORDERS) == 0
    assert sorted(again.read_text().splitlines()) == sorted(orders.read_text().splitlines())
    await other.close()


async def test_an_owner_who_was_removed_is_exported_without_a_role(world: World, tmp_path: Path) -> None:
    organisation, owner = await world.organisation_id(), await world.user_id("owner")
    await world.mutate("admin", "removeMember", "", organisationId=organisation, userId=owner)
    lines = await exported(world, tmp_path)
    roles = {line["member"]: line["role"] for line in _of(lines, "order")}
    assert roles == {**PEOPLE, "owner": None}
    removed = {line["member"]: line["removed_at"] is not None for line in _of(lines, "member")}
    assert removed == {**dict.fromkeys(PEOPLE, False), "owner": True}


async def test_a_large_organisation_is_read_a_few_hundred_rows_at_a_time(database: Database, tmp_path: Path) -> None:
    orders = csv_file(tmp_path / "orders.csv", [values(number) for number in range(_MANY)])
    assert await run_import(database, orders, types_file(tmp_path / "types.csv")) == 0
    output = tmp_path / "export.jsonl"
    await run_export(database, "fund", output)
    tracemalloc.start()
    await run_export(database, "fund", output)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum(b'"kind":"order",' in line for line in output.read_bytes().splitlines()) == _MANY
    assert peak < output.stat().st_size / 2
