"""A log may be trimmed as docs/scaling.md says, and who resumes from before that is told."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import bindparam, text
from sqlmodel import col, select, update

from db.log_cursor import LogCursor
from db.log_tables import EventRow
from db.tables import metadata
from resolvers.verify_organisations import verify_organisations
from schema.global_id import decode_node_id
from tests.listening import EVENTS, document, head, hear, log_cursor
from tests.served_world import Server, terminal
from tests.world import World

_SCALING = Path(__file__).parents[2] / "docs" / "scaling.md"
_WRITTEN = 3


async def _organisation_id(world: World) -> UUID:
    return decode_node_id(await world.organisation_id())[1]


async def _write(world: World) -> None:
    for _ in range(_WRITTEN):
        answer = await world.process("owner", await world.order_id(), "ENDORSE")
        assert answer["codes"] == []


async def _make_old(world: World, until: int, age: timedelta) -> None:
    """Let the events up to a sequence have happened long ago."""
    of_log = col(EventRow.organisation_id) == await _organisation_id(world)
    change = update(EventRow).where(of_log, col(EventRow.sequence) <= until)
    async with world.database.engine.begin() as connection:
        await connection.execute(change.values(occurred_at=datetime.now(UTC) - age))


async def _trim(world: World, age: timedelta) -> None:
    [statements] = re.findall(r"```sql\n(.*?)```", _SCALING.read_text(), re.DOTALL)
    given = {"organisation_id": await _organisation_id(world), "oldest": datetime.now(UTC) - age}
    columns = metadata.tables["event"].c
    types = {"organisation_id": columns["organisation_id"].type, "oldest": columns["occurred_at"].type}
    async with world.database.engine.begin() as connection:
        for statement in filter(str.strip, statements.split(";")):
            named = [name for name in types if f":{name}" in statement]
            typed = text(statement).bindparams(*(bindparam(name, type_=types[name]) for name in named))
            await connection.execute(typed, {name: given[name] for name in named})


async def _kept(world: World) -> list[int]:
    of_log = col(EventRow.organisation_id) == await _organisation_id(world)
    async with world.database.read() as session:
        return list(await session.exec(select(EventRow.sequence).where(of_log).order_by(col(EventRow.sequence))))


async def _verified(world: World) -> list[str]:
    async with world.database.read() as session:
        return list(await verify_organisations(session))


@pytest.mark.parametrize("all_are_old", [False, True])
async def test_what_is_old_goes_and_the_last_event_stays(world: World, all_are_old: bool) -> None:
    await _write(world)
    last = await head(world)
    await _make_old(world, last if all_are_old else last - 2, timedelta(days=400))
    await _trim(world, timedelta(days=365))
    assert await _kept(world) == ([last] if all_are_old else [last - 1, last])
    assert await _verified(world) == []
    await _write(world)
    assert await head(world) == last + _WRITTEN
    assert await _verified(world) == []


async def test_a_cursor_from_before_what_is_kept_is_invalid_and_later_ones_resume(world: World, server: Server) -> None:
    organisation, old = await world.organisation_id(), await log_cursor(world, "owner")
    await _write(world)
    last, kept = await head(world), await log_cursor(world, "owner")
    await _write(world)
    await _make_old(world, last - 1, timedelta(days=400))
    await _trim(world, timedelta(days=365))
    start = str(LogCursor.before_everything(await _organisation_id(world)))
    async with terminal(server, world.token("owner")) as opened:
        for gone in (old, start):
            await opened.subscribe(document(EVENTS), organisation=organisation, after=gone)
            message = await opened.receive()
            assert [error["extensions"] for error in message["payload"]] == [{"code": "CURSOR_INVALID"}]
        await opened.subscribe(document(EVENTS, "sequence"), organisation=organisation, after=kept)
        heard = await hear(opened, EVENTS, last + _WRITTEN)
        assert [event["sequence"] for event in heard] == list(range(last + 1, last + _WRITTEN + 1))
