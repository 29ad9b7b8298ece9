"""Rows as JSON Lines: an object a line, by the names of its columns."""

from collections.abc import Collection, Iterator

import orjson

from app.table_rows import MAX_ROW_CHARACTERS, BadRow, Record, shown
from app.text_lines import Lines, RowTooLong, TextForm


def json_records(
    lines: Lines, form: TextForm, columns: Collection[str], *, skips_unknown: bool
) -> Iterator[Record | BadRow]:
    """Yield the rows; blank lines are left out.

    Args:
        lines: The lines of the file.
        form: What they were read as.
        columns: The columns that a row may have; what one lacks is an empty text.
        skips_unknown: Whether others are left out, rather than refused.
    """
    while True:
        line = lines.begin_row()
        try:
            text = next(lines)
        except StopIteration:
            return
        except RowTooLong:
            yield BadRow(line, f"more than {MAX_ROW_CHARACTERS} characters")
        else:
            if form.broken.search(text):
                yield BadRow(line, f"not {form.name}")
            elif text.strip():
                yield _record(line, text, columns, skips_unknown)


def _record(line: int, text: str, columns: Collection[str], skips_unknown: bool) -> Record | BadRow:
    try:
        row = orjson.loads(text)
    except orjson.JSONDecodeError as fault:
        return BadRow(line, f"not JSON: {fault.msg}")
    if not isinstance(row, dict):
        return BadRow(line, "not a JSON object")
    unknown = [name for name in row if name not in columns]
    if unknown and not skips_unknown:
        return BadRow(line, f"there is no column {shown(unknown[0])}")
    values: dict[str, str] = {}
    for name in columns:
        value = row.get(name)
        if isinstance(value, bool) or not isinstance(value, str | int | None):
            return BadRow(line, f"{name}: neither a string nor an integer")
        # As a CSV file has it: an integer as its digits, nothing as an empty text.
        values[name] = "" if value is None else str(value)
    return Record(line, values)
