"""What happened to an order: the results that were applied, and its part of the log; the newest first."""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import or_
from sqlmodel import col

from db.keyset import Keyset, Page, PageRequest
from db.log_tables import EventRow
from db.plain_rows import PlainEvent, PlainResult
from db.sharing_tables import ProcessingResultRow
from db.snapshot import Snapshot
from domain.people import Viewer
from domain.vocabulary import EventKind
from resolvers.find_rows import viewer_belongs_to, viewer_sees_share
from resolvers.nested_pages import NestedList

_RESULTS = NestedList(
    ProcessingResultRow,
    PlainResult,
    "order_id",
    Keyset((col(ProcessingResultRow.order_version),), descending=True),
    viewer_belongs_to(ProcessingResultRow.organisation_id),
)

# What a viewer sees of the log: `domain.people.may_see_event` as SQL.
_HISTORY = NestedList(
    EventRow,
    PlainEvent,
    "order_id",
    Keyset((col(EventRow.sequence),), descending=True),
    viewer_belongs_to(EventRow.organisation_id),
    or_(
        col(EventRow.kind) != EventKind.SHARED_ORDER_CHANGED,
        viewer_sees_share(
            col(EventRow.organisation_id),
            col(EventRow.order_id),
            col(EventRow.sender_id),
            col(EventRow.recipient_id),
        ),
    ),
)


async def list_processing_results(
    snapshot: Snapshot, viewer: Viewer, order_ids: Collection[UUID], request: PageRequest
) -> Mapping[UUID, Page[PlainResult]]:
    """Return the same page of the results of each order, of those in the viewer's organisations."""
    return await _RESULTS.pages(snapshot, order_ids, request, viewer_id=viewer.user_id)


async def count_processing_results(
    snapshot: Snapshot, viewer: Viewer, order_ids: Collection[UUID]
) -> Mapping[UUID, int]:
    """Return how many results each order has."""
    return await _RESULTS.counts(snapshot, order_ids, viewer_id=viewer.user_id)


async def list_history(
    snapshot: Snapshot, viewer: Viewer, order_ids: Collection[UUID], request: PageRequest
) -> Mapping[UUID, Page[PlainEvent]]:
    """Return the same page of the history of each order, as far as the viewer sees it."""
    return await _HISTORY.pages(snapshot, order_ids, request, viewer_id=viewer.user_id)


async def count_history(snapshot: Snapshot, viewer: Viewer, order_ids: Collection[UUID]) -> Mapping[UUID, int]:
    """Return how many entries of each order's history the viewer sees."""
    return await _HISTORY.counts(snapshot, order_ids, viewer_id=viewer.user_id)
