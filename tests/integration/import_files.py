"""Files as the platform writes them."""

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from app.order_file import COLUMNS

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
