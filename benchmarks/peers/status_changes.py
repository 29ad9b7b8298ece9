"""The events that the peers in Python publish: changes of the status of one order after the other, as ours are."""

import base64
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from typing import NamedTuple
from uuid import uuid4

ORDERS = 100
IN_FORCE, LOSS_REPORTED = "IN_FORCE", "LOSS_REPORTED"


class StatusChange(NamedTuple):
    """An order's status was changed."""

    id: str
    cursor: str
    sequence: int
    occurred_at: datetime
    version: int
    order_id: str
    reference: str
    status: str
    previous_status: str


def status_changes() -> Iterator[StatusChange]:
    """Yield changes without end."""
    order_ids = [f"Order_{uuid4().hex}" for _ in range(ORDERS)]
    for number in count():
        version = 2 + number // ORDERS
        statuses = (LOSS_REPORTED, IN_FORCE) if version % 2 == 0 else (IN_FORCE, LOSS_REPORTED)
        yield StatusChange(
            f"Event_{uuid4().hex}",
            base64.urlsafe_b64encode(os.urandom(33)).decode(),
            number + 1,
            datetime.now(UTC),
            version,
            order_ids[number % ORDERS],
            f"LIVE-00000000-{number % ORDERS}",
            *statuses,
        )
