"""The import as people use it: a dry run, templates to fill in, files of a spreadsheet, a table on a terminal."""

import asyncio
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from db.database import Database
from tests.integration.command_line import CommandLine, Ended
from tests.integration.import_files import HEADER, csv_file, line, types_file, values
from tests.integration.served_demonstration import REPOSITORY, environment
from tests.integration.workbooks import workbook
from tests.world import World

SUMMARY = (
    "Order types: 1 imported, 0 updated, 0 unchanged.\n"
    "Organisations: {organisations} imported, 0 updated.\n"
    "Members: {members} imported, 0 updated.\n"
    "Orders: {orders} imported, 0 updated, 0 unchanged.\n"
    "Rows refused: {refused}.\n"
)
DRY = "A dry run: nothing has changed.\n"


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], database_url: str) -> CommandLine:
    return CommandLine(monkeypatch, capsys, database_url=database_url)


def dump(url: str) -> object:
    """Return all that is in a database."""

    async def read() -> object:
        database = Database(url)
        world = World(database)
        try:
            return await world.dump()
        finally:
            await world.http.aclose()
            await database.close()

    return asyncio.run(read())


def test_a_dry_run_tells_the_same_and_changes_nothing(command: CommandLine, database_url: str, tmp_path: Path) -> None:
    # More than a batch, with a row that can hold only after an earlier batch, and refused ones in both.
    rows = [values(number, organisation=f"o-{number % 3}") for number in range(1_200)]
    rows[3]["type"] = "UNKNOWN"
    rows[1_100] = values(5, organisation="o-2", expires_at="2025-01-01T00:00:00Z")
    rows[1_150] = values(5, organisation="o-2", title="Another title")
    orders = str(csv_file(tmp_path / "orders.csv", rows))
    types = ["--types", str(types_file(tmp_path / "types.csv"))]
    before = dump(database_url)

    dry = command("import", orders, *types, "--dry-run")

    assert dump(database_url) == before
    wet = command("import", orders, *types)
    assert dry == Ended(wet.code, wet.printed, wet.complained + DRY)
    assert (wet.code, wet.complained.splitlines()) == (
        1,
        [
            "orders.csv, line 5: type: There is no such order type.",
            "orders.csv, line 1102: expires_at: expiresAt must not be before effectiveAt.",
        ],
    )
    assert wet.printed.endswith("Orders: 1197 imported, 1 updated, 0 unchanged.\nRows refused: 2.\n")
    assert dump(database_url) != before


def test_a_dry_run_in_which_every_row_would_hold_is_success(
    command: CommandLine, database_url: str, tmp_path: Path
) -> None:
    orders = str(csv_file(tmp_path / "orders.csv", [values(1)]))
    types = str(types_file(tmp_path / "types.csv"))
    before = dump(database_url)

    for _ in range(2):
        assert command("import", orders, "--types", types, "--dry-run") == Ended(
            0, SUMMARY.format(organisations=1, members=1, orders=1, refused=0), DRY
        )

    assert dump(database_url) == before


def test_a_dry_run_of_a_file_that_cannot_be_read_fails_alike(command: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("reference\n")
    dry = command("import", str(tmp_path / "orders.csv"), "--dry-run")
    assert (dry.code, dry.printed) == (1, "")
    assert dry == command("import", str(tmp_path / "orders.csv"))


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_templates_can_be_imported_as_they_stand(command: CommandLine, tmp_path: Path, ending: str) -> None:
    orders, types = (str(tmp_path / f"{name}.{ending}") for name in ("orders", "types"))

    assert command("import", orders, "--template") == Ended(0, "", "")
    assert command("import", types, "--template-types") == Ended(0, "", "")

    assert command("import", orders, "--types", types) == Ended(
        0, SUMMARY.format(organisations=1, members=1, orders=1, refused=0), ""
    )


def test_templates_say_the_same_in_either_form(command: CommandLine, tmp_path: Path) -> None:
    files = [str(tmp_path / name) for name in ("orders.csv", "orders.xlsx")]
    types = str(tmp_path / "types.csv")
    command("import", types, "--template-types")
    for file in files:
        command("import", file, "--template")
    command("import", files[0], "--types", types)
    again = command("import", files[1])
    assert (again.code, again.printed.splitlines()[-2]) == (0, "Orders: 0 imported, 0 updated, 1 unchanged.")


def test_a_template_without_a_name_is_printed(command: CommandLine) -> None:
    assert command("import", "--template").printed == (
        HEADER + "lin-family,Lin family,mei@lin.example,Lin Mei,ADMIN,LIN-001,HOSPITAL,Hospital cover of Lin Mei,"
        "125000,EUR,IN_FORCE,2026-01-01T00:00:00Z,2027-01-01T00:00:00Z,2\n"
    )
    assert command("import", "--template-types").printed == "code,name,priority\nHOSPITAL,Hospital cover,10\n"


def test_a_template_takes_the_place_of_no_file(command: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("mine")
    assert command("import", str(path), "--template") == Ended(
        1, "", f"Not written: {path} is there already: name a new file\n"
    )
    assert path.read_text() == "mine"


@pytest.mark.parametrize("arguments", [(), ("missing.csv",), (".",)])
def test_without_a_file_of_orders_the_usage_is_told(command: CommandLine, arguments: tuple[str, ...]) -> None:
    ended = command("import", *arguments)
    assert (ended.code, ended.printed) == (2, "")
    assert "Usage" in ended.complained


def test_a_workbook_and_gb18030_and_unknown_columns_are_imported(command: CommandLine, tmp_path: Path) -> None:
    book = workbook(tmp_path / "orders.xlsx", [values(1), values(2)])
    text = tmp_path / "orders.csv"
    chinese = "".join(line(f"C-{number}", "林氏医疗保障,x") for number in range(4))
    text.write_bytes((HEADER.replace("title", "title,note") + chinese).encode("gb18030"))

    with_types = command("import", str(book), "--types", str(types_file(tmp_path / "types.csv")))
    assert with_types == Ended(0, SUMMARY.format(organisations=1, members=2, orders=2, refused=0), "")
    assert command("import", str(text)) == Ended(
        1,
        "",
        f"Not imported: {text}: the text is not UTF-8: save the file as UTF-8, or say what it is, "
        "such as --encoding gb18030\n",
    )
    ended = command("import", str(text), "--encoding", "gb18030", "--skip-unknown-columns")
    assert (ended.code, ended.complained) == (0, "")
    assert ended.printed.endswith("Orders: 4 imported, 0 updated, 0 unchanged.\nRows refused: 0.\n")


@contextmanager
def _terminal() -> Iterator[tuple[int, int]]:
    master, slave = pty.openpty()
    try:
        yield master, slave
    finally:
        os.close(master)


def _on_a_terminal(*arguments: str, **settings: str) -> tuple[int, str]:
    """Run a command whose standard output is a terminal; return its exit code and what it printed there."""
    with _terminal() as (master, slave):
        process = subprocess.Popen(
            [sys.executable, "-m", "app", *arguments],
            cwd=REPOSITORY,
            env=environment(TERM="xterm", COLUMNS="100", **settings),
            stdout=slave,
            stderr=subprocess.DEVNULL,
        )
        os.close(slave)
        printed = b""
        try:
            while piece := os.read(master, 65_536):
                printed += piece
        except OSError:
            # Linux tells the end of a terminal so.
            pass
        return process.wait(60), printed.decode()


@pytest.mark.parametrize("colours", [True, False])
def test_on_a_terminal_the_summary_is_a_table(sqlite_url: str, tmp_path: Path, colours: bool) -> None:
    orders = csv_file(tmp_path / "orders.csv", [values(1), values(2, type="UNKNOWN")])
    settings = {"ORDERSHARE_DATABASE_URL": sqlite_url} | ({} if colours else {"NO_COLOR": "1"})

    code, printed = _on_a_terminal("import", str(orders), "--types", str(types_file(tmp_path / "t.csv")), **settings)

    assert ("\x1b[1;31m" in printed, "\x1b[31m" in printed) == (colours, False)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", printed)
    cells = [re.findall(r"[\w ]+\w", row) for row in plain.splitlines()]
    assert code == 1
    assert [[cell.strip() for cell in row] for row in cells if row] == [
        ["imported", "updated", "unchanged"],
        ["Order types", *"100"],
        ["Organisations", *"10"],
        ["Members", *"10"],
        ["Orders", *"100"],
        ["Rows refused", "1"],
    ]
