"""Workbooks as Excel makes them, and as nobody should."""

import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from app.order_file import COLUMNS
from tests.integration.import_files import Values


def workbook(path: Path, rows: Iterable[Values], columns: Sequence[str] = COLUMNS) -> Path:
    """Write a workbook of orders, with the values as they are, and return its path."""
    return sheet(path, [columns, *([each[name] for name in columns] for each in rows)])


def sheet(path: Path, rows: Iterable[Sequence[Any]]) -> Path:
    """Write a workbook of one sheet with these cells, and return its path."""
    book = Workbook()
    for row in rows:
        book.worksheets[0].append(list(row))
    book.save(path)
    return path


def replaced(path: Path, part: str, content: bytes) -> Path:
    """Write another content in place of a part of a workbook, packed as well as can be, and return its path."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, held in (parts | {part: content}).items():
            archive.writestr(name, held)
    return path
