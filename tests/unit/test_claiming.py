from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.claiming import OPEN_STATUSES, Claim, refusal_of_claim, status_at
from domain.errors import ClaimWindowRefusal, DomainError, SharesExhausted
from domain.sharing import ClaimWindow
from domain.vocabulary import ErrorCode, OrderStatus, SharedOrderStatus

OPENS = datetime(2026, 3, 1, 12, tzinfo=UTC)
CLOSES = datetime(2026, 3, 8, 12, tzinfo=UTC)
WITHIN = datetime(2026, 3, 4, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

GOOD_CLAIM = Claim(
    status=SharedOrderStatus.OFFERED,
    window=ClaimWindow(OPENS, CLOSES),
    recipient_is_member=True,
    order_status=OrderStatus.IN_FORCE,
    max_shares=3,
    shares_claimed=0,
)
ENDED = [SharedOrderStatus.DECLINED, SharedOrderStatus.RELEASED, SharedOrderStatus.REVOKED]
SHAREABLE = [OrderStatus.IN_FORCE, OrderStatus.GRACE_PERIOD, OrderStatus.LOSS_REPORTED]
NOT_SHAREABLE = [OrderStatus.PENDING, OrderStatus.SUSPENDED, OrderStatus.LAPSED, OrderStatus.CANCELLED]


def claim_with_everything_wrong(status: SharedOrderStatus) -> Claim:
    return Claim(
        status=status,
        window=ClaimWindow(OPENS, CLOSES),
        recipient_is_member=False,
        order_status=OrderStatus.CANCELLED,
        max_shares=1,
        shares_claimed=1,
    )


def code_of(refusal: DomainError | None) -> ErrorCode | None:
    return None if refusal is None else refusal.code


def test_a_claim_within_the_window_succeeds() -> None:
    assert refusal_of_claim(GOOD_CLAIM, WITHIN) is None


def test_a_claim_at_the_very_opening_of_the_window_succeeds() -> None:
    assert refusal_of_claim(GOOD_CLAIM, OPENS) is None


def test_a_claim_a_microsecond_before_the_opening_is_refused() -> None:
    refusal = refusal_of_claim(GOOD_CLAIM, OPENS - MICROSECOND)

    assert isinstance(refusal, ClaimWindowRefusal)
    assert refusal.code is ErrorCode.CLAIM_WINDOW_NOT_OPEN
    assert (refusal.opens_at, refusal.closes_at) == (OPENS, CLOSES)


def test_a_claim_a_microsecond_before_the_end_of_the_window_succeeds() -> None:
    assert refusal_of_claim(GOOD_CLAIM, CLOSES - MICROSECOND) is None


@pytest.mark.parametrize("late_by", [timedelta(0), MICROSECOND, timedelta(days=1)], ids=str)
def test_a_claim_at_the_very_end_of_the_window_or_later_is_refused(late_by: timedelta) -> None:
    refusal = refusal_of_claim(GOOD_CLAIM, CLOSES + late_by)

    assert isinstance(refusal, ClaimWindowRefusal)
    assert refusal.code is ErrorCode.CLAIM_WINDOW_CLOSED
    assert (refusal.opens_at, refusal.closes_at) == (OPENS, CLOSES)


def test_an_offer_stored_as_expired_is_refused_as_closed_with_its_window() -> None:
    refusal = refusal_of_claim(replace(GOOD_CLAIM, status=SharedOrderStatus.EXPIRED), CLOSES)

    assert isinstance(refusal, ClaimWindowRefusal)
    assert refusal.code is ErrorCode.CLAIM_WINDOW_CLOSED
    assert (refusal.opens_at, refusal.closes_at) == (OPENS, CLOSES)


@pytest.mark.parametrize("status", ENDED)
def test_a_claim_of_what_is_no_longer_on_offer_is_refused(status: SharedOrderStatus) -> None:
    refusal = refusal_of_claim(replace(GOOD_CLAIM, status=status), WITHIN)

    assert str(refusal) == f"NOT_OFFERED: This shared order is {status}."


@pytest.mark.parametrize("status", ENDED)
def test_what_ended_before_its_window_closed_stays_so_and_does_not_expire(status: SharedOrderStatus) -> None:
    assert code_of(refusal_of_claim(replace(GOOD_CLAIM, status=status), CLOSES)) is ErrorCode.NOT_OFFERED


def test_a_claim_by_someone_who_left_the_organisation_is_refused() -> None:
    claim = replace(GOOD_CLAIM, recipient_is_member=False)

    assert code_of(refusal_of_claim(claim, WITHIN)) is ErrorCode.NOT_A_MEMBER


@pytest.mark.parametrize("order_status", SHAREABLE)
def test_a_claim_of_a_shareable_order_succeeds(order_status: OrderStatus) -> None:
    assert refusal_of_claim(replace(GOOD_CLAIM, order_status=order_status), WITHIN) is None


@pytest.mark.parametrize("order_status", NOT_SHAREABLE)
def test_a_claim_of_an_order_that_is_not_shareable_now_is_refused(order_status: OrderStatus) -> None:
    refusal = refusal_of_claim(replace(GOOD_CLAIM, order_status=order_status), WITHIN)

    assert str(refusal) == f"ORDER_NOT_SHAREABLE: An order that is {order_status} cannot be shared or claimed."


def test_the_last_free_seat_can_be_claimed() -> None:
    assert refusal_of_claim(replace(GOOD_CLAIM, max_shares=3, shares_claimed=2), WITHIN) is None


@pytest.mark.parametrize(
    ("max_shares", "shares_claimed"),
    [pytest.param(3, 3, id="all-taken"), pytest.param(3, 4, id="more-than-all"), pytest.param(0, 0, id="no-seats")],
)
def test_a_claim_without_a_free_seat_is_refused_with_the_count(max_shares: int, shares_claimed: int) -> None:
    claim = replace(GOOD_CLAIM, max_shares=max_shares, shares_claimed=shares_claimed)

    refusal = refusal_of_claim(claim, WITHIN)

    assert isinstance(refusal, SharesExhausted)
    assert refusal.code is ErrorCode.SHARES_EXHAUSTED
    assert (refusal.max_shares, refusal.shares_claimed) == (max_shares, shares_claimed)


@pytest.mark.parametrize("now", [OPENS - MICROSECOND, WITHIN, CLOSES], ids=["before", "within", "after"])
def test_a_claim_that_repeats_a_successful_one_succeeds_whatever_has_changed_since(now: datetime) -> None:
    assert refusal_of_claim(claim_with_everything_wrong(SharedOrderStatus.CLAIMED), now) is None


@pytest.mark.parametrize(
    ("now", "code"),
    [
        pytest.param(OPENS - MICROSECOND, ErrorCode.CLAIM_WINDOW_NOT_OPEN, id="before-the-opening"),
        pytest.param(WITHIN, ErrorCode.NOT_A_MEMBER, id="within"),
        pytest.param(CLOSES, ErrorCode.CLAIM_WINDOW_CLOSED, id="at-the-end"),
    ],
)
def test_the_window_is_judged_first_and_the_membership_next(now: datetime, code: ErrorCode) -> None:
    assert code_of(refusal_of_claim(claim_with_everything_wrong(SharedOrderStatus.OFFERED), now)) is code


def test_the_order_is_judged_before_its_seats() -> None:
    claim = replace(claim_with_everything_wrong(SharedOrderStatus.OFFERED), recipient_is_member=True)

    assert code_of(refusal_of_claim(claim, WITHIN)) is ErrorCode.ORDER_NOT_SHAREABLE


@pytest.mark.parametrize(
    ("now", "seen"),
    [
        pytest.param(CLOSES - MICROSECOND, SharedOrderStatus.OFFERED, id="a-microsecond-before-the-end"),
        pytest.param(CLOSES, SharedOrderStatus.EXPIRED, id="at-the-end"),
        pytest.param(CLOSES + MICROSECOND, SharedOrderStatus.EXPIRED, id="a-microsecond-after-the-end"),
    ],
)
def test_a_reader_sees_an_offer_as_expired_from_the_end_of_its_window_on(
    now: datetime, seen: SharedOrderStatus
) -> None:
    assert status_at(SharedOrderStatus.OFFERED, CLOSES, now) is seen


@pytest.mark.parametrize("now", [CLOSES - MICROSECOND, CLOSES], ids=["before-the-end", "at-the-end"])
@pytest.mark.parametrize("status", [s for s in SharedOrderStatus if s is not SharedOrderStatus.OFFERED])
def test_a_reader_sees_every_other_status_as_it_is_stored(status: SharedOrderStatus, now: datetime) -> None:
    assert status_at(status, CLOSES, now) is status


def test_a_shared_order_is_open_while_it_is_offered_or_claimed() -> None:
    assert {SharedOrderStatus.OFFERED, SharedOrderStatus.CLAIMED} == OPEN_STATUSES
