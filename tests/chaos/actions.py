"""What writers do about shared orders and orders; each is one mutation, or a few rivals at once."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.chaos.book import Book, KnownOffer
from tests.chaos.cast import KnownOrder, Person
from tests.chaos.history import Effect, Identity, Mark
from tests.chaos.matching import OFFERED, PROCESSED
from tests.chaos.sender import Sender

_STATUS_AFTER = {
    "claimSharedOrder": "CLAIMED",
    "declineSharedOrder": "DECLINED",
    "releaseSharedOrder": "RELEASED",
    "revokeSharedOrder": "REVOKED",
}
_ACTIONS = {
    "IN_FORCE": ("ENDORSE", "ENDORSE", "REPORT_LOSS", "REPORT_LOSS", "SUSPEND"),
    "GRACE_PERIOD": ("REPORT_LOSS",),
    "LOSS_REPORTED": ("SETTLE_LOSS", "REJECT_LOSS"),
    "SUSPENDED": ("REINSTATE",),
    "CANCELLED": ("ENDORSE",),
}


async def share(book: Book, sender: Sender) -> None:
    """Offer an order to a few members, now and then for a few seconds only, or for later."""
    order, person = book.any_order(), book.any_person()
    others = [each for each in book.troupe.people.values() if each.id not in (person.id, order.owner)]
    recipients = book.chance.sample(others, book.chance.randint(1, 4))
    may_process = (person.is_admin or person.id == order.owner) and book.chance.random() < 0.6
    given = {
        "orderId": order.id,
        "recipientIds": [each.id for each in recipients],
        "permission": "PROCESS" if may_process else "VIEW",
        "claimWindow": _window(book),
    }
    marks = {each.id: Mark(OFFERED, order.id, each.id, person.id) for each in recipients}

    def effects(payload: dict[str, Any]) -> Sequence[Effect]:
        return [
            Effect(marks[shared["recipient"]["id"]], Identity(OFFERED, shared["id"], 0))
            for shared in payload["sharedOrders"]
        ]

    payload = await sender.mutate(book.troupe, person, "shareOrder", given, list(marks.values()), effects)
    for shared in payload["sharedOrders"] if payload else ():
        recipient = book.person_of(shared["recipient"]["id"])
        book.open[shared["id"]] = KnownOffer(shared["id"], order.id, person, recipient, may_process)


def _window(book: Book) -> dict[str, str] | None:
    choice = book.chance.random()
    if choice < 0.65:
        return None
    begin = datetime.now(UTC)
    if choice < 0.9:
        return {"closesAt": (begin + timedelta(seconds=book.chance.uniform(2, 6))).isoformat()}
    opens_at = begin + timedelta(seconds=book.chance.uniform(1, 3))
    return {"opensAt": opens_at.isoformat(), "closesAt": (opens_at + timedelta(seconds=5)).isoformat()}


async def claim(book: Book, sender: Sender) -> None:
    """Claim an offer."""
    if offer := book.any_open():
        await _claim(book, sender, offer)


async def compete_for_seats(book: Book, sender: Sender) -> None:
    """Claim several offers of one order at the same time."""
    await asyncio.gather(*(_claim(book, sender, offer) for offer in book.rivals()))


async def _claim(book: Book, sender: Sender, offer: KnownOffer) -> None:
    payload = await _move(book, sender, offer.recipient, "claimSharedOrder", offer)
    if payload is not None:
        book.claim_answered(offer, next((error["code"] for error in payload["userErrors"]), None))


async def decline(book: Book, sender: Sender) -> None:
    """Decline an offer."""
    if offer := book.any_open():
        await _move(book, sender, offer.recipient, "declineSharedOrder", offer)
        book.ended(offer)


async def release(book: Book, sender: Sender) -> None:
    """Give a seat back."""
    if offer := book.any_held():
        await _move(book, sender, offer.recipient, "releaseSharedOrder", offer)
        book.ended(offer)


async def revoke(book: Book, sender: Sender) -> None:
    """Take back what was offered or claimed."""
    offer = book.any_held() if book.chance.random() < 0.5 else book.any_open()
    if offer:
        await _move(book, sender, offer.sender, "revokeSharedOrder", offer)
        book.ended(offer)


async def _move(book: Book, sender: Sender, person: Person, kind: str, offer: KnownOffer) -> dict[str, Any] | None:
    status = _STATUS_AFTER[kind]
    mark = Mark(status, offer.id, "", person.id)

    def effects(payload: dict[str, Any]) -> Sequence[Effect]:
        return [Effect(mark, Identity(status, offer.id, 0))] if payload["sharedOrder"] else []

    return await sender.mutate(book.troupe, person, kind, {"sharedOrderId": offer.id}, [mark], effects)


async def process(book: Book, sender: Sender) -> None:
    """Send a result from the first terminal or the second; sometimes two rivals do at the same time."""
    held = book.any_held()
    if held is not None and held.may_process and book.chance.random() < 0.4:
        await _process(book, sender, held.recipient, book.troupe.orders[held.order_id], held.id)
        return
    order = book.any_order()
    rivals = [book.person_of(order.owner), book.chance.choice(book.troupe.admins)]
    count = 2 if book.chance.random() < 0.2 else 1
    await asyncio.gather(*(_process(book, sender, person, order, order.id) for person in rivals[:count]))


async def _process(book: Book, sender: Sender, person: Person, order: KnownOrder, terminal: str) -> None:
    action = book.chance.choice(_ACTIONS[order.status])
    if order.may_be_cancelled and order.status == "IN_FORCE" and book.chance.random() < 0.3:
        action = "CANCEL"
    mark = Mark(PROCESSED, order.id, action, person.id)

    def effects(payload: dict[str, Any]) -> Sequence[Effect]:
        result = payload["processingResult"]
        return [Effect(mark, Identity(PROCESSED, order.id, result["orderVersion"]))] if result else []

    given = {"orderId": terminal, "action": action}
    payload = await sender.mutate(book.troupe, person, "processOrder", given, [mark], effects)
    if payload is None:
        return
    if payload["processingResult"]:
        order.status = payload["processingResult"]["toStatus"]
    else:
        # What the writer knew was old; whoever is refused looks again.
        await look_at(book, sender, order)


async def look_at(book: Book, sender: Sender, order: KnownOrder) -> None:
    """Learn what an order's status is."""
    answer = await sender.ask(book.troupe.admins[0], "query($id: ID!) { order(id: $id) { status } }", id=order.id)
    order.status = answer["order"]["status"]
