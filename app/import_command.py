"""The command that imports the platform's files."""

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from app.import_orders import ImportReport, RefusedRow, import_file
from app.table_file import AS_IT_IS, Reading
from app.table_rows import UnreadableFile
from db.database import Database

Line = tuple[str, dict[str, int]]


async def run_import(
    database: Database, orders: Path, types: Path | None = None, reading: Reading = AS_IT_IS, *, dry: bool = False
) -> int:
    """Import files; show the progress and every row refused on standard error, and a summary on standard output.

    The summary is a table on a terminal, and elsewhere lines that stay as they are.

    Args:
        database: Where to import to; its schema is current.
        orders: The file of orders: a workbook, JSON Lines where it ends in `.jsonl`, or CSV.
        types: The file of order types, alike, or None.
        reading: How to read both.
        dry: Whether to change nothing, and tell what would have been.

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

            report = await import_file(database, orders, types, advance, refuse, reading, dry=dry)
    except (OSError, UnreadableFile) as fault:
        errors.print(f"Not imported: {fault}")
        return 1
    _summarise(_lines(report, with_types=types is not None), report.refused)
    if dry:
        errors.print("A dry run: nothing has changed.")
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


def _lines(report: ImportReport, *, with_types: bool) -> list[Line]:
    """Return what the summary tells: of what, and how much of it became what."""
    types = {
        "imported": report.types_imported,
        "updated": report.types_updated,
        "unchanged": report.types_unchanged,
    }
    orders = {
        "imported": report.orders_imported,
        "updated": report.orders_updated,
        "unchanged": report.orders_unchanged,
    }
    return [
        *([("Order types", types)] if with_types else []),
        ("Organisations", {"imported": report.organisations_imported, "updated": report.organisations_updated}),
        ("Members", {"imported": report.members_imported, "updated": report.members_updated}),
        ("Orders", orders),
    ]


def _summarise(lines: list[Line], refused: int) -> None:
    output = Console(soft_wrap=True, highlight=False)
    if output.is_terminal:
        output.print(_table(lines, refused), soft_wrap=False)
        return
    for what, counts in lines:
        output.print(f"{what}: {', '.join(f'{count} {became}' for became, count in counts.items())}.")
    output.print(f"Rows refused: {refused}.")


def _table(lines: list[Line], refused: int) -> Table:
    table = Table("", show_footer=True)
    table.columns[0].footer = "Rows refused"
    for became in ("imported", "updated", "unchanged"):
        table.add_column(became, justify="right")
    table.columns[1].footer = f"{refused:,}"
    table.columns[1].footer_style = "bold red" if refused else "bold green"
    for what, counts in lines:
        cells = (f"{counts[became]:,}" if became in counts else "" for became in ("imported", "updated", "unchanged"))
        table.add_row(what, *cells)
    return table
