"""The checker on histories made by hand: what is in the log, and in which order."""

from dataclasses import replace

from tests.chaos.checker import violations_of
from tests.chaos.history import CursorRead, History, Identity, Log, Mark, Offer, Order, Outcome
from tests.chaos.made_history import (
    FAMILY,
    FIRST,
    SECOND,
    append,
    ended,
    event,
    good_history,
    hear_all,
    moved,
    mutation,
    with_event,
)
from tests.chaos.violations import Wrong

_THIRD = Offer("third", "owner", "third recipient", opens_at=0, closes_at=85)


def _wrong(history: History) -> list[Wrong]:
    return [violation.wrong for violation in violations_of(history)]


def test_an_acknowledged_claim_that_is_not_in_the_log_is_missing() -> None:
    history = good_history()
    history.mutations.append(ended("declineSharedOrder", "DECLINED", 7, SECOND))
    assert _wrong(history) == [Wrong.MISSING]


def test_an_acknowledged_result_under_another_version_is_missing() -> None:
    history = good_history()
    history.mutations.append(
        mutation(
            "processOrder", 8, Mark("PROCESSED", "order", "REPORT_LOSS", "owner"), Identity("PROCESSED", "order", 3)
        )
    )
    assert _wrong(history) == [Wrong.MISSING]


def test_acknowledged_imports_of_one_order_are_counted() -> None:
    history = good_history()
    history.mutations.append(mutation("importOrders", 9, Mark("IMPORTED", "O-1", "", "admin"), None))
    assert _wrong(history) == [Wrong.MISSING]


def test_what_was_done_by_somebody_else_is_missing_and_asked_for_by_nobody() -> None:
    history = good_history()
    with_event(history, 4, actor="second recipient")
    assert _wrong(history) == [Wrong.MISSING, Wrong.UNASKED]


def test_what_nobody_has_sent_is_asked_for_by_nobody() -> None:
    history = good_history()
    history.mutations = [each for each in history.mutations if each.kind != "processOrder"]
    assert _wrong(history) == [Wrong.UNASKED]


def test_what_was_refused_and_done_is_asked_for_by_nobody() -> None:
    history = good_history()
    result = next(each for each in history.mutations if each.kind == "processOrder")
    history.mutations.remove(result)
    history.mutations.append(replace(result, outcome=Outcome.REFUSED, effects=[], code="ACTION_NOT_ALLOWED"))
    assert _wrong(history) == [Wrong.UNASKED]


def test_what_has_no_known_outcome_may_have_been_done_or_not() -> None:
    history = good_history()
    known = history.mutations
    history.mutations = [
        replace(each, outcome=Outcome.UNKNOWN, effects=[], answered_at=None)
        for each in [*known[:-1], ended("declineSharedOrder", "DECLINED", 7, SECOND)]
    ]
    assert _wrong(history) == []


def test_what_has_no_known_outcome_is_not_done_twice() -> None:
    history = good_history()
    result = next(each for each in history.mutations if each.kind == "processOrder")
    history.mutations.remove(result)
    history.mutations.append(replace(result, outcome=Outcome.UNKNOWN, effects=[], answered_at=None))
    again = next(each for each in history.logs[FAMILY].events if each.sequence == 5)
    append(
        history,
        replace(
            again, sequence=9, id="event 9", cursor="cursor 9", version=4, previous="LOSS_REPORTED", occurred_at=90
        ),
    )
    assert _wrong(history) == [Wrong.UNASKED]


def test_one_result_twice_in_the_log_is_done_twice() -> None:
    history = good_history()
    again = next(each for each in history.logs[FAMILY].events if each.sequence == 5)
    append(history, replace(again, sequence=9, id="event 9", cursor="cursor 9"))
    assert _wrong(history) == [Wrong.DONE_TWICE, Wrong.UNASKED, Wrong.IMPOSSIBLE]


def test_to_repeat_a_claim_succeeds_without_an_event() -> None:
    history = good_history()
    history.mutations.append(ended("claimSharedOrder", "CLAIMED", 5, FIRST))
    assert _wrong(history) == []


def test_a_gap_in_the_log_is_impossible() -> None:
    history = good_history()
    log = history.logs[FAMILY]
    moved_on = [replace(each, sequence=each.sequence + (each.sequence > 7)) for each in log.events]
    history.logs = {FAMILY: Log(moved_on, log.beginning)}
    hear_all(history)
    assert _wrong(history) == [Wrong.IMPOSSIBLE]


def test_an_order_takes_no_step_that_does_not_follow_from_the_one_before() -> None:
    for sequence, change in ((5, {"version": 3}), (6, {"version": 1}), (7, {"occurred_at": 59.0})):
        history = good_history()
        with_event(history, sequence, **change)
        assert Wrong.IMPOSSIBLE in _wrong(history)


def test_an_offer_expires_by_itself_from_the_end_of_its_window_on() -> None:
    history = good_history()
    history.mutations.append(mutation("shareOrder", 8, Mark("OFFERED", "order", "third recipient", "owner"), None))
    offered = moved(9, _THIRD, None, "OFFERED", actor="owner", occurred_at=84.0)
    append(history, offered, moved(10, _THIRD, "OFFERED", "EXPIRED", actor=None, occurred_at=85.0))
    assert _wrong(history) == []
    with_event(history, 10, occurred_at=84.9)
    assert _wrong(history) == [Wrong.UNASKED]


def test_an_order_that_is_cancelled_ends_its_offers() -> None:
    history = good_history()
    history.mutations += [
        mutation("shareOrder", 9, Mark("OFFERED", "order", "third recipient", "owner"), None),
        mutation("processOrder", 10, Mark("PROCESSED", "order", "CANCEL", "owner"), Identity("PROCESSED", "order", 4)),
    ]
    told = {"version": 4, "actor": "owner", "previous": "LOSS_REPORTED", "cause": "PROCESSED", "action": "CANCEL"}
    append(
        history,
        moved(9, _THIRD, None, "OFFERED", actor="owner"),
        event(10, "OrderStatusChanged", status="CANCELLED", **told),
        moved(11, _THIRD, "OFFERED", "REVOKED", actor="owner", version=4),
    )
    assert _wrong(history) == []
    with_event(history, 10, status="SUSPENDED")
    assert _wrong(history) == [Wrong.UNASKED]


def test_a_cover_comes_to_its_grace_period_when_it_ends_and_not_before() -> None:
    history = good_history()
    ending = Order("ending", "O-2", "owner", max_shares=1, expires_at=90.0)
    told = {"version": 1, "previous": "IN_FORCE", "status": "GRACE_PERIOD", "cause": "TIME"}
    append(history, event(9, "OrderStatusChanged", order=ending, **told))
    assert _wrong(history) == []
    with_event(history, 9, occurred_at=89.0)
    assert _wrong(history) == [Wrong.UNASKED]


def test_what_was_sent_after_an_acknowledgement_comes_after_it_in_the_log() -> None:
    history = good_history()
    result = next(each for each in history.mutations if each.kind == "processOrder")
    history.mutations.remove(result)
    # The release at 6 was acknowledged at 61.
    history.mutations.append(replace(result, sent_at=60.9, answered_at=62.0))
    assert _wrong(history) == []
    history.mutations[-1] = replace(result, sent_at=61.1, answered_at=62.0)
    assert _wrong(history) == [Wrong.OUT_OF_TIME]


def test_a_cursor_that_was_read_after_an_acknowledgement_is_not_before_it() -> None:
    history = good_history()
    history.cursor_reads.append(CursorRead(FAMILY, "cursor 5", 60.9))
    assert _wrong(history) == []
    history.cursor_reads.append(CursorRead(FAMILY, "cursor 5", 61.1))
    assert _wrong(history) == [Wrong.OUT_OF_TIME]
    history.cursor_reads[-1] = CursorRead(FAMILY, "a cursor of nowhere", 61.1)
    assert _wrong(history) == [Wrong.OUT_OF_TIME]
