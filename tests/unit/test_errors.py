from datetime import UTC, datetime

import pytest

from domain.errors import (
    AccessEnded,
    ActionNotAllowed,
    ClaimWindowRefusal,
    CursorInvalid,
    DomainError,
    SharesExhausted,
    VersionConflict,
    forbidden,
    invalid_input,
    not_found,
)
from domain.vocabulary import ErrorCode, OrderAction, OrderStatus

OPENS = datetime(2026, 3, 1, 12, tzinfo=UTC)
CLOSES = datetime(2026, 3, 8, 12, tzinfo=UTC)


def test_a_refusal_reads_as_its_code_and_its_sentence() -> None:
    refusal = DomainError(ErrorCode.KEY_REUSED, "This key came with another input before.")

    assert str(refusal) == "KEY_REUSED: This key came with another input before."


def test_a_refusal_is_about_nothing_in_particular_until_it_is_told() -> None:
    assert DomainError(ErrorCode.FORBIDDEN, "No.").path == ()


def test_a_refusal_about_another_argument_is_a_new_one_with_positions_as_text() -> None:
    refusal = DomainError(ErrorCode.OWN_ORDER, "The recipient owns this order.", ("order_id",))

    placed = refusal.at("recipient_ids", 2)

    assert (placed.code, placed.message) == (ErrorCode.OWN_ORDER, "The recipient owns this order.")
    assert placed.path == ("recipient_ids", "2")
    assert refusal.path == ("order_id",)


def test_a_claim_refused_for_its_window_keeps_the_window_wherever_it_is_placed() -> None:
    refusal = ClaimWindowRefusal(ErrorCode.CLAIM_WINDOW_CLOSED, "Closed.", opens_at=OPENS, closes_at=CLOSES)

    placed = refusal.at("shared_order_id")

    assert isinstance(placed, ClaimWindowRefusal)
    assert (placed.opens_at, placed.closes_at) == (OPENS, CLOSES)


def test_a_claim_refused_for_want_of_seats_keeps_the_count_wherever_it_is_placed() -> None:
    placed = SharesExhausted(ErrorCode.SHARES_EXHAUSTED, "Full.", max_shares=2, shares_claimed=2).at("order_id")

    assert isinstance(placed, SharesExhausted)
    assert (placed.max_shares, placed.shares_claimed) == (2, 2)


def test_a_result_refused_for_its_action_keeps_the_alternatives_wherever_it_is_placed() -> None:
    placed = ActionNotAllowed(
        ErrorCode.ACTION_NOT_ALLOWED,
        "No.",
        current_status=OrderStatus.LAPSED,
        available_actions=(OrderAction.REINSTATE,),
    ).at("action")

    assert isinstance(placed, ActionNotAllowed)
    assert (placed.current_status, placed.available_actions) == (OrderStatus.LAPSED, (OrderAction.REINSTATE,))


def test_a_result_refused_for_its_version_keeps_the_present_picture_wherever_it_is_placed() -> None:
    placed = VersionConflict(
        ErrorCode.VERSION_CONFLICT, "Stale.", current_version=4, current_status=OrderStatus.SUSPENDED
    ).at("expected_version")

    assert isinstance(placed, VersionConflict)
    assert (placed.current_version, placed.current_status) == (4, OrderStatus.SUSPENDED)


def test_two_refusals_that_read_alike_are_still_two() -> None:
    assert forbidden("No.") != forbidden("No.")


def test_a_missing_thing_is_named_and_nothing_else_is_told_about_it() -> None:
    refusal = not_found("shared order", "shared_order_id")

    assert str(refusal) == "NOT_FOUND: There is no such shared order."
    assert refusal.path == ("shared_order_id",)


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        pytest.param(forbidden("No.", "orders", 3), ErrorCode.FORBIDDEN, id="forbidden"),
        pytest.param(invalid_input("No.", "orders", 3), ErrorCode.INVALID_INPUT, id="invalid-input"),
    ],
)
def test_a_refusal_made_in_short_has_its_code_sentence_and_place(refusal: DomainError, code: ErrorCode) -> None:
    assert (refusal.code, refusal.message, refusal.path) == (code, "No.", ("orders", "3"))


@pytest.mark.parametrize("fault", [CursorInvalid, AccessEnded])
def test_the_end_of_a_stream_is_no_refusal_of_a_mutation(fault: type[Exception]) -> None:
    assert not issubclass(fault, DomainError)
