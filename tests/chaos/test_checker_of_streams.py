"""The checker on histories made by hand: what subscribers heard."""

from tests.chaos.checker import violations_of
from tests.chaos.history import Heard, History, Subscriber
from tests.chaos.made_history import FAMILY, good_history
from tests.chaos.violations import Wrong


def _admin(history: History) -> Subscriber:
    return history.subscribers[0]


def _wrong(history: History) -> list[Wrong]:
    return [violation.wrong for violation in violations_of(history)]


def test_nothing_is_wrong_with_a_good_history() -> None:
    assert violations_of(good_history()) == []


def test_everybody_is_to_hear_what_they_may_see() -> None:
    heard = {each.viewer: [told.sequence for told in each.heard] for each in good_history().subscribers}
    assert heard == {
        "admin": [2, 3, 4, 5, 6, 7, 8],
        "owner": [2, 3, 4, 5, 6, 7, 8],
        "first recipient": [2, 4, 5, 6, 8],
        "second recipient": [3, 7],
        "bystander": [5],
    }


def test_an_event_that_was_not_delivered_is_lost() -> None:
    history = good_history()
    del _admin(history).heard[3]
    assert _wrong(history) == [Wrong.LOST]


def test_what_comes_after_the_last_delivery_is_lost_too() -> None:
    history = good_history()
    for each in history.subscribers:
        each.heard.clear()
    assert _wrong(history) == [Wrong.LOST] * (7 + 7 + 5 + 2 + 1)


def test_an_event_that_was_delivered_twice_is_duplicated() -> None:
    history = good_history()
    _admin(history).heard.insert(5, _admin(history).heard[2])
    assert _wrong(history) == [Wrong.DUPLICATED]


def test_two_events_that_have_changed_places_are_reordered() -> None:
    history = good_history()
    heard = _admin(history).heard
    heard[2], heard[3] = heard[3], heard[2]
    assert _wrong(history) == [Wrong.REORDERED]


def test_what_somebody_may_not_see_is_strange() -> None:
    history = good_history()
    bystander = history.subscribers[-1]
    bystander.heard.append(_admin(history).heard[5])
    assert _wrong(history) == [Wrong.STRANGE]


def test_what_is_told_otherwise_than_the_log_has_it_is_strange() -> None:
    history = good_history()
    sequence, told, at = _admin(history).heard[2]
    _admin(history).heard[2] = Heard(sequence, told._replace(status="RELEASED"), at)
    assert _wrong(history) == [Wrong.STRANGE]


def test_what_comes_after_the_end_of_the_log_as_it_was_read_is_not_judged() -> None:
    history = good_history()
    told = _admin(history).heard[-1].told
    _admin(history).heard.append(Heard(9, told, 92.0))
    assert _wrong(history) == []


def test_a_subscriber_is_judged_from_its_own_beginning() -> None:
    history = good_history()
    late = Subscriber(
        name="late", organisation=FAMILY, viewer="x", is_admin=True, subscription="organisationEvents", start="cursor 6"
    )
    late.heard += _admin(history).heard[-2:]
    history.subscribers.append(late)
    assert _wrong(history) == []
    del late.heard[0]
    assert _wrong(history) == [Wrong.LOST]


def test_a_subscriber_that_began_at_a_place_that_the_log_has_lost_is_strange() -> None:
    history = good_history()
    history.subscribers[0].start = "cursor 99"
    assert _wrong(history) == [Wrong.STRANGE]


def test_an_answer_that_nobody_may_get_is_wrong() -> None:
    history = good_history()
    history.surprises.append("closed with 4403")
    assert _wrong(history) == [Wrong.SURPRISE]
