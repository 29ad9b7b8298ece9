"""What a row of the order platform's file may say, and what it changes.

The platform's file never undoes a result: a row is compared with the row that was imported last, not with what has
become of the order here, and only the fields in which the two rows differ are applied.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from domain.errors import invalid_input
from domain.vocabulary import OrderStatus, StatusCause

MAX_AMOUNT_MINOR = 2**31 - 1
"""The largest premium in minor units: GraphQL's Int has 32 bits."""

MAX_SHARES = 10_000
"""The most seats an order can have."""

MAX_REFERENCE_LENGTH = 200
MAX_NAME_LENGTH = 500
MAX_IMPORT_ROWS = 1000
"""How many orders one `importOrders` takes."""

_CURRENCY = re.compile(r"[A-Z]{3}")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True)
class ImportedOrder:
    """One row about one order, as the platform has it.

    Attributes:
        owner_id: The member who owns the order.
        type_code: The code of a known order type.
        title: What people call the order.
        premium_minor: The premium in minor units of `currency`.
        currency: An ISO 4217 code.
        status: The order's status on the platform.
        effective_at: When the cover begins, with zone.
        expires_at: When it ends, with zone; None for a cover without end.
        max_shares: How many recipients may hold the order at once.
    """

    owner_id: UUID
    type_code: str
    title: str
    premium_minor: int
    currency: str
    status: OrderStatus
    effective_at: datetime
    expires_at: datetime | None
    max_shares: int

    def as_record(self) -> dict[str, Any]:
        """Return the row as plain JSON, to be compared with the next one."""
        return {each.name: _plain(getattr(self, each.name)) for each in fields(self)}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, UUID):
        return str(value)
    return value


def changed_fields(row: ImportedOrder, last: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of the fields in which `row` differs from the record of the row imported last."""
    record = row.as_record()
    return frozenset(field.name for field in fields(row) if record[field.name] != last.get(field.name))


def fields_to_apply(news: frozenset[str], cause: StatusCause) -> frozenset[str]:
    """Return the fields of a row to apply, given those in which it differs from the row imported last.

    A row that moves the end of the cover brings its status along where time alone gave the order its present one: the
    cover was renewed on the platform, and no result is undone.

    Args:
        news: What the row says anew.
        cause: Why the order has its present status.
    """
    return news | {"status"} if "expires_at" in news and cause is StatusCause.TIME else news


def require_reference(reference: str, *path: str | int) -> None:
    """Refuse a reference that is empty, too long, padded, or holds control characters.

    Raises:
        DomainError: INVALID_INPUT.
    """
    _require_text(reference, MAX_REFERENCE_LENGTH, "A reference", *path)


def require_name(name: str, *path: str | int) -> None:
    """Refuse a name or title that is empty, too long, padded, or holds control characters.

    Raises:
        DomainError: INVALID_INPUT.
    """
    _require_text(name, MAX_NAME_LENGTH, "A name or title", *path)


def _require_text(text: str, most: int, what: str, *path: str | int) -> None:
    if not text or len(text) > most or text != text.strip() or _UNPRINTABLE.search(text):
        raise invalid_input(
            f"{what} has 1 to {most} characters, no control characters, and no blank at either end.", *path
        )


def require_importable(row: ImportedOrder) -> None:
    """Refuse a row that cannot hold by itself.

    Raises:
        DomainError: INVALID_INPUT, about the field that is wrong.
    """
    require_name(row.title, "title")
    if not 0 <= row.premium_minor <= MAX_AMOUNT_MINOR:
        raise invalid_input(f"The premium is 0 to {MAX_AMOUNT_MINOR} minor units.", "premium", "amount_minor")
    if not _CURRENCY.fullmatch(row.currency):
        raise invalid_input("A currency is three capital letters (ISO 4217).", "premium", "currency")
    if not 0 <= row.max_shares <= MAX_SHARES:
        raise invalid_input(f"maxShares is 0 to {MAX_SHARES}.", "max_shares")
    require_cover(row.effective_at, row.expires_at)


def require_cover(effective_at: datetime, expires_at: datetime | None) -> None:
    """Refuse a cover that ends before it begins.

    Raises:
        DomainError: INVALID_INPUT.
    """
    if expires_at is not None and expires_at < effective_at:
        raise invalid_input("expiresAt must not be before effectiveAt.", "expires_at")


def require_seats(max_shares: int, shares_claimed: int) -> None:
    """Refuse fewer seats than are taken.

    Raises:
        DomainError: INVALID_INPUT.
    """
    if max_shares < shares_claimed:
        raise invalid_input(f"{shares_claimed} seats are taken: maxShares cannot be {max_shares}.", "max_shares")
