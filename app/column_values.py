"""What the texts in the columns of an imported file mean."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar

from app.table_file import TableFile
from app.table_rows import BadRow, Record, shown

Word = TypeVar("Word", bound=StrEnum)
Row = TypeVar("Row")

_INTEGER = re.compile(r"-?[0-9]{1,18}")
_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ](?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?"
    r"(?P<zone>[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])?"
)


class BadValue(Exception):
    """A column's text means nothing; the message names the column."""


def read_rows(file: TableFile, parse: Callable[[Record], Row]) -> Iterator[tuple[int, Row] | BadRow]:
    """Yield what `parse` makes of each row, with the line on which it begins; a `BadValue` that it raises is told.

    Raises:
        OSError: Where the file cannot be read on.
    """
    for record in file.records():
        if isinstance(record, BadRow):
            yield record
            continue
        try:
            yield record.line, parse(record)
        except BadValue as fault:
            yield BadRow(record.line, str(fault))


def integer(record: Record, column: str) -> int:
    """Return a column's text as an integer.

    Raises:
        BadValue: Where it is anything but decimal digits, at most 18, with or without a minus.
    """
    text = record.values[column]
    if not _INTEGER.fullmatch(text):
        raise BadValue(f"{column}: {shown(text)} is not an integer")
    return int(text)


def word(record: Record, column: str, words: type[Word]) -> Word:
    """Return a column's text as one of a set of words.

    Raises:
        BadValue: Where it is none of them, to the letter.
    """
    text = record.values[column]
    try:
        return words(text)
    except ValueError:
        raise BadValue(f"{column}: {shown(text)} is none of {', '.join(words)}") from None


def instant(record: Record, column: str) -> datetime:
    """Return a column's text as an instant, in UTC.

    Raises:
        BadValue: Where it is no time of RFC 3339, or one without its zone.
    """
    text = record.values[column]
    form = _RFC_3339.fullmatch(text)
    if form and not form["zone"]:
        raise BadValue(f"{column}: {shown(text)} has no zone, such as Z or +02:00")
    try:
        if form:
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        # There is no such day or second, or it is outside the years 1 to 9999 in UTC.
        pass
    raise BadValue(f"{column}: {shown(text)} is not a time of RFC 3339, such as 2027-11-01T00:00:00Z")
