"""Moving the ends of windows and covers, so that a test needs not wait for them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.order_tables import OrderRow
from tests.world import World

HOUR = timedelta(hours=1)


async def close_window(world: World, *shared_order_ids: str) -> None:
    """Let the claim windows of shared orders close an hour ago."""
    for shared_order_id in shared_order_ids:
        await world.move_window(shared_order_id, -2 * HOUR, -HOUR)


async def end_cover(world: World, ago: timedelta, *references: str) -> None:
    """Let the covers of orders end some time ago, which changes nothing else about them."""

    async def move(session: AsyncSession) -> None:
        wanted = select(OrderRow).where(col(OrderRow.reference).in_(references))
        for order in (await session.exec(wanted)).all():
            order.set_cover(order.effective_at - ago, datetime.now(UTC) - ago)

    await world.database.write(move)


async def shared_order(world: World, viewer: str, shared_order_id: str) -> dict[str, Any]:
    """Return a shared order as a viewer is told it."""
    query = """query($id: ID!) { sharedOrder(id: $id) {
      status claimedAt availableActions claimEligibility { claimable code } order { sharesClaimed version }
    } }"""
    answer: dict[str, Any] = (await world.ask(viewer, query, id=shared_order_id))["sharedOrder"]
    return answer
