"""Rows of an Excel workbook (.xlsx): those of its first visible sheet, read in a stream."""

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from io import BufferedReader
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from app.table_rows import MAX_ROW_CHARACTERS, BadRow, Fields, UnreadableFile

MAX_UNPACKED_BYTES = 1_000_000_000
"""A sheet of Excel's million rows fits; what says that it unpacks to more is made to hurt."""
MAX_WHOLE_BYTES = 100_000_000
"""Of what is kept in memory as a whole: whatever is no sheet, such as the texts that cells share."""

_ZIP, _OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_MAX_PARTS, _MAX_ROWS, _MAX_COLUMNS = 10_000, 1_048_576, 256
_MAX_COMPRESSION = 250
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_SECOND = timedelta(seconds=1)
# What a broken archive, and XML that is none, is hostile or no workbook's, are answered with by the libraries below.
_BROKEN = (
    zipfile.BadZipFile,
    InvalidFileException,
    ParseError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    EOFError,
    OverflowError,
    zipfile.zlib.error,  # type: ignore[attr-defined]  # zipfile names what it unpacks with
)


def is_workbook(beginning: bytes) -> bool:
    """Return whether a file that begins so is a workbook, or means to be one, whatever its name.

    Raises:
        UnreadableFile: Where it is one of an older Excel, or one that is locked by a password.
    """
    if beginning.startswith(_OLD_EXCEL):
        raise UnreadableFile("an .xls workbook, or one with a password: save it as .xlsx without one, or as CSV UTF-8")
    return beginning.startswith(_ZIP)


@contextmanager
def workbook_rows(content: BufferedReader) -> Iterator[Iterator[Fields | BadRow]]:
    """Open a workbook for as long as the context lasts; yields the rows of its first visible sheet.

    Dates, which a workbook has without a zone, are read as UTC; numbers without a fraction as integers; formulas as
    Excel last computed them. Empty rows are left out.

    Raises:
        UnreadableFile: Where it is broken, no workbook, or would unpack to too much. A sheet that is broken further on
            raises it when it is read.
    """
    if not content.seekable():
        raise UnreadableFile("a workbook cannot be read from a pipe: name its file")
    _require_harmless(content)
    try:
        book = load_workbook(content, read_only=True, data_only=True, keep_links=False)
    except _BROKEN as fault:
        raise UnreadableFile(f"no workbook that can be read ({type(fault).__name__}): save it anew as .xlsx") from None
    try:
        sheet = next((each for each in book.worksheets if each.sheet_state == "visible"), None)
        if sheet is None:
            raise UnreadableFile("the workbook has no sheet of rows")
        yield _rows(sheet)
    finally:
        book.close()


def _require_harmless(content: BufferedReader) -> None:
    """Refuse an archive by what it says of itself: unpacking never yields more than that."""
    try:
        with zipfile.ZipFile(content) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as fault:
        raise UnreadableFile(f"a broken .xlsx ({type(fault).__name__}): save it anew") from None
    if not any(part.filename == "[Content_Types].xml" for part in parts):
        raise UnreadableFile("a zip archive and no .xlsx workbook: unpack it, and import the file inside")
    whole = [part for part in parts if not part.filename.startswith("xl/worksheets/")]
    if (
        len(parts) > _MAX_PARTS
        or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES
        or sum(part.file_size for part in whole) > MAX_WHOLE_BYTES
        or any(part.file_size > _MAX_COMPRESSION * max(part.compress_size, 1) for part in parts)
        or any(part.compress_type not in _METHODS or part.flag_bits & _ENCRYPTED for part in parts)
    ):
        raise UnreadableFile("the workbook would unpack to too much: save its sheet of orders as CSV UTF-8")


def _rows(sheet: Any) -> Iterator[Fields | BadRow]:
    # What a sheet says of its own size need not be so.
    sheet.reset_dimensions()
    cells = sheet.iter_rows(max_row=_MAX_ROWS, max_col=_MAX_COLUMNS)
    line = 0
    while True:
        line += 1
        try:
            row = next(cells, None)
        except _BROKEN as fault:
            raise UnreadableFile(f"the sheet is broken from row {line} on ({type(fault).__name__})") from None
        if row is None:
            return
        if any(cell.value is not None for cell in row):
            yield _row(line, row)


def _row(line: int, row: Sequence[Any]) -> Fields | BadRow:
    for cell in row:
        if cell.data_type == "e":
            return BadRow(line, f"{cell.coordinate}: the cell shows the error {str(cell.value)[:10]!a}")
    fields = [_text(cell.value) for cell in row]
    if sum(map(len, fields)) > MAX_ROW_CHARACTERS:
        return BadRow(line, f"more than {MAX_ROW_CHARACTERS} characters")
    while fields and not fields[-1]:
        fields.pop()
    return Fields(line, fields)


def _text(value: object) -> str:
    """Return what a cell holds as CSV has it."""
    match value:
        case None:
            return ""
        case datetime():
            # The fraction is what is left of a number of days that has no exact form.
            whole = (value + _SECOND / 2).replace(microsecond=0)
            return whole.replace(tzinfo=UTC).isoformat().replace("+00:00", "Z")
        case date():
            return f"{value.isoformat()}T00:00:00Z"
        case bool():
            return str(value).upper()
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)
