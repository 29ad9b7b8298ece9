"""What writers do as the platform: they bring new orders, and change those that they brought."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.chaos import documents
from tests.chaos.book import Book
from tests.chaos.cast import ORDER_TYPE, KnownOrder, Person
from tests.chaos.history import Effect, Identity, Mark
from tests.chaos.matching import IMPORTED
from tests.chaos.sender import Sender
from tests.world import BEGAN


async def import_orders(book: Book, sender: Sender) -> None:
    """Import up to three new orders, or change the title of one."""
    admin = book.chance.choice(book.troupe.admins)
    if book.imported and book.chance.random() < 0.4:
        await _change_title(book, sender, admin)
    else:
        await _import_new(book, sender, admin)


async def _import_new(book: Book, sender: Sender, admin: Person) -> None:
    rows = [_new_row(book) for _ in range(book.chance.randint(1, 3))]
    references = [str(row["reference"]) for row in rows]
    marks = [Mark(IMPORTED, reference, "", admin.id) for reference in references]

    def effects(payload: dict[str, Any]) -> Sequence[Effect]:
        if payload["imported"] != len(rows):
            return []
        return [Effect(mark, Identity(IMPORTED, mark.about, 1)) for mark in marks]

    given = {"organisationId": book.troupe.id, "orders": rows}
    payload = await sender.mutate(book.troupe, admin, "importOrders", given, marks, effects)
    if payload is None or payload["imported"] != len(rows):
        return
    book.imported.update(zip(references, rows, strict=True))
    for reference in references:
        await _learn(book, sender, admin, reference)


async def _change_title(book: Book, sender: Sender, admin: Person) -> None:
    reference = book.chance.choice(list(book.imported))
    book.imported[reference] = {**book.imported[reference], "title": _title(book)}
    mark = Mark(IMPORTED, reference, "", admin.id)

    def effects(payload: dict[str, Any]) -> Sequence[Effect]:
        # Which version the change made is not answered, so it has no identity.
        return [Effect(mark, None)] * int(payload["updated"])

    given = {"organisationId": book.troupe.id, "orders": [book.imported[reference]]}
    await sender.mutate(book.troupe, admin, "importOrders", given, [mark], effects)


async def _learn(book: Book, sender: Sender, admin: Person, reference: str) -> None:
    """Find out the id of an order that was imported."""
    answer = await sender.ask(admin, documents.ORDERS, id=book.troupe.id, search=reference)
    for node in answer["organisation"]["orders"]["nodes"]:
        if node["reference"] == reference:
            book.troupe.orders[node["id"]] = KnownOrder(
                node["id"], node["owner"]["id"], node["status"], may_be_cancelled=True
            )


def _new_row(book: Book) -> dict[str, object]:
    soon = datetime.now(UTC) + timedelta(seconds=book.chance.uniform(2, 8))
    return {
        "reference": f"{book.troupe.reference}-I{book.chance.getrandbits(40):010x}",
        "ownerReference": book.any_person().reference,
        "type": ORDER_TYPE,
        "title": _title(book),
        "premium": {"amountMinor": 1_000, "currency": "EUR"},
        "status": "IN_FORCE",
        "effectiveAt": BEGAN.isoformat(),
        "expiresAt": soon.isoformat() if book.chance.random() < 0.3 else None,
        "maxShares": book.chance.randint(1, 3),
    }


def _title(book: Book) -> str:
    return f"Cover {book.chance.getrandbits(40):010x}"
