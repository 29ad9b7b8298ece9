from datetime import UTC, datetime, timedelta, timezone

import pytest

from domain.lifecycle import GRACE, status_after_time
from domain.vocabulary import OrderStatus

EXPIRY = datetime(2026, 3, 1, 12, tzinfo=UTC)
LAPSE = datetime(2026, 3, 31, 12, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
UNTOUCHED_BY_TIME = [
    OrderStatus.PENDING,
    OrderStatus.LOSS_REPORTED,
    OrderStatus.SUSPENDED,
    OrderStatus.LAPSED,
    OrderStatus.CANCELLED,
]


def steps_until(status: OrderStatus, now: datetime) -> list[OrderStatus]:
    steps = [status]
    while len(steps) < len(OrderStatus) and (due := status_after_time(steps[-1], EXPIRY, now)) is not None:
        steps.append(due)
    return steps


def test_the_grace_period_is_thirty_days() -> None:
    assert timedelta(days=30) == GRACE


@pytest.mark.parametrize(
    ("now", "due"),
    [
        pytest.param(EXPIRY - MICROSECOND, None, id="a-microsecond-before"),
        pytest.param(EXPIRY, OrderStatus.GRACE_PERIOD, id="at"),
        pytest.param(EXPIRY + MICROSECOND, OrderStatus.GRACE_PERIOD, id="a-microsecond-after"),
    ],
)
def test_an_order_in_force_enters_its_grace_period_at_its_expiry(now: datetime, due: OrderStatus | None) -> None:
    assert status_after_time(OrderStatus.IN_FORCE, EXPIRY, now) is due


@pytest.mark.parametrize(
    ("now", "due"),
    [
        pytest.param(EXPIRY, None, id="at-the-expiry"),
        pytest.param(LAPSE - MICROSECOND, None, id="a-microsecond-before"),
        pytest.param(LAPSE, OrderStatus.LAPSED, id="at"),
        pytest.param(LAPSE + MICROSECOND, OrderStatus.LAPSED, id="a-microsecond-after"),
    ],
)
def test_an_order_in_its_grace_period_lapses_thirty_days_after_its_expiry(
    now: datetime, due: OrderStatus | None
) -> None:
    assert status_after_time(OrderStatus.GRACE_PERIOD, EXPIRY, now) is due


def test_an_order_that_nobody_looked_at_for_long_goes_through_its_grace_period_before_it_lapses() -> None:
    assert steps_until(OrderStatus.IN_FORCE, LAPSE) == [
        OrderStatus.IN_FORCE,
        OrderStatus.GRACE_PERIOD,
        OrderStatus.LAPSED,
    ]


def test_an_order_goes_no_further_than_its_grace_period_before_the_thirty_days_are_over() -> None:
    assert steps_until(OrderStatus.IN_FORCE, LAPSE - MICROSECOND) == [
        OrderStatus.IN_FORCE,
        OrderStatus.GRACE_PERIOD,
    ]


@pytest.mark.parametrize("status", UNTOUCHED_BY_TIME)
def test_time_leaves_every_other_status_alone(status: OrderStatus) -> None:
    assert status_after_time(status, EXPIRY, LAPSE + timedelta(days=365)) is None


@pytest.mark.parametrize("status", OrderStatus)
def test_time_does_nothing_to_a_cover_without_end(status: OrderStatus) -> None:
    assert status_after_time(status, None, datetime.max.replace(tzinfo=UTC)) is None


def test_an_expiry_is_an_instant_whatever_zone_it_is_written_in() -> None:
    in_shanghai = EXPIRY.astimezone(timezone(timedelta(hours=8)))

    assert status_after_time(OrderStatus.IN_FORCE, in_shanghai, EXPIRY - MICROSECOND) is None
    assert status_after_time(OrderStatus.IN_FORCE, in_shanghai, EXPIRY) is OrderStatus.GRACE_PERIOD
