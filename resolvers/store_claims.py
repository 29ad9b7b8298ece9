"""What the decision of a group of claims has changed, and how it is written: by as many statements as for one."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Update, bindparam, func, select, update
from sqlmodel import SQLModel

from db.event_log import append_straight
from db.given_rows import Given, GivenRows, as_arrays, of_arrays
from db.held_rows import HeldOrder, HeldSharedOrder
from db.new_events import NewEvent
from db.order_tables import OrderRow
from db.row_query import RowQuery, any_of, only_value
from db.sharing_tables import SharedOrderRow
from db.writing import Statements
from domain.vocabulary import SharedOrderStatus, StatusCause

_ORDERS = SQLModel.metadata.tables[OrderRow.__tablename__]
_SHARED = SQLModel.metadata.tables[SharedOrderRow.__tablename__]

_CLAIMED = (
    update(_SHARED)
    .where(any_of(_SHARED.c.id, "claimed"), _SHARED.c.status == bindparam("before", SharedOrderStatus.OFFERED))
    .values(status=SharedOrderStatus.CLAIMED, claimed_at=bindparam("at"))
    .returning(_SHARED.c.id)
)
_CLAIM = RowQuery(_CLAIMED, only_value)
_END = GivenRows(
    {"id": _SHARED.c.id, "status": _SHARED.c.status},
    lambda given: update(_SHARED).where(_SHARED.c.id == given["id"]).values(status=given["status"]),
    tuple,
)


def _seated(given: Given) -> Update:
    return (
        update(_ORDERS)
        .where(_ORDERS.c.id == given["id"], _ORDERS.c.shares_claimed + given["seats"] <= _ORDERS.c.max_shares)
        .values(shares_claimed=_ORDERS.c.shares_claimed + given["seats"])
    )


def _claim_and_seat() -> RowQuery[Any]:
    """Return both as one statement, as only PostgreSQL takes them; it tells how many offers were claimed."""
    claimed = _CLAIMED.cte("claimed_now")
    count = select(func.count()).select_from(claimed).scalar_subquery()
    return RowQuery(_seated(of_arrays(_SEATS, _SEATS_TYPES)).returning(count), only_value)


_SEATS = "seats_"
_SEATS_TYPES = {"id": _ORDERS.c.id.type, "seats": BigInteger()}
_TAKE_SEATS = GivenRows(_SEATS_TYPES, lambda given: _seated(given).returning(_ORDERS.c.id), only_value)
_CLAIM_AND_SEAT = _claim_and_seat()
_PASS_TIME = GivenRows(
    {name: _ORDERS.c[name] for name in ("id", "status", "version")},
    lambda given: (
        update(_ORDERS)
        .where(_ORDERS.c.id == given["id"])
        .values(
            status=given["status"],
            version=given["version"],
            updated_at=bindparam("at"),
            reason_cause=StatusCause.TIME,
            reason_action=None,
            reason_actor_id=None,
            reason_via=None,
            reason_at=bindparam("at"),
        )
    ),
    tuple,
)


@dataclass(slots=True)
class ClaimsDecided:
    """What has changed since the rows were locked.

    Attributes:
        at: When it was decided.
        claimed: The shared orders that were claimed.
        seats: How many seats were taken of each order.
        aged: The orders that the passing of time has brought to another status.
        ended: The offers that have ended with them.
        events: All this for the log, in the order in which it was decided.
    """

    at: datetime
    claimed: list[UUID] = field(default_factory=list)
    seats: Counter[UUID] = field(default_factory=Counter)
    aged: list[HeldOrder] = field(default_factory=list)
    ended: list[HeldSharedOrder] = field(default_factory=list)
    events: list[NewEvent] = field(default_factory=list)


async def store_claims(statements: Statements, organisation_id: UUID, decided: ClaimsDecided) -> None:
    """Write what was decided, and tell it in the log.

    Args:
        statements: The transaction, which holds the locks of all that has changed.
        organisation_id: Whose orders they are.
        decided: What has changed.

    Raises:
        RuntimeError: Where a row is not as it was when it was locked.
    """
    aged: list[Any] = [(order.id, order.status, order.version) for order in decided.aged]
    await statements.rows_for(_PASS_TIME, aged, at=decided.at)
    await statements.rows_for(_END, [(shared.id, shared.status) for shared in decided.ended])
    if decided.claimed:
        await _take_seats(statements, decided)
    await append_straight(statements, organisation_id, decided.events)


async def _take_seats(statements: Statements, decided: ClaimsDecided) -> None:
    changed: dict[str, Any] = {"claimed": decided.claimed, "at": decided.at}
    seats = list(decided.seats.items())
    if statements.are_postgresql:
        counted = await statements.rows(_CLAIM_AND_SEAT, **changed, **as_arrays(_SEATS, _SEATS_TYPES, seats))
        as_locked = counted == [len(decided.claimed)] * len(seats)
    else:
        claimed = await statements.rows(_CLAIM, **changed)
        seated = await statements.rows_for(_TAKE_SEATS, seats)
        as_locked = (len(claimed), len(seated)) == (len(decided.claimed), len(seats))
    if not as_locked:
        raise RuntimeError("a locked row has changed")
