"""Importing the platform's files: in batches, each of them one transaction, so that a crash leaves whole batches.

A row that was imported already changes nothing, so a second run completes what a first one left undone.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from app import order_file, type_file
from app.table_file import AS_IT_IS, Reading, TableFile
from app.table_rows import BadRow
from db.database import Database
from domain.errors import DomainError
from domain.importing import MAX_IMPORT_ROWS
from resolvers.import_order_types import TypesAnswer, import_order_types
from resolvers.import_platform_rows import PlatformAnswer, PlatformRow, import_platform_rows

Answer = TypeVar("Answer")
Row = TypeVar("Row")

Work = Callable[[AsyncSession], Awaitable[Any]]
Write = Callable[[Work], Awaitable[Any]]
OnRefused = Callable[["RefusedRow"], None]

_MAX_ATTEMPTS = 5
_UNIQUE_VIOLATION = "23505"
_COLUMN_OF = {"owner_reference": "member", "amount_minor": "premium_minor"}


@dataclass(frozen=True)
class RefusedRow:
    """A row that was not imported: its file, the line on which it begins, from 1, and why."""

    file: Path
    line: int
    reason: str


@dataclass(frozen=True)
class ImportReport:
    """What an import did, in numbers of orders, organisations, members, order types and rows refused."""

    orders_imported: int = 0
    orders_updated: int = 0
    orders_unchanged: int = 0
    organisations_imported: int = 0
    organisations_updated: int = 0
    members_imported: int = 0
    members_updated: int = 0
    types_imported: int = 0
    types_updated: int = 0
    types_unchanged: int = 0
    refused: int = 0

    def __add__(self, other: "ImportReport") -> "ImportReport":
        """Return what both did together."""
        return ImportReport(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))


@dataclass
class _Batch(Generic[Row]):
    """Rows that follow each other in a file, with their lines, and those among them that cannot be read."""

    lines: list[int]
    rows: list[Row]
    bad: list[BadRow]


async def import_file(
    database: Database,
    orders: Path,
    types: Path | None,
    on_progress: Callable[[int, int], None],
    on_refused: OnRefused,
    reading: Reading = AS_IT_IS,
    *,
    dry: bool = False,
) -> ImportReport:
    """Import a file of orders, with the organisations and members it names; first, if given, one of order types.

    Rows that can hold are imported, the others are told; nothing is kept in memory but the batch at hand.

    Args:
        database: Where to import to.
        orders: The file of orders.
        types: The file of order types, or None to leave those as they are.
        on_progress: Told after each batch how many bytes of `orders` are done, and how many there are; 0 where
            that cannot be known.
        on_refused: Told of each row that was not imported, batch by batch, by line.
        reading: How to read both files.
        dry: Whether to do all of it in one transaction, and roll that back: it answers the same and changes nothing,
            but whatever it would change is locked until its end.

    Raises:
        OSError: Where a file cannot be read.
        UnreadableFile: Where one is no file of rows, or a workbook that is broken further on; batches before that are
            kept.
        WrongColumns: Where one has not the columns that it must have; nothing is imported then.
    """

    async def import_by(write: Write) -> ImportReport:
        report = ImportReport()
        with TableFile.opened(orders, order_file.COLUMNS, reading) as file:
            if types is not None:
                report += await _import_types(write, types, reading, on_refused)
            for batch in _batches(order_file.read_orders(file)):
                report += await _import_orders(write, orders, batch, on_refused)
                on_progress(file.bytes_read, file.size)
        return report

    if dry:
        return await database.rehearse(lambda session: import_by(partial(_write_within, session)))
    return await import_by(partial(_write, database))


async def _import_types(write: Write, path: Path, reading: Reading, on_refused: OnRefused) -> ImportReport:
    report = ImportReport()
    with TableFile.opened(path, type_file.COLUMNS, reading) as file:
        for batch in _batches(type_file.read_types(file)):
            answer: TypesAnswer = await write(partial(import_order_types, types=batch.rows))
            report += ImportReport(
                types_imported=answer.imported,
                types_updated=answer.updated,
                types_unchanged=answer.unchanged,
                refused=_tell(path, batch, answer.refusals, on_refused),
            )
    return report


async def _import_orders(write: Write, path: Path, batch: _Batch[PlatformRow], on_refused: OnRefused) -> ImportReport:
    answer: PlatformAnswer = await write(partial(import_platform_rows, rows=batch.rows))
    return ImportReport(
        orders_imported=answer.orders.imported,
        orders_updated=answer.orders.updated,
        orders_unchanged=answer.orders.unchanged,
        organisations_imported=answer.organisations_imported,
        organisations_updated=answer.organisations_updated,
        members_imported=answer.members_imported,
        members_updated=answer.members_updated,
        refused=_tell(path, batch, answer.orders.refusals, on_refused),
    )


def _batches(rows: Iterable[tuple[int, Row] | BadRow]) -> Iterator[_Batch[Row]]:
    batch: _Batch[Row] = _Batch([], [], [])
    for row in rows:
        if isinstance(row, BadRow):
            batch.bad.append(row)
        else:
            batch.lines.append(row[0])
            batch.rows.append(row[1])
        if len(batch.rows) + len(batch.bad) == MAX_IMPORT_ROWS:
            yield batch
            batch = _Batch([], [], [])
    if batch.rows or batch.bad:
        yield batch


async def _write(database: Database, work: Callable[[AsyncSession], Awaitable[Answer]]) -> Answer:
    """Run `work` in a transaction; begin anew where another one has made the same user, say, at the same time."""
    for _ in range(_MAX_ATTEMPTS - 1):
        try:
            return await database.write(work)
        except IntegrityError as fault:
            if getattr(fault.orig, "sqlstate", None) != _UNIQUE_VIOLATION:
                raise
    return await database.write(work)


async def _write_within(session: AsyncSession, work: Work) -> Any:
    """Run `work` in a transaction that goes on."""
    answer = await work(session)
    await session.flush()
    # The next batch begins as with a session of its own, and this one's rows do not stay in memory.
    session.expunge_all()
    return answer


def _tell(
    path: Path,
    batch: _Batch[Row],
    refusals: Sequence[DomainError],
    on_refused: OnRefused,
) -> int:
    """Tell of the rows of a batch that were not imported, by line, and return how many they are."""
    reasons = {bad.line: bad.reason for bad in batch.bad}
    for refusal in refusals:
        _, position, *field = refusal.path
        column = _COLUMN_OF.get(field[-1], field[-1])
        reasons[batch.lines[int(position)]] = f"{column}: {refusal.message}"
    for line in sorted(reasons):
        on_refused(RefusedRow(path, line, reasons[line]))
    return len(reasons)
