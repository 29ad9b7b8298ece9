"""The kinds of cover that orders can be of."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import col

from db.order_tables import OrderTypeRow
from db.plain_rows import PlainOrderType
from db.row_query import RowQuery, columns_of
from db.snapshot import Snapshot

_ALL = RowQuery(
    select(*columns_of(OrderTypeRow, PlainOrderType)).order_by(col(OrderTypeRow.priority), col(OrderTypeRow.code)),
    PlainOrderType._make,
)


async def list_order_types(snapshot: Snapshot) -> Sequence[PlainOrderType]:
    """Return every order type, in the order in which lists of orders are sorted by it."""
    return await snapshot.rows(_ALL)
