"""What the texts in the columns of a file mean, to the letter."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.table_rows import BadRow
from tests.integration.import_files import HEADER, line, read

MAY_FIRST = datetime(2025, 5, 1, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "orders.csv"


@pytest.mark.parametrize("text", ["", "1.0", "1e3", "1_000", " 1", "+1", "٣", "0x10", "9" * 5000, "one"])
def test_an_integer_is_nothing_but_its_digits(path: Path, text: str) -> None:
    [row] = read(path, HEADER + line("R-1", premium_minor=text))

    assert isinstance(row, BadRow)
    assert row.reason == f"premium_minor: {text[:40]!a} is not an integer"


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2025-05-01T00:00:00Z", MAY_FIRST),
        ("2025-05-01 00:00:00z", MAY_FIRST),
        ("2025-05-01t05:30:00+05:30", MAY_FIRST),
        ("2025-04-30T23:59:59.999999999-00:00", MAY_FIRST - timedelta(microseconds=1)),
    ],
)
def test_an_instant_is_a_time_of_rfc_3339(path: Path, text: str, instant: datetime) -> None:
    [row] = read(path, HEADER + line("R-1", effective_at=text))

    assert not isinstance(row, BadRow)
    assert row[1].order.effective_at == instant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2025-05-01",
        "2025-02-30T00:00:00Z",
        "2025-05-01T24:00:00Z",
        "2025-05-01T00:00:60Z",
        "2025-05-01T00:00Z",
        "20250501T000000Z",
        "2025-W18-4T00:00:00Z",
        "2025-05-01T00:00:00+0200",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
        "1746057600",
    ],
)
def test_what_is_no_instant_is_told(path: Path, text: str) -> None:
    [row] = read(path, HEADER + line("R-1", effective_at=text))

    reason = f"effective_at: {text!r} is not a time of RFC 3339, such as 2027-11-01T00:00:00Z"
    assert row == BadRow(2, reason)


def test_an_instant_without_a_zone_is_refused_for_that(path: Path) -> None:
    [row] = read(path, HEADER + line("R-1", expires_at="2025-05-01T00:00:00"))

    assert row == BadRow(2, "expires_at: '2025-05-01T00:00:00' has no zone, such as Z or +02:00")


@pytest.mark.parametrize(("column", "text"), [("role", "admin"), ("status", ""), ("status", "in_force")])
def test_a_word_is_one_of_its_set_to_the_letter(path: Path, column: str, text: str) -> None:
    [row] = read(path, HEADER + line("R-1", **{column: text}))

    assert isinstance(row, BadRow)
    assert row.reason.startswith(f"{column}: {text!r} is none of ")
