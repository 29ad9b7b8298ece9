"""The checker on histories made by hand: seats and claim windows."""

from dataclasses import replace

import pytest

from tests.chaos.checker import violations_of
from tests.chaos.history import History, Mark, Offer
from tests.chaos.made_history import (
    FIRST,
    SECOND,
    append,
    ended,
    good_history,
    moved,
    mutation,
    refused,
    with_event,
)
from tests.chaos.violations import Wrong


def _wrong(history: History) -> list[Wrong]:
    return [violation.wrong for violation in violations_of(history)]


def test_a_claim_of_a_seat_that_is_taken_is_one_too_many() -> None:
    history = good_history()
    third = Offer("third", "owner", "third recipient", opens_at=0, closes_at=1000)
    history.mutations += [
        mutation("shareOrder", 9, Mark("OFFERED", "order", "third recipient", "owner"), None),
        ended("claimSharedOrder", "CLAIMED", 10, third),
    ]
    append(history, moved(9, third, None, "OFFERED", actor="owner"), moved(10, third, "OFFERED", "CLAIMED"))
    assert _wrong(history) == [Wrong.OVER_CLAIM]


@pytest.mark.parametrize(
    ("opens_at", "closes_at", "wrong"),
    [
        (40.0, 40.1, []),
        (40.1, 1000.0, [Wrong.OUTSIDE_WINDOW]),
        (0.0, 40.0, [Wrong.OUTSIDE_WINDOW]),
    ],
)
def test_a_claim_is_inside_its_window(opens_at: float, closes_at: float, wrong: list[Wrong]) -> None:
    history = good_history()
    with_event(history, 4, offer=replace(FIRST, opens_at=opens_at, closes_at=closes_at))
    assert _wrong(history) == wrong


@pytest.mark.parametrize(
    ("at", "wrong"),
    [
        # The seat is taken at 40, free at 60 and taken at 70, give or take what the clients could not know.
        (3.0, [Wrong.WRONGLY_REFUSED]),
        (4.0, []),
        (5.0, []),
        (6.0, []),
        (6.5, [Wrong.WRONGLY_REFUSED]),
        (7.0, []),
        (9.0, []),
    ],
)
def test_no_seat_is_refused_that_was_free_all_the_time(at: float, wrong: list[Wrong]) -> None:
    history = good_history()
    history.mutations[-1] = refused(at, SECOND, "SHARES_EXHAUSTED")
    assert _wrong(history) == wrong


def test_what_a_subscriber_was_told_was_known_too() -> None:
    history = good_history()
    release = next(each for each in history.mutations if each.kind == "releaseSharedOrder")
    history.mutations.remove(release)
    # The release at 6 is acknowledged late, but others hear of it at 62.
    history.mutations.append(replace(release, answered_at=69.0))
    claim = refused(6.5, SECOND, "SHARES_EXHAUSTED")
    history.mutations.append(claim)
    assert _wrong(history) == [Wrong.WRONGLY_REFUSED]
    for each in history.subscribers:
        each.heard = [heard._replace(at=heard.at + 5) for heard in each.heard]
    assert _wrong(history) == []


@pytest.mark.parametrize(
    ("code", "opens_at", "closes_at", "wrong"),
    [
        ("CLAIM_WINDOW_NOT_OPEN", 49.1, 1000.0, []),
        ("CLAIM_WINDOW_NOT_OPEN", 49.0, 1000.0, [Wrong.WRONGLY_REFUSED]),
        ("CLAIM_WINDOW_CLOSED", 0.0, 51.0, []),
        ("CLAIM_WINDOW_CLOSED", 0.0, 51.1, [Wrong.WRONGLY_REFUSED]),
    ],
)
def test_a_window_is_not_said_to_be_closed_that_was_open_all_the_time(
    code: str, opens_at: float, closes_at: float, wrong: list[Wrong]
) -> None:
    history = good_history()
    history.mutations[-1] = refused(5, SECOND, code)
    with_event(history, 7, offer=replace(SECOND, opens_at=opens_at, closes_at=closes_at), occurred_at=closes_at - 0.01)
    with_event(history, 3, offer=replace(SECOND, opens_at=opens_at, closes_at=closes_at))
    assert [each for each in _wrong(history) if each is Wrong.WRONGLY_REFUSED] == wrong


@pytest.mark.parametrize(("previous", "status"), [("CLAIMED", "RELEASED"), (None, "OFFERED"), ("RELEASED", "CLAIMED")])
def test_an_offer_takes_no_step_that_there_is_not(previous: str | None, status: str) -> None:
    history = good_history()
    history.mutations.append(ended("any", status, 9, FIRST, effects=[], asks=[]))
    append(history, moved(9, FIRST, previous, status))
    assert Wrong.IMPOSSIBLE in _wrong(history)
