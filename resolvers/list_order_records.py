"""What happened to an order: the results that were applied, and its part of the log; the newest first."""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import ColumnElement, exists, or_
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.keyset import Keyset, Page, PageRequest
from db.log_tables import EventRow
from db.order_tables import OrderRow
from db.sharing_tables import ProcessingResultRow
from domain.people import Viewer
from domain.vocabulary import EventKind
from resolvers.find_rows import viewer_belongs_to
from resolvers.nested_pages import counts_by_parent, pages_by_parent

LATEST_RESULT_FIRST = Keyset((col(ProcessingResultRow.order_version),), descending=True)
LATEST_EVENT_FIRST = Keyset((col(EventRow.sequence),), descending=True)


async def list_processing_results(
    session: AsyncSession, viewer: Viewer, order_ids: Collection[UUID], request: PageRequest
) -> Mapping[UUID, Page[ProcessingResultRow]]:
    """Return the same page of the results of each order, of those in the viewer's organisations."""
    conditions = [viewer_belongs_to(viewer, ProcessingResultRow.organisation_id)]
    parent = col(ProcessingResultRow.order_id)
    return await pages_by_parent(
        session, ProcessingResultRow, parent, order_ids, conditions, LATEST_RESULT_FIRST, request
    )


async def count_processing_results(
    session: AsyncSession, viewer: Viewer, order_ids: Collection[UUID]
) -> Mapping[UUID, int]:
    """Return how many results each order has."""
    conditions = [viewer_belongs_to(viewer, ProcessingResultRow.organisation_id)]
    return await counts_by_parent(session, col(ProcessingResultRow.order_id), order_ids, conditions)


async def list_history(
    session: AsyncSession, viewer: Viewer, order_ids: Collection[UUID], request: PageRequest
) -> Mapping[UUID, Page[EventRow]]:
    """Return the same page of the history of each order, as far as the viewer sees it."""
    parent = col(EventRow.order_id)
    conditions = _visible(viewer)
    return await pages_by_parent(session, EventRow, parent, order_ids, conditions, LATEST_EVENT_FIRST, request)


async def count_history(session: AsyncSession, viewer: Viewer, order_ids: Collection[UUID]) -> Mapping[UUID, int]:
    """Return how many entries of each order's history the viewer sees."""
    return await counts_by_parent(session, col(EventRow.order_id), order_ids, _visible(viewer))


def _visible(viewer: Viewer) -> list[ColumnElement[bool]]:
    """Return the conditions that the viewer sees an entry: `domain.people.may_see_event` as SQL."""
    organisation_id = col(EventRow.organisation_id)
    owns = exists().where(col(OrderRow.id) == col(EventRow.order_id), col(OrderRow.owner_id) == viewer.user_id)
    return [
        viewer_belongs_to(viewer, organisation_id),
        or_(
            col(EventRow.kind) != EventKind.SHARED_ORDER_CHANGED,
            col(EventRow.sender_id) == viewer.user_id,
            col(EventRow.recipient_id) == viewer.user_id,
            owns,
            viewer_belongs_to(viewer, organisation_id, as_admin=True),
        ),
    ]
