"""What a mutation answers, as a client is told it."""

from dataclasses import dataclass, field
from typing import Any

from tests.model.state import Order, Share

_TYPES = {
    "CLAIM_WINDOW_NOT_OPEN": "ClaimWindowError",
    "CLAIM_WINDOW_CLOSED": "ClaimWindowError",
    "SHARES_EXHAUSTED": "SharesExhaustedError",
    "ACTION_NOT_ALLOWED": "ActionNotAllowedError",
    "VERSION_CONFLICT": "VersionConflictError",
}


@dataclass
class Answer:
    """What a mutation answers: its payload, and why it was refused, wholly or for some recipients."""

    payload: dict[str, Any]
    errors: list[dict[str, Any]] = field(default_factory=list)


class Refused(Exception):
    """A mutation changes nothing, for one reason or, where it has many recipients, for one of each."""

    def __init__(self, *errors: dict[str, Any]) -> None:
        super().__init__(*(each["code"] for each in errors))
        self.errors = list(errors)


def error(code: str, position: int | None = None, **data: Any) -> dict[str, Any]:
    """Return a user error; `position` is that of the recipient it is about."""
    return {"__typename": _TYPES.get(code, "GenericUserError"), "code": code, "position": position, **data}


def refused(code: str, **data: Any) -> Refused:
    """Return a refusal for one reason."""
    return Refused(error(code, **data))


def order_told(order: Order) -> dict[str, Any]:
    """Return an order as an answer tells it."""
    return {
        "reference": order.reference,
        "status": order.status,
        "version": order.version,
        "sharesClaimed": order.shares_claimed,
        "expiresAt": order.expires_at,
    }


def share_told(share: Share) -> dict[str, Any]:
    """Return a shared order as an answer tells it."""
    return {
        "id": share.number,
        "permission": share.permission,
        "status": share.status,
        "claimWindow": {"opensAt": share.opens_at, "closesAt": share.closes_at},
    }
