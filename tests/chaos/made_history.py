"""A small history made by hand, in which all is well, and changes to it."""

from dataclasses import replace
from typing import Any

from tests.chaos.check_streams import expected_of
from tests.chaos.history import (
    CursorRead,
    Effect,
    Event,
    Heard,
    History,
    Identity,
    Log,
    Mark,
    Mutation,
    Offer,
    Order,
    Outcome,
    Subscriber,
)

FAMILY = "family"
ORDER = Order("order", "O-1", "owner", max_shares=1, expires_at=None)
FIRST = Offer("first", "owner", "first recipient", opens_at=0, closes_at=1000)
SECOND = Offer("second", "owner", "second recipient", opens_at=0, closes_at=1000)


def event(sequence: int, kind: str = "SharedOrderChanged", **changes: Any) -> Event:
    """Return an event about the order, which occurred at ten times its sequence."""
    version = 1 + (sequence >= 5) + (sequence >= 8)
    known: dict[str, Any] = {"order": ORDER, "version": version, "occurred_at": sequence * 10.0}
    return Event(sequence=sequence, id=f"event {sequence}", cursor=f"cursor {sequence}", kind=kind, **known | changes)


def moved(sequence: int, offer: Offer, previous: str | None, status: str, **changes: Any) -> Event:
    """Return an event about a shared order, by its recipient where nobody else is named."""
    known: dict[str, Any] = {"actor": offer.recipient}
    return event(sequence, offer=offer, previous=previous, status=status, **known | changes)


def mutation(kind: str, sequence: int, mark: Mark, identity: Identity | None, **changes: Any) -> Mutation:
    """Return an acknowledged mutation, sent a second before its event occurred and answered a second after."""
    known: dict[str, Any] = {
        "name": f"{kind} {sequence}",
        "kind": kind,
        "organisation": FAMILY,
        "sent_at": sequence * 10.0 - 1,
        "answered_at": sequence * 10.0 + 1,
        "outcome": Outcome.ACKNOWLEDGED,
        "asks": [mark],
        "effects": [Effect(mark, identity)],
    }
    return Mutation(**known | changes)


def shared(sequence: int, offer: Offer, **changes: Any) -> Mutation:
    """Return the acknowledged instruction that made an offer."""
    mark = Mark("OFFERED", ORDER.id, offer.recipient, offer.sender)
    return mutation("shareOrder", sequence, mark, Identity("OFFERED", offer.id, 0), **changes)


def ended(kind: str, status: str, sequence: int, offer: Offer, **changes: Any) -> Mutation:
    """Return an acknowledged mutation by the recipient that brought an offer to another status."""
    mark = Mark(status, offer.id, "", offer.recipient)
    return mutation(kind, sequence, mark, Identity(status, offer.id, 0), **changes)


def refused(sequence: float, offer: Offer, code: str) -> Mutation:
    """Return a claim that was refused, sent and answered around ten times `sequence`."""
    known: dict[str, Any] = {"sent_at": sequence * 10 - 1, "answered_at": sequence * 10 + 1}
    return ended("claimSharedOrder", "CLAIMED", 0, offer, outcome=Outcome.REFUSED, effects=[], code=code, **known)


def subscriber(viewer: str, subscription: str = "organisationEvents", *, is_admin: bool = False) -> Subscriber:
    """Return a subscriber from the beginning of the run who has heard nothing."""
    return Subscriber(
        name=viewer,
        organisation=FAMILY,
        viewer=viewer,
        is_admin=is_admin,
        subscription=subscription,
        start="cursor 1",
    )


def good_history() -> History:
    """Return a history of one seat, which two recipients hold one after the other, and of one result."""
    history = History(
        logs={FAMILY: Log(_events(), "cursor 1")},
        mutations=_mutations(),
        subscribers=[
            subscriber("admin", is_admin=True),
            subscriber("owner"),
            subscriber("first recipient"),
            subscriber("second recipient", "sharedOrderChanged"),
            subscriber("bystander", "orderStatusChanged"),
        ],
        cursor_reads=[CursorRead(FAMILY, "cursor 4", 45.0)],
    )
    hear_all(history)
    return history


def _events() -> list[Event]:
    processed = {"actor": "owner", "previous": "IN_FORCE", "status": "LOSS_REPORTED"}
    return [
        event(1, "OrderImported"),
        moved(2, FIRST, None, "OFFERED", actor="owner"),
        moved(3, SECOND, None, "OFFERED", actor="owner"),
        moved(4, FIRST, "OFFERED", "CLAIMED"),
        event(5, "OrderStatusChanged", cause="PROCESSED", action="REPORT_LOSS", **processed),
        moved(6, FIRST, "CLAIMED", "RELEASED"),
        moved(7, SECOND, "OFFERED", "CLAIMED"),
        event(8, "OrderImported", actor="admin"),
    ]


def _mutations() -> list[Mutation]:
    processed = Mark("PROCESSED", "order", "REPORT_LOSS", "owner")
    return [
        shared(2, FIRST),
        shared(3, SECOND),
        ended("claimSharedOrder", "CLAIMED", 4, FIRST),
        mutation("processOrder", 5, processed, Identity("PROCESSED", "order", 2)),
        ended("releaseSharedOrder", "RELEASED", 6, FIRST),
        ended("claimSharedOrder", "CLAIMED", 7, SECOND),
        mutation("importOrders", 8, Mark("IMPORTED", "O-1", "", "admin"), None),
        refused(5, SECOND, "SHARES_EXHAUSTED"),
    ]


def hear_all(history: History) -> None:
    """Have every subscriber hear what it is to hear, two seconds after it occurred."""
    log = history.logs[FAMILY]
    for each in history.subscribers:
        each.heard = [Heard(*_heard(told)) for told in expected_of(each, log).values()]


def _heard(told: Event) -> tuple[Any, ...]:
    return told.sequence, told.told, told.occurred_at + 2


def with_event(history: History, sequence: int, **changes: Any) -> None:
    """Change an event of the log; everybody hears it as it is then."""
    log = history.logs[FAMILY]
    events = [replace(each, **changes) if each.sequence == sequence else each for each in log.events]
    history.logs = {FAMILY: Log(events, log.beginning)}
    hear_all(history)


def append(history: History, *events: Event) -> None:
    """Add events to the log; everybody hears them."""
    log = history.logs[FAMILY]
    history.logs = {FAMILY: Log([*log.events, *events], log.beginning)}
    hear_all(history)
