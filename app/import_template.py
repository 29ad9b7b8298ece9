"""Files to fill in: the columns of an import, with a row to show what belongs there."""

import csv
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from app import order_file, type_file
from app.whole_file import whole_file
from domain.vocabulary import MemberRole, OrderStatus

Row = Sequence[str | int | datetime]

_TYPES: Sequence[Row] = (type_file.COLUMNS, ("HOSPITAL", "Hospital cover", 10))
_ORDERS: Sequence[Row] = (
    order_file.COLUMNS,
    (
        "lin-family",
        "Lin family",
        "mei@lin.example",
        "Lin Mei",
        MemberRole.ADMIN.value,
        "LIN-001",
        "HOSPITAL",
        "Hospital cover of Lin Mei",
        125_000,
        "EUR",
        OrderStatus.IN_FORCE.value,
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2027, 1, 1, tzinfo=UTC),
        2,
    ),
)
_WIDTH = 22
_DATE_FORM = "yyyy-mm-dd hh:mm:ss"


def write_template(path: Path | None, *, of_types: bool) -> None:
    """Write a file of columns and one row, which can be imported as it stands.

    Args:
        path: The file to make: a workbook where it ends in `.xlsx`, otherwise CSV; None for CSV on standard output.
        of_types: Whether it is for order types; otherwise for orders.

    Raises:
        FileExistsError: Where the file is there already.
        OSError: Where it cannot be written.
    """
    rows = _TYPES if of_types else _ORDERS
    if path is None:
        sys.stdout.write(_as_csv(rows, "\n"))
        return
    if path.exists():
        raise FileExistsError(f"{path} is there already: name a new file")
    with whole_file(path) as file:
        if path.suffix.lower() == ".xlsx":
            _workbook(rows).save(file)
        else:
            # With the mark, a spreadsheet takes the file as UTF-8, and saves it as that again.
            file.write(_as_csv(rows, "\r\n").encode("utf-8-sig"))


def _as_csv(rows: Sequence[Row], ending: str) -> str:
    written = StringIO()
    csv.writer(written, lineterminator=ending).writerows([_text(value) for value in row] for row in rows)
    return written.getvalue()


def _text(value: str | int | datetime) -> str:
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else str(value)


def _workbook(rows: Sequence[Row]) -> Workbook:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.freeze_panes = "A2"
    for row in rows:
        # A workbook's dates have no zone; they are read as UTC.
        sheet.append([value.replace(tzinfo=None) if isinstance(value, datetime) else value for value in row])
    for number, value in enumerate(rows[-1], start=1):
        sheet.column_dimensions[get_column_letter(number)].width = _WIDTH
        if isinstance(value, datetime):
            sheet.cell(len(rows), number).number_format = _DATE_FORM
    return book
