from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.order_tables import NEVER, OrderRow, microseconds
from domain.vocabulary import OrderStatus, StatusCause

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
FIRST_INSTANT = datetime.min.replace(tzinfo=UTC)
LAST_INSTANT = datetime.max.replace(tzinfo=UTC)
SHANGHAI = timezone(timedelta(hours=8))

offsets = st.timedeltas(timedelta(hours=-23), timedelta(hours=23))
instants = st.datetimes(timezones=st.builds(timezone, offsets))


def order(reference: str = "PO-1") -> OrderRow:
    return OrderRow(
        organisation_id=UUID(int=1),
        owner_id=UUID(int=2),
        reference=reference,
        type_code="health",
        type_priority=10,
        title="",
        premium_minor=125_050,
        currency="EUR",
        effective_at=EPOCH,
        created_at=EPOCH,
        updated_at=EPOCH,
        status=OrderStatus.IN_FORCE,
        max_shares=3,
        reason_cause=StatusCause.IMPORTED,
        reason_at=EPOCH,
    )


@pytest.mark.parametrize(
    ("instant", "number"),
    [
        pytest.param(EPOCH, 0, id="the-epoch"),
        pytest.param(EPOCH + MICROSECOND, 1, id="a-microsecond-later"),
        pytest.param(EPOCH - MICROSECOND, -1, id="a-microsecond-earlier"),
        pytest.param(datetime(1970, 1, 2, tzinfo=UTC), 86_400_000_000, id="a-day-later"),
        pytest.param(datetime(2026, 3, 1, 12, 34, 56, 789_012, UTC), 1_772_368_496_789_012, id="lately"),
        pytest.param(datetime(2026, 3, 1, 20, 34, 56, 789_012, SHANGHAI), 1_772_368_496_789_012, id="elsewhere"),
        pytest.param(FIRST_INSTANT, -62_135_596_800_000_000, id="the-first-instant"),
        pytest.param(LAST_INSTANT, 253_402_300_799_999_999, id="the-last-instant"),
    ],
)
def test_an_instant_is_counted_in_microseconds_since_1970(instant: datetime, number: int) -> None:
    assert microseconds(instant) == number


@given(st.datetimes(timezones=st.just(UTC)))
def test_the_count_of_microseconds_is_exact_for_every_instant(instant: datetime) -> None:
    assert EPOCH + timedelta(microseconds=microseconds(instant)) == instant


@given(instants, instants)
def test_counts_stand_in_the_order_of_the_instants_whatever_their_zones(one: datetime, other: datetime) -> None:
    assert (microseconds(one) < microseconds(other)) is (one < other)


def test_an_instant_without_a_zone_is_no_instant() -> None:
    with pytest.raises(TypeError):
        microseconds(datetime(2026, 3, 1))


def test_never_comes_after_every_instant_and_fits_a_column_of_64_bits() -> None:
    assert microseconds(LAST_INSTANT) < NEVER < 2**63


def test_a_cover_sets_its_dates_and_the_numbers_that_lists_are_sorted_by() -> None:
    row = order().set_cover(EPOCH + timedelta(days=2), EPOCH + timedelta(days=3))

    assert (row.effective_at, row.expires_at) == (EPOCH + timedelta(days=2), EPOCH + timedelta(days=3))
    assert (row.newest_first, row.expires_last) == (-172_800_000_000, 259_200_000_000)


def test_a_cover_without_end_is_sorted_after_every_other() -> None:
    row = order().set_cover(EPOCH, LAST_INSTANT)
    endless = order().set_cover(EPOCH, None)

    assert endless.expires_at is None
    assert endless.expires_last == NEVER
    assert row.expires_last < endless.expires_last


def test_a_cover_that_loses_its_end_is_sorted_as_one_without() -> None:
    row = order().set_cover(EPOCH, EPOCH + timedelta(days=1)).set_cover(EPOCH, None)

    assert (row.expires_at, row.expires_last) == (None, NEVER)


def test_a_cover_that_begins_a_microsecond_later_is_sorted_before_the_other() -> None:
    earlier = order().set_cover(EPOCH, None)
    later = order().set_cover(EPOCH + MICROSECOND, None)

    assert later.newest_first == earlier.newest_first - 1


def test_setting_the_cover_hands_back_the_same_order() -> None:
    row = order()

    assert row.set_cover(EPOCH, None) is row


@pytest.mark.parametrize(
    ("title", "searched"),
    [
        pytest.param("Family Health COVER", "family health cover", id="latin"),
        pytest.param("Straße", "strasse", id="sharp-s"),
        pytest.param("ΣΊΣΥΦΟΣ", "σίσυφοσ", id="final-sigma"),
        pytest.param("家庭健康保障", "家庭健康保障", id="chinese"),
    ],
)
def test_a_title_is_kept_as_written_and_searched_without_regard_to_case(title: str, searched: str) -> None:
    row = order().set_title(title)

    assert (row.title, row.search_title) == (title, searched)


def test_a_reference_is_searched_without_regard_to_case_once_the_order_has_a_title() -> None:
    row = order("PO-ABC-Straße").set_title("Any")

    assert (row.reference, row.search_reference) == ("PO-ABC-Straße", "po-abc-strasse")


def test_a_title_can_be_replaced_with_what_is_searched() -> None:
    row = order().set_title("Before").set_title("AFTER")

    assert (row.title, row.search_title) == ("AFTER", "after")


def test_setting_the_title_hands_back_the_same_order() -> None:
    row = order()

    assert row.set_title("Any") is row
