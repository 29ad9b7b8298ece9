"""The orders that imported rows are about: read under their locks, changed in memory, written in bulk."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, insert, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.columns import new_id
from db.database import present
from db.event_log import append
from db.new_events import NewEvent, order_imported, order_status_changed
from db.order_tables import ImportedOrderRow, OrderRow
from db.sharing_tables import SharedOrderRow
from domain.claiming import OPEN_STATUSES
from domain.errors import invalid_input
from domain.importing import ImportedOrder, fields_to_apply, require_cover, require_importable, require_seats
from domain.lifecycle import ENDED_STATUSES
from domain.vocabulary import SharedOrderStatus, StatusCause
from resolvers.incoming_rows import IncomingRow, Judgement, Key, Outcome
from resolvers.offers import end_offers, end_shares_of
from resolvers.order_changes import count_change, set_status

_ORDER_FIELDS = {field.name for field in fields(ImportedOrder)}
_PLAIN_FIELDS = {"owner_id", "premium_minor", "currency", "max_shares"}
_NEVER_CHANGED = {"organisation_id", "reference", "search_reference", "created_at"}
_UPDATED_COLUMNS = [name for name in OrderRow.model_fields if name not in _NEVER_CHANGED]


def may_be_among(keys: Collection[Key]) -> ColumnElement[bool]:
    """Return a condition that holds for those orders, and for few others.

    It lets through an order that has the organisation of one key and the reference of another: both databases answer
    it from the index, which neither does for a list of pairs.
    """
    return and_(
        col(OrderRow.organisation_id).in_({organisation_id for organisation_id, _ in keys}),
        col(OrderRow.reference).in_({reference for _, reference in keys}),
    )


class OrderBook:
    """The orders that rows are about, and what becomes of them."""

    def __init__(
        self, orders: Iterable[OrderRow], types: Mapping[str, int], actor_id: UUID | None, at: datetime
    ) -> None:
        """Begin with the orders that exist; `open` finds them.

        Args:
            orders: The orders, under their locks.
            types: The priority of every order type, by its code.
            actor_id: Who imports; None for the operator at the command line.
            at: The present, by a clock read under the locks.
        """
        self.at = at
        self._actor_id = actor_id
        self._types = types
        self._orders: dict[Key, OrderRow] = {(order.organisation_id, order.reference): order for order in orders}
        self._records: dict[UUID, dict[str, Any]] = {}
        self._open_shares: defaultdict[UUID, dict[UUID, SharedOrderStatus]] = defaultdict(dict)
        self._made: dict[UUID, OrderRow] = {}
        self._changed: dict[UUID, OrderRow] = {}
        self._told: dict[UUID, OrderRow] = {}
        self._events: list[NewEvent] = []

    @classmethod
    async def open(
        cls, session: AsyncSession, keys: Collection[Key], types: Mapping[str, int], actor_id: UUID | None
    ) -> "OrderBook":
        """Lock the orders that exist, in the order of their ids, and read what is known about them."""
        locked = (
            select(OrderRow)
            .where(may_be_among(keys))
            .order_by(col(OrderRow.id))
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
        orders = (await session.exec(locked)).all()
        for order in orders:
            # The session would write rows in which different columns changed one by one; `write` does it in bulk.
            session.expunge(order)
        book = cls(orders, types, actor_id, await present(session))
        if orders:
            await book._read_about(session, {order.organisation_id for order in orders}, [order.id for order in orders])
        return book

    async def _read_about(
        self, session: AsyncSession, organisation_ids: Collection[UUID], order_ids: Sequence[UUID]
    ) -> None:
        records = select(ImportedOrderRow.order_id, col(ImportedOrderRow.record)).where(
            col(ImportedOrderRow.organisation_id).in_(organisation_ids), col(ImportedOrderRow.order_id).in_(order_ids)
        )
        self._records = dict((await session.exec(records)).all())
        shares = select(SharedOrderRow.order_id, SharedOrderRow.recipient_id, col(SharedOrderRow.status)).where(
            col(SharedOrderRow.organisation_id).in_(organisation_ids),
            col(SharedOrderRow.order_id).in_(order_ids),
            col(SharedOrderRow.status).in_(OPEN_STATUSES),
        )
        for order_id, recipient_id, status in await session.exec(shares):
            self._open_shares[order_id][recipient_id] = status

    def judge(self, row: IncomingRow) -> Judgement:
        """Return what a row says that is new, having found that the order can become so.

        Raises:
            DomainError: INVALID_INPUT, about the field that is wrong.
        """
        require_importable(row.order)
        if row.order.type_code not in self._types:
            raise invalid_input("There is no such order type.", "type")
        order = self._orders.get(row.key)
        if order is None:
            return Judgement(row, None)
        news = row.news(self._records[order.id])
        opens, ends = (getattr(row.order if name in news else order, name) for name in ("effective_at", "expires_at"))
        require_cover(opens, ends)
        if "max_shares" in news:
            # A recipient who becomes the owner gives their seat back.
            given_back = self._open_shares[order.id].get(row.order.owner_id) is SharedOrderStatus.CLAIMED
            require_seats(row.order.max_shares, order.shares_claimed - given_back)
        return Judgement(row, order, news)

    async def apply(self, session: AsyncSession, judgement: Judgement) -> Outcome:
        """Do what a row says that is new, where the order is not so already, and note it for the log."""
        row, order = judgement.row, judgement.order
        if order is None:
            self._make(row)
            return Outcome.IMPORTED
        if judgement.news:
            self._records[order.id] = row.record_after(self._records[order.id])
            self._told[order.id] = order
        news = fields_to_apply(judgement.news, order.reason_cause) & _ORDER_FIELDS
        changed = {name for name in news if getattr(order, name) != getattr(row.order, name)}
        if not changed:
            return Outcome.UNCHANGED
        self._events.append(self._change(order, row.order, changed))
        await self._end_shares(session, order, changed)
        return Outcome.UPDATED

    def _make(self, row: IncomingRow) -> None:
        said = row.order
        order = OrderRow(
            id=new_id(),
            organisation_id=row.organisation_id,
            owner_id=said.owner_id,
            reference=row.reference,
            type_code=said.type_code,
            type_priority=self._types[said.type_code],
            title=said.title,
            premium_minor=said.premium_minor,
            currency=said.currency,
            effective_at=said.effective_at,
            created_at=self.at,
            updated_at=self.at,
            status=said.status,
            max_shares=said.max_shares,
            reason_cause=StatusCause.IMPORTED,
            reason_actor_id=self._actor_id,
            reason_at=self.at,
        )
        order.set_cover(said.effective_at, said.expires_at).set_title(said.title)
        self._orders[row.key] = self._made[order.id] = order
        self._records[order.id] = row.record_after({})
        self._events.append(order_imported(order, self._actor_id, self.at))

    def _change(self, order: OrderRow, said: ImportedOrder, changed: set[str]) -> NewEvent:
        for name in changed & _PLAIN_FIELDS:
            setattr(order, name, getattr(said, name))
        if "type_code" in changed:
            order.type_code, order.type_priority = said.type_code, self._types[said.type_code]
        if "title" in changed:
            order.set_title(said.title)
        if changed & {"effective_at", "expires_at"}:
            order.set_cover(
                said.effective_at if "effective_at" in changed else order.effective_at,
                said.expires_at if "expires_at" in changed else order.expires_at,
            )
        count_change(order, self.at)
        self._changed[order.id] = order
        if "status" not in changed:
            return order_imported(order, self._actor_id, self.at)
        previous = set_status(order, said.status, StatusCause.IMPORTED, self.at, actor_id=self._actor_id)
        return order_status_changed(order, previous, self._actor_id)

    async def _end_shares(self, session: AsyncSession, order: OrderRow, changed: set[str]) -> None:
        shares = self._open_shares[order.id]
        if "owner_id" in changed and order.owner_id in shares:
            del shares[order.owner_id]
            self._events += await end_shares_of(session, order, order.owner_id, self._actor_id, self.at)
        if "status" in changed and order.status in ENDED_STATUSES and SharedOrderStatus.OFFERED in shares.values():
            self._events += await end_offers(session, order, self._actor_id, self.at)

    async def write(self, session: AsyncSession, first: Iterable[NewEvent]) -> None:
        """Write the orders, and what the next rows are compared with; then, as the last thing, the logs.

        Args:
            session: The transaction.
            first: What the logs tell before they tell of the orders.
        """
        changed = [order for order_id, order in self._changed.items() if order_id not in self._made]
        told = [order for order_id, order in self._told.items() if order_id not in self._made]
        if self._made:
            # Without it, rows that leave different columns empty would be written one by one.
            with_nulls = insert(OrderRow).execution_options(render_nulls=True)
            await session.exec(with_nulls, params=[order.model_dump() for order in self._made.values()])
            await session.exec(
                insert(ImportedOrderRow), params=[self._record_of(order) for order in self._made.values()]
            )
        if changed:
            values = [{name: getattr(order, name) for name in _UPDATED_COLUMNS} for order in changed]
            await session.exec(update(OrderRow), params=values)
        if told:
            await session.exec(update(ImportedOrderRow), params=[self._record_of(order) for order in told])
        events: defaultdict[UUID, list[NewEvent]] = defaultdict(list)
        for event in (*first, *self._events):
            events[event.organisation_id].append(event)
        for organisation_id in sorted(events):
            await append(session, organisation_id, events[organisation_id])

    def _record_of(self, order: OrderRow) -> dict[str, Any]:
        return {
            "organisation_id": order.organisation_id,
            "order_id": order.id,
            "record": self._records[order.id],
        }
