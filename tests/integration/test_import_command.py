"""The command that imports files, as an operator sees it."""

from pathlib import Path

import pytest

from app.import_command import run_import
from db.database import Database
from tests.integration.import_files import csv_file, types_file, values


async def test_the_summary_is_on_standard_output_and_every_row_imported_is_success(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    orders = csv_file(tmp_path / "orders.csv", [values(1), values(2)])

    assert await run_import(database, orders, types_file(tmp_path / "types.csv")) == 0

    shown = capsys.readouterr()
    assert shown.err == ""
    assert shown.out == (
        "Order types: 1 imported, 0 updated, 0 unchanged.\n"
        "Organisations: 1 imported, 0 updated.\n"
        "Members: 2 imported, 0 updated.\n"
        "Orders: 2 imported, 0 updated, 0 unchanged.\n"
        "Rows refused: 0.\n"
    )


async def test_a_refused_row_is_on_standard_error_and_makes_the_command_fail(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    orders = csv_file(tmp_path / "[bold]orders.csv", [values(1), values(2, status="[red]")])

    assert await run_import(database, orders, types_file(tmp_path / "types.csv")) == 1

    shown = capsys.readouterr()
    statuses = "PENDING, IN_FORCE, LOSS_REPORTED, GRACE_PERIOD, SUSPENDED, LAPSED, CANCELLED"
    assert shown.err == f"[bold]orders.csv, line 3: status: '[red]' is none of {statuses}\n"
    assert shown.out.endswith("Orders: 1 imported, 0 updated, 0 unchanged.\nRows refused: 1.\n")


async def test_a_file_that_cannot_be_read_is_one_line_on_standard_error(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "missing.csv"
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("organisation;member\n")

    assert await run_import(database, missing) == 1
    assert await run_import(database, wrong) == 1

    shown = capsys.readouterr()
    first, second = shown.err.splitlines()
    assert first == f"Not imported: [Errno 2] No such file or directory: '{missing}'"
    assert second.startswith(
        f"Not imported: {wrong}: the first line does not name the columns (missing: organisation_name,"
    )
    assert shown.out == ""
