"""Importing whole files: what is told of their rows, and what a broken run leaves behind."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlmodel import func, select

from app.import_orders import ImportReport, RefusedRow, import_file
from app.table_rows import WrongColumns
from db.database import Database
from db.order_tables import OrderRow
from tests.integration.import_files import csv_file, types_file, values
from tests.integration.imports import log_of
from tests.world import World


async def load(database: Database, orders: Path, types: Path | None = None) -> tuple[ImportReport, list[str]]:
    """Import files and return the report and the rows refused, each as one line."""
    refused: list[RefusedRow] = []
    report = await import_file(database, orders, types, lambda _done, _total: None, refused.append)
    return report, [f"{row.file.name} {row.line} {row.reason}" for row in refused]


async def orders_in(database: Database) -> int:
    async with database.read() as session:
        return (await session.exec(select(func.count()).select_from(OrderRow))).one()


async def test_files_bring_types_organisations_members_and_orders(database: Database, tmp_path: Path) -> None:
    orders = csv_file(tmp_path / "orders.csv", [values(1), values(2, organisation="team", role="ADMIN"), values(3)])
    types = types_file(tmp_path / "types.csv")

    assert await load(database, orders, types) == (
        ImportReport(orders_imported=3, organisations_imported=2, members_imported=3, types_imported=1),
        [],
    )
    logged = await log_of(database, "fund")

    assert await load(database, orders, types) == (ImportReport(orders_unchanged=3, types_unchanged=1), [])
    assert await log_of(database, "fund") == logged


async def test_json_lines_say_the_same_as_csv(world: World, tmp_path: Path) -> None:
    rows = [values(1), values(2, role="ADMIN", expires_at="2027-01-01T00:00:00+02:00")]
    await load(world.database, csv_file(tmp_path / "orders.csv", rows))
    before = await world.dump()
    lines = tmp_path / "orders.jsonl"
    sparse = {**rows[0], "role": None}
    del sparse["expires_at"]
    lines.write_text("".join(json.dumps(row) + "\n" for row in (sparse, rows[1])))

    assert await load(world.database, lines) == (ImportReport(orders_unchanged=2), [])

    assert await world.dump() == before


async def test_bad_rows_are_told_by_line_and_reason_and_good_rows_kept(database: Database, tmp_path: Path) -> None:
    orders = csv_file(
        tmp_path / "orders.csv",
        [
            values(2, type="UNKNOWN"),
            values(3),
            values(4, premium_minor="10.00"),
            values(5, member=""),
            values(6, effective_at="2026-01-01T00:00:00"),
            values(7, premium_minor=-1),
            values(8, currency="euro"),
            values(9),
            values(3, max_shares=-1),
        ],
    )

    report, refused = await load(database, orders, types_file(tmp_path / "types.csv"))

    assert report == ImportReport(
        orders_imported=2, organisations_imported=1, members_imported=2, types_imported=1, refused=7
    )
    assert refused == [
        "orders.csv 2 type: There is no such order type.",
        "orders.csv 4 premium_minor: '10.00' is not an integer",
        "orders.csv 5 member: A reference has 1 to 200 characters, no control characters, and no blank at either end.",
        "orders.csv 6 effective_at: '2026-01-01T00:00:00' has no zone, such as Z or +02:00",
        "orders.csv 7 premium_minor: The premium is 0 to 2147483647 minor units.",
        "orders.csv 8 currency: A currency is three capital letters (ISO 4217).",
        "orders.csv 10 max_shares: maxShares is 0 to 10000.",
    ]


async def test_bad_types_are_told_by_line_too(database: Database, tmp_path: Path) -> None:
    types = tmp_path / "types.csv"
    types.write_text("priority,code,name\n1,LIFE,Life\nfirst,CAR,Car\n99999999999,DOG,Dog\n")

    report, refused = await load(database, csv_file(tmp_path / "orders.csv", [values(1, type="LIFE")]), types)

    assert (report.types_imported, report.orders_imported, report.refused) == (1, 1, 2)
    assert refused == [
        "types.csv 3 priority: 'first' is not an integer",
        "types.csv 4 priority: A priority is an integer of 32 bits.",
    ]


async def test_a_file_with_wrong_columns_imports_nothing(world: World, tmp_path: Path) -> None:
    before = await world.dump()
    orders = tmp_path / "orders.csv"
    orders.write_text("organisation,reference\nfund,F-1\n")

    with pytest.raises(WrongColumns):
        await load(world.database, orders, types_file(tmp_path / "types.csv"))

    assert await world.dump() == before


async def test_the_progress_is_told_batch_by_batch_in_bytes(database: Database, tmp_path: Path) -> None:
    orders = csv_file(tmp_path / "orders.csv", (values(number, type="UNKNOWN") for number in range(2500)))
    told: list[tuple[int, int]] = []

    await import_file(database, orders, None, lambda *progress: told.append(progress), lambda _row: None)

    size = orders.stat().st_size
    assert [total for _, total in told] == [size] * 3
    assert 0 < told[0][0] < told[1][0] < told[2][0] == size


async def test_an_import_that_fails_leaves_whole_batches_and_a_second_one_completes_it(
    database: Database, tmp_path: Path
) -> None:
    orders = csv_file(tmp_path / "orders.csv", (values(number) for number in range(2100)))
    await load(database, csv_file(tmp_path / "none.csv", []), types_file(tmp_path / "types.csv"))

    def fail_after_the_second(done: int, _total: int) -> None:
        batches.append(done)
        if len(batches) == 2:
            raise ConnectionResetError

    batches: list[int] = []
    with pytest.raises(ConnectionResetError):
        await import_file(database, orders, None, fail_after_the_second, lambda _row: None)

    assert await orders_in(database) == 2000
    report, _ = await load(database, orders)
    assert (report.orders_imported, report.orders_unchanged, report.members_imported) == (100, 2000, 100)


KILLED_AFTER_ONE_BATCH = """
import asyncio, os, signal, sys
from pathlib import Path
from app.import_orders import import_file
from db.database import Database

async def load(url, orders):
    await import_file(Database(url), Path(orders), None, lambda *_: os.kill(os.getpid(), signal.SIGKILL), print)

asyncio.run(load(*sys.argv[1:]))
"""


async def test_an_import_that_is_killed_leaves_whole_batches_and_a_second_one_completes_it(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    orders = csv_file(tmp_path / "orders.csv", (values(number) for number in range(1100)))
    await load(database, csv_file(tmp_path / "none.csv", []), types_file(tmp_path / "types.csv"))

    killed = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", KILLED_AFTER_ONE_BATCH, database_url, str(orders)],
        check=False,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )

    assert killed.returncode == -signal.SIGKILL
    assert await orders_in(database) == 1000
    assert (await load(database, orders))[0].orders_imported == 100
    # Of each owner: that they joined, and their order.
    assert len(await log_of(database, "fund")) == 2200


async def test_two_runs_over_the_same_file_at_once_import_each_row_once(database: Database, tmp_path: Path) -> None:
    orders = csv_file(
        tmp_path / "orders.csv", (values(number, organisation=f"o-{number % 7}") for number in range(300))
    )
    await load(database, csv_file(tmp_path / "none.csv", []), types_file(tmp_path / "types.csv"))

    reports = [report for report, _ in await asyncio.gather(*(load(database, orders) for _ in range(3)))]

    total = sum(reports, start=ImportReport())
    assert (total.orders_imported, total.orders_unchanged, total.refused) == (300, 600, 0)
    assert (total.organisations_imported, total.members_imported) == (7, 300)
