"""Exports as tests read them."""

import json
from pathlib import Path
from typing import Any

from app.export_command import run_export
from tests.world import FAMILY, World

Line = dict[str, Any]


async def exported(world: World, tmp_path: Path, organisation: str | None = FAMILY) -> list[Line]:
    """Return the lines of an export."""
    output = tmp_path / "export.jsonl"
    assert await run_export(world.database, organisation, output) == 0
    return [json.loads(line) for line in output.read_text().splitlines()]
