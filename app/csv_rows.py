"""Rows of CSV, in the dialects that spreadsheets write: separated by commas, semicolons or tabs."""

import csv
import re
from collections.abc import Iterator

from app.table_rows import MAX_ROW_CHARACTERS, BadRow, Fields
from app.text_lines import Lines, RowTooLong, TextForm

_DELIMITERS = ",;\t"
_SAID = re.compile(r'"?sep=(?P<delimiter>[^"\r\n])"?[\r\n]*', re.IGNORECASE)


def csv_rows(lines: Lines, form: TextForm) -> Iterator[Fields | BadRow]:
    """Yield the rows, the header first; a row that cannot be read swallows no other. Blank lines are left out.

    What separates the fields is what a first line such as `sep=;` says, or else what the header has most of.

    Args:
        lines: The lines of the file.
        form: What they were read as.
    """
    reader = csv.reader(lines, delimiter=_delimiter(lines), strict=True)
    while True:
        line = lines.begin_row()
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as fault:
            lines.resume_after_first()
            yield BadRow(line, f"broken quotation marks: {fault}")
        except RowTooLong:
            lines.resume_after_first()
            yield BadRow(line, f"more than {MAX_ROW_CHARACTERS} characters, or a quotation mark that is not closed")
        else:
            if form.broken.search("".join(fields)):
                yield BadRow(line, f"not {form.name}")
            # A spreadsheet writes an empty row as separators alone.
            elif any(fields):
                yield Fields(line, fields)


def _delimiter(lines: Lines) -> str:
    lines.begin_row()
    try:
        first = next(lines, "")
    except RowTooLong:
        first = ""
    if said := _SAID.fullmatch(first):
        return said["delimiter"]
    lines.resume_with_first()
    return max(_DELIMITERS, key=first.count)
