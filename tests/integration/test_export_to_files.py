"""Where an export goes: into a file that is whole or not there, or to the standard output."""

import asyncio
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL

from app.export_command import run_export
from db.database import Database
from tests.integration.exports import exported
from tests.world import FAMILY, World, row

_MANY = 2_000


async def test_a_file_that_cannot_be_written_is_one_line_on_standard_error(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run_export(world.database, None, tmp_path / "missing" / "export.jsonl") == 1
    assert capsys.readouterr().err == "Not exported: No such file or directory.\n"


async def test_an_export_that_is_broken_off_leaves_the_old_file_and_nothing_beside(
    world: World, tmp_path: Path
) -> None:
    output = tmp_path / "export.jsonl"
    assert await run_export(world.database, FAMILY, output) == 0
    before = output.read_bytes()
    task = asyncio.create_task(run_export(world.database, None, output))
    while not _beside(output):  # noqa: ASYNC110 - it is nobody's event
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert output.read_bytes() == before
    assert _beside(output) == []
    assert stat.S_IMODE(output.stat().st_mode) == 0o600


def _beside(output: Path) -> list[str]:
    """Return the names of the files that stand beside an export and belong to it."""
    return [name for name in os.listdir(output.parent) if name != output.name and output.name in name]


def _command(database_url: str, *arguments: str, **options: Any) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "ORDERSHARE_DATABASE_URL": database_url}
    command = [sys.executable, "-m", "app", "export", *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


async def test_standard_output_is_the_same_and_nothing_else(world: World, tmp_path: Path, database_url: str) -> None:
    lines = await exported(world, tmp_path)
    ended = _command(database_url, "--organisation", FAMILY)
    printed, complained = await asyncio.to_thread(ended.communicate)
    assert ended.returncode == 0
    assert [json.loads(line) for line in printed.splitlines()][1:] == lines[1:]
    counts = "order_type 2, organisation 1, member 5, order 5, shared_order 0, processing_result 0, event 10"
    assert complained.decode() == f"Exported: {counts}.\n"


async def test_a_reader_who_leaves_is_told_as_a_failure(world: World, database_url: str) -> None:
    await world.import_rows(*(row(f"B-{number}", "owner") for number in range(500)))
    ended = _command(database_url)
    assert ended.stdout is not None
    ended.stdout.close()
    complained = await asyncio.to_thread(lambda: ended.stderr and ended.stderr.read())
    assert (await asyncio.to_thread(ended.wait), complained) == (1, b"Not exported: Broken pipe.\n")
    assert ended.stderr is not None
    ended.stderr.close()


async def test_what_is_no_file_is_written_to_as_it_is(world: World, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = asyncio.create_task(asyncio.to_thread(pipe.read_bytes))
    assert await asyncio.to_thread(lambda: asyncio.run(_export_to(world.database.engine.url, pipe))) == 0
    assert len((await reading).splitlines()) == 30
    assert stat.S_ISFIFO(os.stat(pipe).st_mode)


async def _export_to(url: URL, output: Path) -> int:
    database = Database(url.render_as_string(hide_password=False))
    try:
        return await run_export(database, None, output)
    finally:
        await database.close()
