"""The kinds of cover that orders can be of."""

from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.order_tables import OrderTypeRow


async def list_order_types(session: AsyncSession) -> Sequence[OrderTypeRow]:
    """Return every order type, in the order in which lists of orders are sorted by it."""
    statement = select(OrderTypeRow).order_by(col(OrderTypeRow.priority), col(OrderTypeRow.code))
    return (await session.exec(statement)).all()
