"""Reading files of orders: what is broken is told by its line, and everything else is read."""

import json
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.order_file import COLUMNS, read_orders
from app.table_file import TableFile
from app.table_rows import MAX_ROW_CHARACTERS, BadRow, WrongColumns
from domain.vocabulary import MemberRole, OrderStatus
from resolvers.import_orders import OrderToImport
from resolvers.import_platform_rows import PlatformRow
from tests.integration.import_files import HEADER, line, read, told, values

MAY_FIRST = datetime(2025, 5, 1, tzinfo=UTC)
TOO_LONG = f"more than {MAX_ROW_CHARACTERS} characters, or a quotation mark that is not closed"


def titles(rows: list[tuple[int, PlatformRow] | BadRow]) -> list[str]:
    return [row[1].order.title for row in rows if not isinstance(row, BadRow)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "orders.csv"


@pytest.fixture
def lines_path(tmp_path: Path) -> Path:
    return tmp_path / "orders.JSONL"


def test_a_row_is_read_by_the_names_in_the_header(path: Path) -> None:
    content = (
        "max_shares,title,organisation,organisation_name,member,member_name,role,reference,type,premium_minor,"
        "currency,status,effective_at,expires_at\n"
        "3,Basic,fund,Fund,ann,Ann,ADMIN,R-1,BASIC,1000,EUR,PENDING,2025-05-01T00:00:00Z,2025-05-01T02:00:00.5+02:00\n"
    )

    assert read(path, content) == [
        (
            2,
            PlatformRow(
                organisation="fund",
                organisation_name="Fund",
                member_name="Ann",
                role=MemberRole.ADMIN,
                order=OrderToImport(
                    reference="R-1",
                    owner_reference="ann",
                    type="BASIC",
                    title="Basic",
                    premium_minor=1000,
                    currency="EUR",
                    status=OrderStatus.PENDING,
                    effective_at=MAY_FIRST,
                    expires_at=MAY_FIRST + timedelta(seconds=0.5),
                    max_shares=3,
                ),
            ),
        )
    ]


def test_an_empty_role_and_an_empty_end_are_none(path: Path) -> None:
    [row] = read(path, HEADER + line("R-1", role="", expires_at=""))

    assert not isinstance(row, BadRow)
    assert (row[1].role, row[1].order.expires_at) == (None, None)


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "with a byte order mark"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_any_ending_of_lines_and_a_byte_order_mark_are_read(path: Path, mark: str, ending: str) -> None:
    content = mark + (HEADER + line("R-1") + "\n" + line("R-2")).replace("\n", ending)

    assert told(read(path, content)) == [(2, "R-1"), (4, "R-2")]


def test_a_last_line_without_an_ending_is_read(path: Path) -> None:
    assert told(read(path, HEADER + line("R-1").rstrip())) == [(2, "R-1")]


def test_quoted_commas_marks_and_new_lines_are_part_of_the_text_and_lines_stay_right(path: Path) -> None:
    rows = read(path, HEADER + line("R-1", '"A, ""B""\n\nC"') + line("R-2", '5" wide') + line("R-3"))

    assert told(rows) == [(2, "R-1"), (5, "R-2"), (6, "R-3")]
    assert titles(rows) == ['A, "B"\n\nC', '5" wide', "Basic cover"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", f"missing: {', '.join(COLUMNS)}"),
        (HEADER.replace(",role", ""), "missing: role"),
        (HEADER.replace("role", "rôle"), "missing: role; unknown: 'r\\xf4le'"),
        (HEADER.replace("role", "role,role"), "more than once: role"),
        (HEADER.replace("role", "Organization"), "missing: role; unknown: 'Organization' (meant: organisation?)"),
    ],
    ids=["empty", "missing", "unknown", "twice", "nearly known"],
)
def test_wrong_columns_are_one_clear_error(path: Path, content: str, reason: str) -> None:
    with pytest.raises(WrongColumns) as wrong:
        read(path, content)

    assert str(wrong.value) == f"{path}: the first line does not name the columns ({reason})"


def test_a_byte_that_is_not_utf_8_breaks_only_its_row(path: Path) -> None:
    content = HEADER.encode() + line("R-1", "Ä").encode("latin-1") + line("R-2", "Ä").encode()

    assert told(read(path, content)) == [(2, "not UTF-8"), (3, "R-2")]


def test_rows_with_too_few_or_too_many_fields_are_told(path: Path) -> None:
    content = HEADER + "fund\n" + line("R-1", "A,B") + line("R-2")

    assert told(read(path, content)) == [
        (2, "1 fields where there are 14 columns"),
        (3, "15 fields where there are 14 columns"),
        (4, "R-2"),
    ]


def test_a_quotation_mark_that_is_not_closed_swallows_no_other_row(path: Path) -> None:
    many = [line(f"R-{number}") for number in range(300)]

    rows = told(read(path, HEADER + line("R-X", '"Basic') + "".join(many)))

    assert rows == [(2, TOO_LONG), *((3 + number, f"R-{number}") for number in range(300))]


def test_a_quotation_mark_that_is_not_closed_before_the_end_swallows_no_other_row(path: Path) -> None:
    rows = told(read(path, HEADER + line("R-X", '"Basic') + line("R-1")))

    assert rows == [(2, "broken quotation marks: unexpected end of data"), (3, "R-1")]


def test_a_quotation_mark_that_the_next_one_seems_to_close_swallows_no_other_row(path: Path) -> None:
    rows = told(read(path, HEADER + line("R-X", '"Basic') + line("R-1") + line("R-2", '"Basic, plus"') + line("R-3")))

    assert rows == [(2, "broken quotation marks: ',' expected after '\"'"), (3, "R-1"), (4, "R-2"), (5, "R-3")]


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_a_line_of_any_length_is_told_and_costs_no_memory(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"orders.{suffix}"
    good = HEADER + line("R-1") if suffix == "csv" else json.dumps(values(1, reference="R-1")) + "\n"
    path.write_text(good + "x" * 20_000_000 + "\n" + good.removeprefix(HEADER))
    tracemalloc.start()

    with TableFile.opened(path, COLUMNS) as file:
        rows = told(list(read_orders(file)))
        peak = tracemalloc.get_traced_memory()[1]

    tracemalloc.stop()
    lines = (2, 3, 4) if suffix == "csv" else (1, 2, 3)
    assert [row[0] for row in rows] == list(lines)
    assert rows[1][1].startswith(f"more than {MAX_ROW_CHARACTERS} characters")
    assert [row[1] for row in rows[::2]] == ["R-1", "R-1"]
    assert peak < 2_000_000


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not JSON: unexpected end of data"),
        ("[1]", "not a JSON object"),
        ('"text"', "not a JSON object"),
        (json.dumps(values(1, note="x")), "there is no column 'note'"),
        (json.dumps(values(1, premium_minor=10.0)), "premium_minor: neither a string nor an integer"),
        (json.dumps(values(1, premium_minor=True)), "premium_minor: neither a string nor an integer"),
        (json.dumps(values(1, premium_minor=2**70)), "premium_minor: neither a string nor an integer"),
        (json.dumps(values(1, title=["x"])), "title: neither a string nor an integer"),
        (json.dumps(values(1, premium_minor=None)), "premium_minor: '' is not an integer"),
        ("[" * 5000, "not JSON: depth limit exceeded"),
    ],
)
def test_a_line_of_json_that_is_no_row_is_told(lines_path: Path, text: str, reason: str) -> None:
    good = json.dumps(values(1, reference="R-1"))

    assert told(read(lines_path, f"{good}\n{text}\n \n{good}")) == [(1, "R-1"), (2, reason), (4, "R-1")]


def test_json_lines_may_begin_with_a_byte_order_mark_and_hold_integers_as_text(lines_path: Path) -> None:
    row = json.dumps(values(1, reference="R-1", premium_minor="1000", title="Ä"), ensure_ascii=False)
    latin = row.encode("latin-1")

    rows = read(lines_path, b"\xef\xbb\xbf" + row.encode() + b"\r\n" + latin + b"\n")

    assert told(rows) == [(1, "R-1"), (2, "not UTF-8")]
    assert titles(rows) == ["Ä"]
