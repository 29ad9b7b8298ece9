"""Processing: either terminal sends a result for its own order, and the server derives the status of both."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from db.database import present
from db.event_log import append
from db.new_events import NewEvent, order_status_changed
from db.order_tables import OrderRow
from db.sharing_tables import ProcessingResultRow
from domain.lifecycle import ENDED_STATUSES, expiry_after
from domain.people import Viewer
from domain.processing import require_may_process_order, require_may_process_shared_order, result_of
from domain.sharing import require_short_text
from domain.vocabulary import OrderAction, OrderStatus, StatusCause, Terminal
from resolvers.access import lock_order, lock_shared_order
from resolvers.offers import end_offers
from resolvers.order_changes import count_change, let_time_pass, set_status


@dataclass(frozen=True)
class Result:
    """A result that a terminal sends.

    Attributes:
        action: What was done.
        expected_version: The order's version that the terminal had in view, or None not to check.
        new_expires_at: The new end of the cover, with zone, for the actions that take one.
        note: A word to whoever reads the results.
    """

    action: OrderAction
    expected_version: int | None = None
    new_expires_at: datetime | None = None
    note: str | None = None


@dataclass(frozen=True)
class ProcessAnswer:
    """The order after the result, and the result as it is kept."""

    order: OrderRow
    processing_result: ProcessingResultRow


async def process_order(session: AsyncSession, viewer: Viewer, order_id: UUID, result: Result) -> ProcessAnswer:
    """Apply a result that comes from the first terminal: the order's owner, or an admin.

    Raises:
        DomainError: NOT_FOUND, FORBIDDEN, INVALID_INPUT, VERSION_CONFLICT or ACTION_NOT_ALLOWED.
    """
    locked = await lock_order(session, viewer, order_id)
    require_may_process_order(locked.member, locked.order.owner_id)
    return await _apply(session, viewer, locked.order, None, result)


async def process_shared_order(
    session: AsyncSession, viewer: Viewer, shared_order_id: UUID, result: Result
) -> ProcessAnswer:
    """Apply a result that comes from the second terminal: the recipient of a claimed share with PROCESS.

    Raises:
        DomainError: As for the first terminal, and NOT_CLAIMED.
    """
    locked = await lock_shared_order(session, viewer, shared_order_id, argument="order_id")
    require_may_process_shared_order(
        viewer.user_id,
        recipient_id=locked.shared.recipient_id,
        share_status=locked.shared.status,
        permission=locked.shared.permission,
    )
    return await _apply(session, viewer, locked.order, locked.shared.id, result)


async def _apply(
    session: AsyncSession, viewer: Viewer, order: OrderRow, shared_order_id: UUID | None, result: Result
) -> ProcessAnswer:
    require_short_text(result.note, "note")
    at = await present(session)
    passed = await let_time_pass(session, order, at)
    to_status = result_of(
        result.action, status=order.status, version=order.version, expected_version=result.expected_version
    )
    expires_at = expiry_after(
        result.action,
        effective_at=order.effective_at,
        expires_at=order.expires_at,
        new_expires_at=result.new_expires_at,
        now=at,
    )
    kept, event = _change(order, to_status, expires_at, viewer, shared_order_id, result, at)
    session.add(kept)
    ended = await end_offers(session, order, viewer.user_id, at) if to_status in ENDED_STATUSES else []
    await append(session, order.organisation_id, [*passed, event, *ended])
    return ProcessAnswer(order, kept)


def _change(
    order: OrderRow,
    to_status: OrderStatus,
    expires_at: datetime | None,
    viewer: Viewer,
    shared_order_id: UUID | None,
    result: Result,
    at: datetime,
) -> tuple[ProcessingResultRow, NewEvent]:
    via = Terminal.FIRST_ORDER if shared_order_id is None else Terminal.SHARED_ORDER
    order.set_cover(order.effective_at, expires_at)
    previous = set_status(
        order, to_status, StatusCause.PROCESSED, at, action=result.action, actor_id=viewer.user_id, via=via
    )
    count_change(order, at)
    kept = ProcessingResultRow(
        organisation_id=order.organisation_id,
        order_id=order.id,
        shared_order_id=shared_order_id,
        actor_id=viewer.user_id,
        via=via,
        action=result.action,
        note=result.note,
        from_status=previous,
        to_status=to_status,
        order_version=order.version,
        at=at,
    )
    return kept, order_status_changed(order, previous, viewer.user_id)
