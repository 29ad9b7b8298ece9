"""The command that imports the platform's files."""

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from app.import_orders import ImportReport, RefusedRow, import_file
from app.table_file import WrongColumns
from db.database import Database


async def run_import(database: Database, orders: Path, types: Path | None = None) -> int:
    """Import files; show the progress and every row refused on standard error, and a summary on standard output.

    Args:
        database: Where to import to; its schema is current.
        orders: The file of orders: `.jsonl` is JSON Lines, everything else CSV.
        types: The file of order types, alike, or None.

    Returns:
        The command's exit code: 0 where every row of the files is imported, 1 where one was refused or a file
        cannot be read.
    """
    errors = Console(stderr=True, soft_wrap=True, highlight=False, markup=False, emoji=False)
    try:
        with _progress(errors) as progress:
            task = progress.add_task(orders.name, total=None)

            def advance(done: int, total: int) -> None:
                progress.update(task, completed=done, total=total or None)

            def refuse(row: RefusedRow) -> None:
                errors.print(f"{row.file.name}, line {row.line}: {row.reason}")

            report = await import_file(database, orders, types, advance, refuse)
    except (OSError, WrongColumns) as fault:
        errors.print(f"Not imported: {fault}")
        return 1
    _summarise(report, with_types=types is not None)
    return 1 if report.refused else 0


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=console,
        # A bar that nobody watches would only litter a log.
        disable=not console.is_terminal,
    )


def _summarise(report: ImportReport, *, with_types: bool) -> None:
    output = Console(soft_wrap=True, highlight=False)
    if with_types:
        output.print(
            f"Order types: {report.types_imported} imported, {report.types_updated} updated, "
            f"{report.types_unchanged} unchanged."
        )
    output.print(f"Organisations: {report.organisations_imported} imported, {report.organisations_updated} updated.")
    output.print(f"Members: {report.members_imported} imported, {report.members_updated} updated.")
    output.print(
        f"Orders: {report.orders_imported} imported, {report.orders_updated} updated, "
        f"{report.orders_unchanged} unchanged."
    )
    output.print(f"Rows refused: {report.refused}.")
