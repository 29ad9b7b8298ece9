from datetime import UTC, datetime, timedelta

import pytest

from domain.errors import DomainError
from domain.lifecycle import expiry_after
from domain.vocabulary import ErrorCode, OrderAction

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
OLD_END = datetime(2026, 6, 1, tzinfo=UTC)
NEW_END = datetime(2027, 6, 1, tzinfo=UTC)
LAPSES_NOW = NOW - timedelta(days=30)

TAKING_A_NEW_END = [OrderAction.RENEW, OrderAction.REINSTATE]
TAKING_NO_NEW_END = [action for action in OrderAction if action not in TAKING_A_NEW_END]
NOT_NEEDING_A_NEW_END = [action for action in OrderAction if action is not OrderAction.RENEW]


def expiry(
    action: OrderAction,
    *,
    expires_at: datetime | None = OLD_END,
    new_expires_at: datetime | None = None,
    effective_at: datetime = LONG_AGO,
) -> datetime | None:
    return expiry_after(
        action, effective_at=effective_at, expires_at=expires_at, new_expires_at=new_expires_at, now=NOW
    )


def refusal(
    action: OrderAction,
    *,
    expires_at: datetime | None = OLD_END,
    new_expires_at: datetime | None = None,
    effective_at: datetime = LONG_AGO,
) -> tuple[ErrorCode, tuple[str, ...]]:
    with pytest.raises(DomainError) as refused:
        expiry(action, expires_at=expires_at, new_expires_at=new_expires_at, effective_at=effective_at)
    return refused.value.code, refused.value.path


ABOUT_THE_NEW_END = (ErrorCode.INVALID_INPUT, ("new_expires_at",))


@pytest.mark.parametrize("action", NOT_NEEDING_A_NEW_END)
def test_an_action_without_a_new_end_leaves_the_end_where_it_is(action: OrderAction) -> None:
    assert expiry(action) == OLD_END


@pytest.mark.parametrize("action", NOT_NEEDING_A_NEW_END)
def test_an_action_without_a_new_end_leaves_a_cover_without_end(action: OrderAction) -> None:
    assert expiry(action, expires_at=None) is None


@pytest.mark.parametrize("action", TAKING_NO_NEW_END)
def test_an_action_that_does_not_move_the_end_refuses_a_new_one(action: OrderAction) -> None:
    assert refusal(action, new_expires_at=NEW_END) == ABOUT_THE_NEW_END


def test_a_renewal_needs_a_new_end() -> None:
    assert refusal(OrderAction.RENEW) == ABOUT_THE_NEW_END


def test_a_renewal_of_a_cover_without_end_needs_a_new_end_too() -> None:
    assert refusal(OrderAction.RENEW, expires_at=None) == ABOUT_THE_NEW_END


@pytest.mark.parametrize("action", TAKING_A_NEW_END)
@pytest.mark.parametrize(
    "expires_at",
    [pytest.param(OLD_END, id="running"), pytest.param(LONG_AGO, id="over"), pytest.param(None, id="endless")],
)
def test_a_renewal_and_a_reinstatement_move_the_end(action: OrderAction, expires_at: datetime | None) -> None:
    assert expiry(action, expires_at=expires_at, new_expires_at=NEW_END) == NEW_END


@pytest.mark.parametrize("action", TAKING_A_NEW_END)
def test_a_new_end_a_microsecond_ahead_is_taken(action: OrderAction) -> None:
    assert expiry(action, new_expires_at=NOW + MICROSECOND) == NOW + MICROSECOND


@pytest.mark.parametrize("action", TAKING_A_NEW_END)
@pytest.mark.parametrize(
    "new_expires_at",
    [pytest.param(NOW, id="now"), pytest.param(NOW - MICROSECOND, id="a-microsecond-ago")],
)
def test_a_new_end_that_is_not_ahead_is_refused(action: OrderAction, new_expires_at: datetime) -> None:
    assert refusal(action, new_expires_at=new_expires_at) == ABOUT_THE_NEW_END


@pytest.mark.parametrize("action", TAKING_A_NEW_END)
def test_a_new_end_a_microsecond_after_a_cover_that_is_yet_to_begin_is_taken(action: OrderAction) -> None:
    assert expiry(action, effective_at=NEW_END - MICROSECOND, new_expires_at=NEW_END) == NEW_END


@pytest.mark.parametrize("action", TAKING_A_NEW_END)
@pytest.mark.parametrize(
    "effective_at",
    [pytest.param(NEW_END, id="at-the-new-end"), pytest.param(NEW_END + MICROSECOND, id="after-the-new-end")],
)
def test_a_new_end_that_is_not_after_the_beginning_is_refused(action: OrderAction, effective_at: datetime) -> None:
    assert refusal(action, effective_at=effective_at, new_expires_at=NEW_END) == ABOUT_THE_NEW_END


def test_a_reinstatement_keeps_an_end_whose_grace_period_has_a_microsecond_left() -> None:
    assert expiry(OrderAction.REINSTATE, expires_at=LAPSES_NOW + MICROSECOND) == LAPSES_NOW + MICROSECOND


@pytest.mark.parametrize(
    "expires_at",
    [pytest.param(LAPSES_NOW, id="just-over"), pytest.param(LAPSES_NOW - MICROSECOND, id="over")],
)
def test_a_reinstatement_keeps_the_end_even_once_the_grace_period_is_over(expires_at: datetime) -> None:
    assert expiry(OrderAction.REINSTATE, expires_at=expires_at) == expires_at


@pytest.mark.parametrize("action", TAKING_NO_NEW_END)
def test_no_other_action_asks_for_a_new_end_however_long_the_cover_is_over(action: OrderAction) -> None:
    assert expiry(action, expires_at=LONG_AGO) == LONG_AGO
