"""The orders of an organisation, sorted and filtered, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, and_, inspect, or_
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.keyset import Keyset, Page, PageRequest, cut
from db.order_tables import OrderRow
from domain.sharing import SHAREABLE_STATUSES
from domain.vocabulary import OrderStatus


class OrderSort(StrEnum):
    """What a list of orders is sorted by; ties fall to the id."""

    TYPE_PRIORITY = "TYPE_PRIORITY"
    EXPIRES_AT = "EXPIRES_AT"
    EFFECTIVE_AT_DESC = "EFFECTIVE_AT_DESC"
    PREMIUM_DESC = "PREMIUM_DESC"


ORDERINGS: dict[OrderSort, Keyset] = {
    OrderSort.TYPE_PRIORITY: Keyset((col(OrderRow.type_priority), col(OrderRow.newest_first), col(OrderRow.id))),
    OrderSort.EXPIRES_AT: Keyset((col(OrderRow.expires_last), col(OrderRow.id))),
    OrderSort.EFFECTIVE_AT_DESC: Keyset((col(OrderRow.newest_first), col(OrderRow.id))),
    OrderSort.PREMIUM_DESC: Keyset((col(OrderRow.premium_minor), col(OrderRow.id)), descending=True),
}


@dataclass(frozen=True)
class OrderFilter:
    """Which orders a list keeps; every condition that is given must hold.

    Attributes:
        shareable: Whether the status lets the order be shared.
        statuses: Any of these.
        type_codes: Any of these.
        owner_ids: Any of these owners.
        expires_before: The cover ends before this instant; one without end does not.
        expires_after: The cover ends after this instant; one without end does.
        search: The title contains it, or the reference starts with it, in any case of letters.
    """

    shareable: bool | None = None
    statuses: Sequence[OrderStatus] | None = None
    type_codes: Sequence[str] | None = None
    owner_ids: Sequence[UUID] | None = None
    expires_before: datetime | None = None
    expires_after: datetime | None = None
    search: str | None = None


def sort_keys(sort: OrderSort, row: OrderRow) -> tuple[int | UUID, ...]:
    """Return the keys by which a row has its place in the list."""
    return tuple(getattr(row, inspect(key).key) for key in ORDERINGS[sort].keys)


async def list_orders(
    session: AsyncSession, organisation_id: UUID, kept: OrderFilter, sort: OrderSort, request: PageRequest
) -> Page[OrderRow]:
    """Return a page of the organisation's orders; the caller has seen that the viewer is its member."""
    keyset = ORDERINGS[sort]
    statement = (
        select(OrderRow)
        .where(*_conditions(organisation_id, kept), *keyset.bounds(request))
        .order_by(*keyset.ordering(request))
        .limit(request.size + 1)
    )
    return cut((await session.exec(statement)).all(), request)


async def count_orders(session: AsyncSession, organisation_id: UUID, kept: OrderFilter) -> int:
    """Return how many orders of the organisation the filter keeps."""
    statement = select(func.count()).select_from(OrderRow).where(*_conditions(organisation_id, kept))
    return (await session.exec(statement)).one()


def _conditions(organisation_id: UUID, kept: OrderFilter) -> list[ColumnElement[bool]]:
    status = col(OrderRow.status)
    conditions: list[ColumnElement[bool]] = [col(OrderRow.organisation_id) == organisation_id]
    if kept.shareable is not None:
        shareable = status.in_(SHAREABLE_STATUSES)
        conditions.append(shareable if kept.shareable else ~shareable)
    if kept.statuses is not None:
        conditions.append(status.in_(kept.statuses))
    if kept.type_codes is not None:
        conditions.append(col(OrderRow.type_code).in_(kept.type_codes))
    if kept.owner_ids is not None:
        conditions.append(col(OrderRow.owner_id).in_(kept.owner_ids))
    if kept.search is not None:
        conditions.append(_found_by(kept.search))
    return [*conditions, *_expiry_conditions(kept)]


def _expiry_conditions(kept: OrderFilter) -> list[ColumnElement[bool]]:
    expires_at = col(OrderRow.expires_at)
    conditions: list[ColumnElement[bool]] = []
    if kept.expires_before is not None:
        conditions.append(and_(expires_at.is_not(None), expires_at < kept.expires_before))
    if kept.expires_after is not None:
        conditions.append(or_(expires_at.is_(None), expires_at > kept.expires_after))
    return conditions


def _found_by(search: str) -> ColumnElement[bool]:
    folded = search.casefold()
    return or_(
        col(OrderRow.search_title).contains(folded, autoescape=True),
        col(OrderRow.search_reference).startswith(folded, autoescape=True),
    )
