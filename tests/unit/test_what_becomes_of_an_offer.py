from datetime import UTC, datetime, timedelta

import pytest

from domain.claiming import extended_window, require_claimed, require_offered, require_revocable
from domain.errors import DomainError
from domain.sharing import ClaimWindow
from domain.vocabulary import ErrorCode, SharedOrderStatus

NOW = datetime(2026, 3, 4, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
OPEN_WINDOW = ClaimWindow(NOW - timedelta(days=3), NOW + timedelta(days=4))
FUTURE_WINDOW = ClaimWindow(NOW + timedelta(days=1), NOW + timedelta(days=8))
CLOSED_WINDOW = ClaimWindow(NOW - timedelta(days=8), NOW - timedelta(days=1))

EXTENSIBLE = [SharedOrderStatus.OFFERED, SharedOrderStatus.EXPIRED]


def all_but(*statuses: SharedOrderStatus) -> list[SharedOrderStatus]:
    return [status for status in SharedOrderStatus if status not in statuses]


def test_an_offer_can_be_declined() -> None:
    require_offered(SharedOrderStatus.OFFERED)


@pytest.mark.parametrize("status", all_but(SharedOrderStatus.OFFERED))
def test_what_is_not_on_offer_cannot_be_declined(status: SharedOrderStatus) -> None:
    with pytest.raises(DomainError) as refused:
        require_offered(status)

    assert str(refused.value) == f"NOT_OFFERED: This shared order is {status}."


def test_a_claimed_share_can_be_released_or_processed_through() -> None:
    require_claimed(SharedOrderStatus.CLAIMED)


@pytest.mark.parametrize("status", all_but(SharedOrderStatus.CLAIMED))
def test_what_is_not_claimed_can_be_neither_released_nor_processed_through(status: SharedOrderStatus) -> None:
    with pytest.raises(DomainError) as refused:
        require_claimed(status)

    assert str(refused.value) == f"NOT_CLAIMED: This shared order is {status}."


@pytest.mark.parametrize("status", [SharedOrderStatus.OFFERED, SharedOrderStatus.CLAIMED, SharedOrderStatus.EXPIRED])
def test_an_offer_an_expired_one_and_a_claimed_share_can_be_revoked(status: SharedOrderStatus) -> None:
    require_revocable(status)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (SharedOrderStatus.RELEASED, ErrorCode.NOT_CLAIMED),
        (SharedOrderStatus.DECLINED, ErrorCode.NOT_OFFERED),
        (SharedOrderStatus.REVOKED, ErrorCode.NOT_OFFERED),
    ],
)
def test_what_has_ended_cannot_be_revoked(status: SharedOrderStatus, code: ErrorCode) -> None:
    with pytest.raises(DomainError) as refused:
        require_revocable(status)

    assert str(refused.value) == f"{code}: This shared order is {status} already."


@pytest.mark.parametrize("status", EXTENSIBLE)
@pytest.mark.parametrize("window", [OPEN_WINDOW, CLOSED_WINDOW], ids=["open", "closed"])
def test_an_extended_window_keeps_its_opening_and_gets_the_new_end(
    status: SharedOrderStatus, window: ClaimWindow
) -> None:
    closes_at = NOW + timedelta(days=30)

    assert extended_window(status, window, closes_at, NOW) == ClaimWindow(window.opens_at, closes_at)


@pytest.mark.parametrize("status", EXTENSIBLE)
def test_a_window_can_be_extended_to_a_microsecond_from_now(status: SharedOrderStatus) -> None:
    extended = extended_window(status, OPEN_WINDOW, NOW + MICROSECOND, NOW)

    assert extended == ClaimWindow(OPEN_WINDOW.opens_at, NOW + MICROSECOND)


@pytest.mark.parametrize("closes_at", [NOW, NOW - MICROSECOND], ids=["now", "a-microsecond-ago"])
def test_a_window_cannot_be_extended_to_an_end_that_is_not_ahead(closes_at: datetime) -> None:
    with pytest.raises(DomainError) as refused:
        extended_window(SharedOrderStatus.OFFERED, OPEN_WINDOW, closes_at, NOW)

    assert refused.value.code is ErrorCode.INVALID_INPUT
    assert refused.value.path == ("closes_at",)


def test_a_window_that_is_yet_to_open_can_end_a_microsecond_after_its_opening() -> None:
    closes_at = FUTURE_WINDOW.opens_at + MICROSECOND

    extended = extended_window(SharedOrderStatus.OFFERED, FUTURE_WINDOW, closes_at, NOW)

    assert extended == ClaimWindow(FUTURE_WINDOW.opens_at, closes_at)


@pytest.mark.parametrize("early_by", [timedelta(0), MICROSECOND], ids=str)
def test_a_window_that_is_yet_to_open_cannot_end_at_its_opening_or_before(early_by: timedelta) -> None:
    with pytest.raises(DomainError) as refused:
        extended_window(SharedOrderStatus.OFFERED, FUTURE_WINDOW, FUTURE_WINDOW.opens_at - early_by, NOW)

    assert refused.value.code is ErrorCode.INVALID_INPUT
    assert refused.value.path == ("closes_at",)


@pytest.mark.parametrize("status", all_but(*EXTENSIBLE))
def test_only_an_offer_open_or_expired_has_a_window_to_extend(status: SharedOrderStatus) -> None:
    with pytest.raises(DomainError) as refused:
        extended_window(status, OPEN_WINDOW, NOW + timedelta(days=30), NOW)

    assert str(refused.value) == f"NOT_OFFERED: This shared order is {status}."
