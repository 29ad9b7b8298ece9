"""Files as the platform writes them."""

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from app.order_file import COLUMNS, read_orders
from app.table_file import TableFile
from app.table_rows import BadRow
from resolvers.import_platform_rows import PlatformRow

HEADER = ",".join(COLUMNS) + "\n"

Values = dict[str, Any]


def values(number: int, **changes: Any) -> Values:
    """Return the columns of a row about an order of its own, of an owner of its own."""
    return {
        "organisation": "fund",
        "organisation_name": "The fund",
        "member": f"user-{number}",
        "member_name": f"User {number}",
        "role": "",
        "reference": f"F-{number}",
        "type": "HOSPITAL",
        "title": "Hospital cover",
        "premium_minor": 1000,
        "currency": "EUR",
        "status": "IN_FORCE",
        "effective_at": "2026-01-01T00:00:00Z",
        "expires_at": "",
        "max_shares": 2,
        **changes,
    }


def csv_file(path: Path, rows: Iterable[Values]) -> Path:
    """Write a file of orders and return its path."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return path


def types_file(path: Path) -> Path:
    """Write a file with the one order type of those rows and return its path."""
    path.write_text("code,name,priority\nHOSPITAL,Hospital cover,10\n")
    return path


def line(reference: str, title: str = "Basic cover", **changes: str) -> str:
    """Return a line of a CSV file; `title` is put in as it is, quotation marks and all."""
    columns = {name: str(value) for name, value in values(1, reference=reference, **changes).items()}
    return ",".join((columns | {"title": title})[name] for name in COLUMNS) + "\n"


def read(path: Path, content: str | bytes) -> list[tuple[int, PlatformRow] | BadRow]:
    """Write a file of that content and return what is read from it."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with TableFile.opened(path, COLUMNS) as file:
        return list(read_orders(file))


def told(rows: list[tuple[int, PlatformRow] | BadRow]) -> list[tuple[int, str]]:
    """Return the line of each row with its order's reference, or with why it cannot be read."""
    return [(row.line, row.reason) if isinstance(row, BadRow) else (row[0], row[1].order.reference) for row in rows]
