"""The command that exports organisations: JSON Lines, in a stream."""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from enum import Enum
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from rich.console import Console
from sqlmodel.ext.asyncio.session import AsyncSession

from app.export_lines import RecordLine, first_line, last_line, order_line, record_line, type_line
from app.whole_file import whole_file
from db.database import Database, present
from resolvers.export_records import RecordKind, export_records, find_organisation


class Selection(Enum):
    """What to export."""

    EVERYTHING = tuple(RecordKind), record_line
    ORDERS = (RecordKind.ORDER,), order_line
    TYPES = (RecordKind.ORDER_TYPE,), type_line

    def __init__(self, kinds: tuple[RecordKind, ...], line: RecordLine) -> None:
        """Name the kinds of records, in order, and what makes a line of one."""
        self.kinds = kinds
        self.line = line


class NotExported(Exception):
    """There is nothing to export, or nowhere to; the message says why."""


async def run_export(
    database: Database,
    organisation: str | None = None,
    output: Path | None = None,
    selection: Selection = Selection.EVERYTHING,
) -> int:
    """Export from one snapshot, and tell on standard error how many records there were.

    Args:
        database: What to export from; its schema is current.
        organisation: The reference of the organisation; None for all.
        output: The file to write, which is there whole or not at all; None for standard output.
        selection: What to export.

    Returns:
        The command's exit code: 0 where everything is written, otherwise 1.
    """
    errors = Console(stderr=True, soft_wrap=True, highlight=False, markup=False, emoji=False)
    try:
        async with database.read() as session:
            organisation_id = await _find(session, organisation)
            with _written(output) as file:
                count = await _write(session, organisation_id, selection, file)
    except NotExported as fault:
        errors.print(f"Not exported: {fault}.")
        return 1
    told = ", ".join(f"{kind} {count[kind]}" for kind in selection.kinds)
    errors.print(f"Exported: {told}.")
    return 0


async def _find(session: AsyncSession, reference: str | None) -> UUID | None:
    if reference is None:
        return None
    organisation_id = await find_organisation(session, reference)
    if organisation_id is None:
        raise NotExported(f"there is no organisation {reference!a}")
    return organisation_id


async def _write(
    session: AsyncSession, organisation_id: UUID | None, selection: Selection, file: BinaryIO
) -> Counter[RecordKind]:
    count: Counter[RecordKind] = Counter()
    # What is taken in again is rows alone.
    framed = selection is Selection.EVERYTHING
    if framed:
        file.write(first_line(await present(session)))
    async with aclosing(export_records(session, organisation_id, selection.kinds)) as records:
        async for record in records:
            file.write(selection.line(record))
            count[record.kind] += 1
    if framed:
        file.write(last_line(count.total() + 1))
    return count


@contextmanager
def _written(output: Path | None) -> Iterator[BinaryIO]:
    try:
        if output is not None:
            with whole_file(output) as file:
                yield file
        else:
            # A writer of our own: what it cannot write fails here, and not in the interpreter's last moments.
            with open(sys.stdout.fileno(), "wb", closefd=False) as file:
                yield file
    except OSError as fault:
        raise NotExported(fault.strerror or str(fault)) from fault
