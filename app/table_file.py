"""Reading a file row by row: what is broken is told by its line, and reading goes on."""

import difflib
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from app.csv_rows import csv_rows
from app.json_rows import json_records
from app.table_rows import BadRow, Fields, Record, UnreadableFile, WrongColumns, shown
from app.text_lines import PEEKED_BYTES, Encoding, Lines, text_form
from app.workbook_rows import is_workbook, workbook_rows


@dataclass(frozen=True)
class Reading:
    """How files are to be read.

    Attributes:
        encoding: The encoding of text without a byte order mark; None for UTF-8, or UTF-16 where it looks so.
        skips_unknown: Whether columns that nobody knows are left out, rather than refused.
    """

    encoding: Encoding | None = None
    skips_unknown: bool = False


AS_IT_IS = Reading()


class TableFile:
    """A file of rows that is being read: a workbook where it begins as one, JSON Lines where it is named so, or CSV.

    Attributes:
        size: How long the file is, in bytes; 0 where that cannot be known.
    """

    def __init__(self, path: Path, content: BufferedReader, columns: Collection[str], reading: Reading) -> None:
        """Begin at the first row; `opened` opens a file, and closes what this opens.

        Args:
            path: Where the file is.
            content: Its content.
            columns: The columns that it must have, in any order.
            reading: How to read it.

        Raises:
            UnreadableFile: Where it is no file of rows.
            WrongColumns: Where the header has other columns.
        """
        self.size = path.stat().st_size if content.seekable() else 0
        self._content = content
        self._columns = columns
        self._skips_unknown = reading.skips_unknown
        self._opened = ExitStack()
        self._lines: Lines | None = None
        self._header: list[str] = []
        beginning = content.peek(PEEKED_BYTES)[:PEEKED_BYTES]
        if is_workbook(beginning):
            self._records = self._by_header(self._opened.enter_context(workbook_rows(content)))
            return
        form = text_form(beginning, reading.encoding)
        self._lines = form.lines(content)
        if path.suffix.lower() == ".jsonl":
            self._records = json_records(self._lines, form, columns, skips_unknown=self._skips_unknown)
        else:
            self._records = self._by_header(csv_rows(self._lines, form))

    @classmethod
    @contextmanager
    def opened(cls, path: Path, columns: Collection[str], reading: Reading = AS_IT_IS) -> "Iterator[TableFile]":
        """Open a file for as long as the context lasts.

        Raises:
            OSError: Where it cannot be read.
            UnreadableFile: Where it is no file of rows.
            WrongColumns: Where the header has other columns.
        """
        buffered: BufferedReader = BufferedReader(path.open("rb", buffering=0), PEEKED_BYTES)
        with buffered as content:
            try:
                file = cls(path, content, columns, reading)
                with file._opened:
                    yield file
            except UnreadableFile as fault:
                raise type(fault)(f"{path}: {fault}") from None

    @property
    def bytes_read(self) -> int:
        """How much of the file has been read, in bytes; 0 where `size` is."""
        return self._content.tell() if self.size else 0

    def records(self) -> Iterator[Record | BadRow]:
        """Yield the rows in their order; blank ones are left out.

        Raises:
            OSError: Where the file cannot be read on.
            UnreadableFile: Where a workbook is broken from here on.
        """
        return self._records

    def _by_header(self, rows: Iterator[Fields | BadRow]) -> Iterator[Record | BadRow]:
        first = next(rows, None)
        self._header = self._checked_header(first.fields if isinstance(first, Fields) else [])
        return self._named(rows)

    def _named(self, rows: Iterator[Fields | BadRow]) -> Iterator[Record | BadRow]:
        width = len(self._header)
        for row in rows:
            if isinstance(row, BadRow):
                yield row
                continue
            fields = row.fields
            # A workbook has no cells where a row ends early, and a spreadsheet writes columns that are empty.
            if self._lines is None:
                fields = fields + [""] * (width - len(fields))
            while len(fields) > width and not fields[-1]:
                fields = fields[:-1]
            if len(fields) != width:
                if self._lines is not None:
                    self._lines.resume_after_first()
                yield BadRow(row.line, f"{len(fields)} fields where there are {width} columns")
            else:
                values = zip(self._header, fields, strict=True)
                yield Record(row.line, {name: value for name, value in values if name in self._columns})

    def _checked_header(self, names: list[str]) -> list[str]:
        while names and not names[-1]:
            names = names[:-1]
        unknown = [] if self._skips_unknown else [name for name in names if name not in self._columns]
        wrong = {
            "missing": [name for name in self._columns if name not in names],
            "unknown": [shown(name) + self._meant(name) for name in unknown],
            "more than once": sorted({name for name in self._columns if names.count(name) > 1}),
        }
        if not any(wrong.values()):
            return names
        told = "; ".join(f"{what}: {', '.join(which)}" for what, which in wrong.items() if which)
        # Where there is only more than is needed.
        only_unknown = bool(unknown) and not wrong["missing"] and not wrong["more than once"]
        hint = ": delete what is unknown, or leave it out by --skip-unknown-columns" if only_unknown else ""
        raise WrongColumns(f"the first line does not name the columns ({told}){hint}")

    def _meant(self, name: str) -> str:
        near = difflib.get_close_matches(name.strip().lower()[:40], self._columns, n=1, cutoff=0.8)
        return f" (meant: {near[0]}?)" if near else ""
