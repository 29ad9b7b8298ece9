import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest

from domain.errors import DomainError
from domain.importing import (
    MAX_IMPORT_ROWS,
    ImportedOrder,
    changed_fields,
    fields_to_apply,
    require_cover,
    require_importable,
    require_name,
    require_reference,
    require_seats,
)
from domain.vocabulary import ErrorCode, OrderStatus, StatusCause

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2027, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SHANGHAI = timezone(timedelta(hours=8))

ROW = ImportedOrder(
    owner_id=UUID("0190f2a8-0000-7000-8000-000000000001"),
    type_code="health",
    title="Family health cover",
    premium_minor=125_050,
    currency="EUR",
    status=OrderStatus.IN_FORCE,
    effective_at=BEGINNING,
    expires_at=END,
    max_shares=3,
)

NOT_A_TEXT = [
    pytest.param("", id="empty"),
    pytest.param(" ", id="blank"),
    pytest.param(" padded", id="blank-before"),
    pytest.param("padded ", id="blank-behind"),
    pytest.param("padded\u3000", id="wide-blank-behind"),
    pytest.param("a\x00b", id="nul"),
    pytest.param("a\x1fb", id="last-of-the-first-controls"),
    pytest.param("a\nb", id="line-break"),
    pytest.param("a\tb", id="tab"),
    pytest.param("a\x7fb", id="delete"),
    pytest.param("a\x80b", id="first-of-the-second-controls"),
    pytest.param("a\x9fb", id="last-of-the-second-controls"),
    pytest.param("a\ud800b", id="first-half-of-a-pair"),
    pytest.param("a\udfffb", id="second-half-of-a-pair"),
]
A_TEXT = [
    pytest.param("x", id="one-letter"),
    pytest.param("two words", id="blank-inside"),
    pytest.param("a~b", id="last-printable-of-ascii"),
    pytest.param("a\xa0b", id="first-after-the-second-controls"),
    pytest.param("a\ud7ffb", id="last-before-the-halves"),
    pytest.param("a\ue000b", id="first-after-the-halves"),
    pytest.param("家庭健康保障🙂", id="any-script"),
]


def import_refusal(row: ImportedOrder) -> DomainError:
    with pytest.raises(DomainError) as refused:
        require_importable(row)
    return refused.value


def stored(row: ImportedOrder) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(json.dumps(row.as_record()))
    return record


def test_a_row_is_recorded_as_plain_json() -> None:
    assert stored(ROW) == {
        "owner_id": "0190f2a8-0000-7000-8000-000000000001",
        "type_code": "health",
        "title": "Family health cover",
        "premium_minor": 125_050,
        "currency": "EUR",
        "status": "IN_FORCE",
        "effective_at": "2026-01-01T00:00:00+00:00",
        "expires_at": "2027-01-01T00:00:00+00:00",
        "max_shares": 3,
    }


def test_a_cover_without_end_is_recorded_without_one() -> None:
    assert stored(replace(ROW, expires_at=None))["expires_at"] is None


def test_an_equal_row_changes_nothing() -> None:
    assert changed_fields(ROW, stored(ROW)) == frozenset()


def test_an_equal_instant_in_another_zone_changes_nothing() -> None:
    elsewhere = replace(ROW, effective_at=BEGINNING.astimezone(SHANGHAI), expires_at=END.astimezone(SHANGHAI))

    assert changed_fields(elsewhere, stored(ROW)) == frozenset()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("owner_id", UUID("0190f2a8-0000-7000-8000-000000000002")),
        ("type_code", "travel"),
        ("title", "Family health cover "),
        ("premium_minor", 125_051),
        ("currency", "CHF"),
        ("status", OrderStatus.SUSPENDED),
        ("effective_at", BEGINNING + MICROSECOND),
        ("expires_at", END - MICROSECOND),
        ("expires_at", None),
        ("max_shares", 4),
    ],
    ids=lambda value: value if isinstance(value, str) else repr(value),
)
def test_a_row_that_differs_in_one_field_changes_that_field_alone(field: str, value: object) -> None:
    changes: dict[str, Any] = {field: value}

    assert changed_fields(replace(ROW, **changes), stored(ROW)) == {field}


def test_a_row_that_differs_in_several_fields_changes_them_all() -> None:
    row = replace(ROW, title="Another title", max_shares=5)

    assert changed_fields(row, stored(ROW)) == {"title", "max_shares"}


def test_a_cover_that_gets_an_end_changes_it() -> None:
    assert changed_fields(ROW, stored(replace(ROW, expires_at=None))) == {"expires_at"}


def test_a_field_that_an_older_record_lacks_has_changed() -> None:
    older = stored(ROW)
    del older["max_shares"]

    assert changed_fields(ROW, older) == {"max_shares"}


def test_a_whole_row_can_be_imported() -> None:
    require_importable(ROW)


def test_a_cover_without_end_can_be_imported() -> None:
    require_importable(replace(ROW, expires_at=None))


@pytest.mark.parametrize("premium_minor", [0, 1, 2_147_483_647])
def test_a_premium_that_a_client_can_read_is_taken(premium_minor: int) -> None:
    require_importable(replace(ROW, premium_minor=premium_minor))


@pytest.mark.parametrize("premium_minor", [-1, 2_147_483_648])
def test_a_premium_below_nothing_or_beyond_a_client_s_integer_is_refused(premium_minor: int) -> None:
    refusal = import_refusal(replace(ROW, premium_minor=premium_minor))

    assert str(refusal) == "INVALID_INPUT: The premium is 0 to 2147483647 minor units."
    assert refusal.path == ("premium", "amount_minor")


@pytest.mark.parametrize("currency", ["", "EU", "EURO", "eur", "EUr", "EU1", "EUR\n", " EUR", "ÉUR"], ids=repr)
def test_a_currency_that_is_not_three_capital_letters_is_refused(currency: str) -> None:
    refusal = import_refusal(replace(ROW, currency=currency))

    assert refusal.code is ErrorCode.INVALID_INPUT
    assert refusal.path == ("premium", "currency")


@pytest.mark.parametrize("currency", ["AAA", "CNY", "ZZZ"])
def test_a_currency_of_three_capital_letters_is_taken(currency: str) -> None:
    require_importable(replace(ROW, currency=currency))


@pytest.mark.parametrize("max_shares", [0, 1, 10_000])
def test_a_number_of_seats_within_bounds_is_taken(max_shares: int) -> None:
    require_importable(replace(ROW, max_shares=max_shares))


@pytest.mark.parametrize("max_shares", [-1, 10_001])
def test_a_number_of_seats_out_of_bounds_is_refused(max_shares: int) -> None:
    refusal = import_refusal(replace(ROW, max_shares=max_shares))

    assert str(refusal) == "INVALID_INPUT: maxShares is 0 to 10000."
    assert refusal.path == ("max_shares",)


@pytest.mark.parametrize("title", NOT_A_TEXT)
def test_a_title_that_is_no_proper_text_is_refused(title: str) -> None:
    refusal = import_refusal(replace(ROW, title=title))

    assert refusal.code is ErrorCode.INVALID_INPUT
    assert refusal.path == ("title",)


def test_a_row_whose_cover_ends_before_it_begins_is_refused() -> None:
    refusal = import_refusal(replace(ROW, expires_at=BEGINNING - MICROSECOND))

    assert refusal.code is ErrorCode.INVALID_INPUT
    assert refusal.path == ("expires_at",)


def test_a_cover_may_last_a_microsecond() -> None:
    require_cover(BEGINNING, BEGINNING + MICROSECOND)


def test_a_cover_may_have_no_end() -> None:
    require_cover(BEGINNING, None)


def test_a_cover_may_end_as_it_begins() -> None:
    require_cover(BEGINNING, BEGINNING)


def test_a_cover_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(DomainError) as refused:
        require_cover(BEGINNING, BEGINNING - MICROSECOND)

    assert refused.value.code is ErrorCode.INVALID_INPUT
    assert refused.value.path == ("expires_at",)


@pytest.mark.parametrize("reference", [*A_TEXT, pytest.param("r" * 200, id="two-hundred-characters")])
def test_a_proper_reference_is_taken(reference: str) -> None:
    require_reference(reference, "reference")


@pytest.mark.parametrize("reference", [*NOT_A_TEXT, pytest.param("r" * 201, id="one-character-more")])
def test_a_reference_that_is_no_proper_text_is_refused(reference: str) -> None:
    with pytest.raises(DomainError) as refused:
        require_reference(reference, "orders", 4, "reference")

    assert str(refused.value).startswith("INVALID_INPUT: A reference has 1 to 200 characters,")
    assert refused.value.path == ("orders", "4", "reference")


@pytest.mark.parametrize("name", [*A_TEXT, pytest.param("n" * 500, id="five-hundred-characters")])
def test_a_proper_name_is_taken(name: str) -> None:
    require_name(name, "name")


@pytest.mark.parametrize("name", [*NOT_A_TEXT, pytest.param("n" * 501, id="one-character-more")])
def test_a_name_that_is_no_proper_text_is_refused(name: str) -> None:
    with pytest.raises(DomainError) as refused:
        require_name(name, "name")

    assert str(refused.value).startswith("INVALID_INPUT: A name or title has 1 to 500 characters,")
    assert refused.value.path == ("name",)


@pytest.mark.parametrize("max_shares", [3, 4], ids=["as-many", "more"])
def test_as_many_seats_as_are_taken_are_enough(max_shares: int) -> None:
    require_seats(max_shares, 3)


def test_fewer_seats_than_are_taken_are_refused() -> None:
    with pytest.raises(DomainError) as refused:
        require_seats(2, 3)

    assert str(refused.value) == "INVALID_INPUT: 3 seats are taken: maxShares cannot be 2."
    assert refused.value.path == ("max_shares",)


def test_one_import_takes_a_thousand_orders() -> None:
    assert MAX_IMPORT_ROWS == 1000


def test_a_new_end_brings_the_status_along_only_where_time_gave_the_present_one() -> None:
    new_end = frozenset({"expires_at"})

    assert fields_to_apply(new_end, StatusCause.TIME) == {"expires_at", "status"}
    assert fields_to_apply(new_end, StatusCause.PROCESSED) == new_end
    assert fields_to_apply(frozenset({"title"}), StatusCause.TIME) == {"title"}
