"""Files as spreadsheets save them: encodings, dialects of CSV, and workbooks."""

import tracemalloc
import zipfile
from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from app.order_file import COLUMNS, read_orders
from app.table_file import Reading, TableFile
from app.table_rows import BadRow, UnreadableFile, WrongColumns
from app.text_lines import Encoding
from resolvers.import_platform_rows import PlatformRow
from tests.integration.import_files import HEADER, line, read, told, values
from tests.integration.workbooks import replaced, sheet, workbook

SHEET = "xl/worksheets/sheet1.xml"
MAKE_IT_UTF_8 = "the text is not UTF-8: save the file as UTF-8, or say what it is, such as --encoding gb18030"
CHINESE = HEADER + "".join(line(f"R-{number}", f"林氏医疗保障{number}") for number in range(5))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "orders.csv"


def read_as(path: Path, reading: Reading) -> list[tuple[int, PlatformRow] | BadRow]:
    with TableFile.opened(path, COLUMNS, reading) as file:
        return list(read_orders(file))


def titles(rows: list[tuple[int, PlatformRow] | BadRow]) -> list[str]:
    return [row.reason if isinstance(row, BadRow) else row[1].order.title for row in rows]


def refusal(path: Path) -> str:
    with pytest.raises(UnreadableFile) as refused:
        read_as(path, Reading())
    return str(refused.value).removeprefix(f"{path}: ")


@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize(
    ("codec", "mark"),
    [
        ("utf-8", "\ufeff"),
        ("utf-16", ""),
        ("utf-16-be", "\ufeff"),
        ("utf-16-le", ""),
        ("utf-16-be", ""),
        ("utf-32", ""),
        ("gb18030", "\ufeff"),
    ],
)
def test_unicode_is_read_by_its_mark_or_its_zeros(path: Path, codec: str, mark: str, ending: str) -> None:
    rows = read(path, (mark + CHINESE).replace("\n", ending).encode(codec))

    assert titles(rows) == [f"林氏医疗保障{number}" for number in range(5)]
    assert [row[0] for row in told(rows)] == [2, 3, 4, 5, 6]


def test_gb18030_is_read_where_it_is_said(path: Path) -> None:
    path.write_bytes(CHINESE.encode("gb18030"))

    rows = read_as(path, Reading(Encoding.GB18030))

    assert titles(rows) == [f"林氏医疗保障{number}" for number in range(5)]


@pytest.mark.parametrize("codec", ["gb18030", "latin-1"])
def test_an_older_encoding_that_is_not_said_is_one_line_that_says_what_to_do(path: Path, codec: str) -> None:
    text = CHINESE if codec == "gb18030" else HEADER + "".join(line(f"R-{n}", "Müller") for n in range(5))
    path.write_bytes(text.encode(codec))

    assert refusal(path) == MAKE_IT_UTF_8


def test_bytes_that_are_none_of_the_encoding_that_was_said_break_their_row_alone(path: Path) -> None:
    broken = line("R-1", "Ä").encode("utf-8")[:-1].replace("Ä".encode(), b"\xff\xff") + b"\n"
    path.write_bytes(HEADER.encode() + broken + line("R-2", "林").encode("gb18030"))

    assert titles(read_as(path, Reading(Encoding.GB18030))) == ["not GB18030", "林"]


def test_a_mark_says_more_than_an_option(path: Path) -> None:
    path.write_bytes(CHINESE.encode("utf-8-sig"))

    assert titles(read_as(path, Reading(Encoding.GB18030)))[0] == "林氏医疗保障0"


@pytest.mark.parametrize("said", ["", "sep={}\n", "SEP={}\r\n", '"sep={}"\n'])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
def test_any_delimiter_of_a_spreadsheet_is_read_with_quotes_and_its_lines(
    path: Path, delimiter: str, said: str
) -> None:
    content = (HEADER + line("R-1", '"A; ""B"""') + line("R-2", '"A\n, B"') + line("R-3")).replace(",", delimiter)

    rows = read(path, said.format(delimiter) + content)

    first = 3 if said else 2
    assert told(rows) == [(first, "R-1"), (first + 1, "R-2"), (first + 3, "R-3")]
    assert titles(rows) == ['A; "B"', f"A\n{delimiter} B", "Basic cover"]


def test_a_delimiter_that_is_said_counts_more_than_what_the_header_has_most_of(path: Path) -> None:
    assert told(read(path, "sep=|\n" + (HEADER + line("R-1")).replace(",", "|"))) == [(3, "R-1")]


def test_columns_and_rows_that_are_empty_are_left_out(path: Path) -> None:
    content = HEADER.replace("\n", ";;\n") + line("R-1").replace("\n", ";;\n") + ";" * 15 + "\n" + line("R-2")

    assert told(read(path, content.replace(",", ";"))) == [(2, "R-1"), (4, "R-2")]


def test_unknown_columns_are_told_and_left_out_on_request(path: Path) -> None:
    path.write_text(HEADER.replace("role", "note,role") + line("R-1").replace("User 1,", "User 1,seen,"))

    with pytest.raises(WrongColumns) as wrong:
        read_as(path, Reading())

    told_columns = "the first line does not name the columns (unknown: 'note')"
    assert str(wrong.value) == (
        f"{path}: {told_columns}: delete what is unknown, or leave it out by --skip-unknown-columns"
    )
    assert told(read_as(path, Reading(skips_unknown=True))) == [(2, "R-1")]


def test_unknown_names_in_json_lines_are_left_out_on_request(tmp_path: Path) -> None:
    path = tmp_path / "orders.jsonl"
    path.write_text('{"note": [1], "reference": "R-1"}\n')

    assert told(read_as(path, Reading())) == [(1, "there is no column 'note'")]
    assert told(read_as(path, Reading(skips_unknown=True))) == [(1, "premium_minor: '' is not an integer")]


@pytest.mark.parametrize("name", ["orders.xlsx", "orders.csv"])
def test_a_workbook_says_the_same_as_csv(tmp_path: Path, name: str) -> None:
    rows = [
        values(1, effective_at=datetime(2026, 1, 1), expires_at=date(2027, 1, 1), premium_minor=1000.0),
        values(2, effective_at="2026-01-01T02:00:00+02:00", expires_at=None, title="林氏, “A”", role=None),
        values(3, effective_at=datetime(2026, 5, 1, 13, 30, 59), max_shares="3", reference=4711),
    ]
    of_csv = [
        values(1, expires_at="2027-01-01T00:00:00Z"),
        values(2, title='"林氏, “A”"'),
        values(3, effective_at="2026-05-01T13:30:59Z", max_shares=3, reference="4711"),
    ]
    content = HEADER + "".join(",".join(str(row[name]) for name in COLUMNS) + "\n" for row in of_csv)

    from_workbook = read_as(workbook(tmp_path / name, rows), Reading())

    assert from_workbook == read(tmp_path / "same.csv", content)
    assert [row[0] for row in told(from_workbook)] == [2, 3, 4]


def test_rows_of_a_workbook_are_told_by_their_numbers_and_empty_ones_left_out(tmp_path: Path) -> None:
    def cells(**changes: object) -> list[object]:
        return list(values(1, **changes).values())

    path = sheet(
        tmp_path / "orders.xlsx",
        [
            COLUMNS,
            cells(premium_minor=10.5),
            [],
            cells(effective_at=46_000),
            [*cells(), "more"],
            cells(title="#N/A"),
            cells(title="x" * 20_000),
            cells(status=True),
            cells(reference="R-9"),
        ],
    )

    assert told(read_as(path, Reading())) == [
        (2, "premium_minor: '10.5' is not an integer"),
        (4, "effective_at: '46000' is not a time of RFC 3339, such as 2027-11-01T00:00:00Z"),
        (5, "15 fields where there are 14 columns"),
        (6, "H6: the cell shows the error '#N/A'"),
        (7, "more than 16384 characters"),
        (
            8,
            "status: 'TRUE' is none of PENDING, IN_FORCE, LOSS_REPORTED, GRACE_PERIOD, SUSPENDED, LAPSED, CANCELLED",
        ),
        (9, "R-9"),
    ]


def test_the_first_visible_sheet_is_read_by_the_epoch_of_its_workbook(tmp_path: Path) -> None:
    book = Workbook()
    book.epoch = datetime(1904, 1, 1)
    book.worksheets[0].sheet_state = "hidden"
    shown = book.create_sheet("orders")
    shown.append(COLUMNS)
    shown.append([values(1, effective_at=datetime(2026, 1, 1))[name] for name in COLUMNS])
    book.save(tmp_path / "orders.xlsx")

    [row] = read_as(tmp_path / "orders.xlsx", Reading())

    assert not isinstance(row, BadRow)
    assert row[1].order.effective_at.isoformat() == "2026-01-01T00:00:00+00:00"


def test_wrong_columns_of_a_workbook_are_one_line(tmp_path: Path) -> None:
    assert refusal(sheet(tmp_path / "orders.xlsx", [])).startswith("the first line does not name the columns (missing:")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
            "an .xls workbook, or one with a password: save it as .xlsx without one, or as CSV UTF-8",
        ),
        (b"PK\x03\x04" + b"\0" * 600, "a broken .xlsx (BadZipFile): save it anew"),
    ],
    ids=["xls", "broken"],
)
def test_what_only_looks_like_a_workbook_is_one_line_that_says_what_to_do(
    path: Path, content: bytes, reason: str
) -> None:
    path.write_bytes(content)

    assert refusal(path) == reason


def test_another_archive_is_one_line_that_says_what_to_do(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("orders.csv", HEADER)

    assert refusal(path) == "a zip archive and no .xlsx workbook: unpack it, and import the file inside"


TOO_MUCH = "the workbook would unpack to too much: save its sheet of orders as CSV UTF-8"


@pytest.mark.parametrize("part", [SHEET, "xl/sharedStrings.xml", "xl/styles.xml"])
def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, part: str) -> None:
    path = replaced(workbook(tmp_path / "orders.xlsx", [values(1)]), part, b" " * 120_000_000)
    tracemalloc.start()

    reason = refusal(path)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (reason, peak < 2_000_000) == (TOO_MUCH, True)


def test_an_archive_that_unpacks_to_more_than_it_says_is_broken(tmp_path: Path) -> None:
    path = replaced(workbook(tmp_path / "orders.xlsx", [values(1)]), SHEET, b"<x>" + b" " * 9_000)
    real, said = (9_003).to_bytes(4, "little"), (50).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(real, said))

    assert refusal(path) == "no workbook that can be read (BadZipFile): save it anew as .xlsx"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no XML",
        b"<worksheet><sheetData><row r='1'><c t='s'><v>99</v></c></row></sheetData></worksheet>",
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><worksheet>&b;</worksheet>',
    ],
    ids=["empty", "no XML", "unknown text", "entities"],
)
def test_a_sheet_that_is_none_is_one_line(tmp_path: Path, content: bytes) -> None:
    path = replaced(workbook(tmp_path / "orders.xlsx", [values(1)]), SHEET, content)

    reason = refusal(path)

    assert "\n" not in reason
    assert reason.startswith(("the sheet is broken", "the first line does not name the columns", "no workbook"))


def test_a_sheet_of_many_rows_is_read_in_little_memory(tmp_path: Path) -> None:
    path = workbook(tmp_path / "orders.xlsx", (values(number) for number in range(3_000)))
    tracemalloc.start()

    with TableFile.opened(path, COLUMNS) as file:
        count = sum(1 for row in read_orders(file) if not isinstance(row, BadRow))
        peak = tracemalloc.get_traced_memory()[1]

    tracemalloc.stop()
    # The texts that cells share are kept; the rows are not.
    assert (count, peak < 4_000_000) == (3_000, True)
