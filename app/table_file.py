"""Reading a file of rows, CSV or JSON Lines, line by line: what is broken is told by its line, and reading goes on."""

import csv
import re
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader, TextIOWrapper
from pathlib import Path

import orjson

MAX_ROW_CHARACTERS = 16_384
"""A longer row is broken: no row that could be imported comes near it, and it bounds the memory."""

_NOT_UTF8 = re.compile(r"[\udc80-\udcff]")


class WrongColumns(Exception):
    """The file has not the columns that it must have."""


class _RowTooLong(Exception):
    """A row does not end within MAX_ROW_CHARACTERS."""


@dataclass(frozen=True)
class Record:
    """A row as its file has it: the text of each column, and the line on which it begins, from 1."""

    line: int
    values: Mapping[str, str]


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be read: the line on which it begins, from 1, and why."""

    line: int
    reason: str


def shown(text: str) -> str:
    """Return text of a file as a message can quote it: short, and harmless to a terminal."""
    return ascii(text[:40])


class TableFile:
    """A file of rows that is being read.

    Attributes:
        size: How long the file is, in bytes; 0 where that cannot be known.
    """

    def __init__(self, path: Path, content: BufferedReader, columns: Collection[str]) -> None:
        """Begin at the first row; `opened` opens a file.

        Args:
            path: Where the file is; `.jsonl` is JSON Lines, everything else CSV with a header.
            content: Its content.
            columns: The columns that it must have, in any order.

        Raises:
            WrongColumns: Where the header of a CSV file has others.
        """
        self.size = path.stat().st_size if content.seekable() else 0
        self._content = content
        self._columns = columns
        # A byte that is no UTF-8 becomes a lone surrogate, so that it breaks its own row and no other.
        text = TextIOWrapper(content, encoding="utf-8-sig", errors="surrogateescape", newline="")
        self._lines = _Lines(text)
        self._rows = None if path.suffix.lower() == ".jsonl" else _csv_rows(self._lines)
        self._header = self._checked_header(path, self._rows) if self._rows else []

    @classmethod
    @contextmanager
    def opened(cls, path: Path, columns: Collection[str]) -> "Iterator[TableFile]":
        """Open a file for as long as the context lasts.

        Raises:
            OSError: Where it cannot be read.
            WrongColumns: Where the header of a CSV file has other columns.
        """
        with path.open("rb") as content:
            yield cls(path, content, columns)

    @property
    def bytes_read(self) -> int:
        """How much of the file has been read, in bytes; 0 where `size` is."""
        return self._content.tell() if self.size else 0

    def records(self) -> Iterator[Record | BadRow]:
        """Yield the rows in their order; blank lines are left out.

        Raises:
            OSError: Where the file cannot be read on.
        """
        return _json_records(self._lines, self._columns) if self._rows is None else self._csv_records(self._rows)

    def _csv_records(self, rows: "Iterator[_Fields | BadRow]") -> Iterator[Record | BadRow]:
        for row in rows:
            if isinstance(row, BadRow):
                yield row
            elif len(row.fields) != len(self._header):
                self._lines.resume_after_first()
                yield BadRow(row.line, f"{len(row.fields)} fields where there are {len(self._header)} columns")
            elif _NOT_UTF8.search("".join(row.fields)):
                yield BadRow(row.line, "not UTF-8")
            else:
                yield Record(row.line, dict(zip(self._header, row.fields, strict=True)))

    def _checked_header(self, path: Path, rows: "Iterator[_Fields | BadRow]") -> list[str]:
        first = next(rows, None)
        names = first.fields if isinstance(first, _Fields) else []
        wrong = {
            "missing": [name for name in self._columns if name not in names],
            "unknown": [shown(name) for name in names if name not in self._columns],
            "more than once": sorted({name for name in self._columns if names.count(name) > 1}),
        }
        if any(wrong.values()):
            told = "; ".join(f"{what}: {', '.join(which)}" for what, which in wrong.items() if which)
            raise WrongColumns(f"{path}: the first line does not name the columns ({told})")
        return names


@dataclass(frozen=True)
class _Fields:
    line: int
    fields: list[str]


class _Lines:
    """The lines of a file by their numbers; those of the present row can be read once more."""

    def __init__(self, text: TextIOWrapper) -> None:
        self._text = text
        self._again: deque[str] = deque()
        self._row: list[str] = []
        self._row_length = 0
        self._next_number = 1

    def begin_row(self) -> int:
        """Let the next line be the first of a row, and return its number."""
        self._row, self._row_length = [], 0
        return self._next_number

    def resume_after_first(self) -> None:
        """Let the next line be the second of the present row: its first is broken, and may have swallowed others."""
        swallowed = self._row[1:]
        self._again.extendleft(reversed(swallowed))
        self._next_number -= len(swallowed)

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._read()
        if not line:
            raise StopIteration
        self._row.append(line)
        self._row_length += len(line)
        self._next_number += 1
        if self._row_length > MAX_ROW_CHARACTERS:
            raise _RowTooLong
        return line

    def _read(self) -> str:
        """Return the next line, or what there is room for of one that is too long anyway."""
        line = rest = self._text.readline(MAX_ROW_CHARACTERS + 1)
        while rest and not rest.endswith(("\n", "\r")):
            rest = self._text.readline(MAX_ROW_CHARACTERS + 1)
        return line


def _csv_rows(lines: _Lines) -> Iterator[_Fields | BadRow]:
    reader = csv.reader(lines, strict=True)
    while True:
        line = lines.begin_row()
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as fault:
            lines.resume_after_first()
            yield BadRow(line, f"broken quotation marks: {fault}")
        except _RowTooLong:
            lines.resume_after_first()
            yield BadRow(line, f"more than {MAX_ROW_CHARACTERS} characters, or a quotation mark that is not closed")
        else:
            if fields:
                yield _Fields(line, fields)


def _json_records(lines: _Lines, columns: Collection[str]) -> Iterator[Record | BadRow]:
    while True:
        line = lines.begin_row()
        try:
            text = next(lines)
        except StopIteration:
            return
        except _RowTooLong:
            yield BadRow(line, f"more than {MAX_ROW_CHARACTERS} characters")
        else:
            if text.strip():
                yield _json_record(line, text, columns)


def _json_record(line: int, text: str, columns: Collection[str]) -> Record | BadRow:
    if _NOT_UTF8.search(text):
        return BadRow(line, "not UTF-8")
    try:
        row = orjson.loads(text)
    except orjson.JSONDecodeError as fault:
        return BadRow(line, f"not JSON: {fault.msg}")
    if not isinstance(row, dict):
        return BadRow(line, "not a JSON object")
    if unknown := [name for name in row if name not in columns]:
        return BadRow(line, f"there is no column {shown(unknown[0])}")
    values: dict[str, str] = {}
    for name in columns:
        value = row.get(name)
        if isinstance(value, bool) or not isinstance(value, str | int | None):
            return BadRow(line, f"{name}: neither a string nor an integer")
        # As a CSV file has it: an integer as its digits, nothing as an empty text.
        values[name] = "" if value is None else str(value)
    return Record(line, values)
