"""Taking in rows of the order platform, many at once: judged and applied one by one, read and written together.

However many rows there are, they cost the same few statements. Rows that repeat what was imported last are set aside
before anything is locked, so a file without news holds nobody up.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy import and_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.new_events import NewEvent
from db.order_tables import ImportedOrderRow, OrderRow, OrderTypeRow
from domain.errors import DomainError
from resolvers.incoming_rows import IncomingRow, Judgement, Key, Outcome
from resolvers.order_book import OrderBook, may_be_among


class Owners(Protocol):
    """Who may own the orders of the rows."""

    async def lock(self, session: AsyncSession, rows: Collection[IncomingRow]) -> None:
        """Lock the organisations, then the memberships, that the rows are about."""
        ...

    def admit(self, judgement: Judgement, at: datetime) -> None:
        """Find, or make, the owner that a row names.

        Raises:
            DomainError: Where they cannot own an order of the organisation.
        """
        ...

    async def write(self, session: AsyncSession, at: datetime) -> list[NewEvent]:
        """Write who was made or changed, and return what there is to log about them."""
        ...


@dataclass
class Intake:
    """What became of rows, by their positions."""

    outcomes: dict[int, Outcome] = field(default_factory=dict)
    refusals: dict[int, DomainError] = field(default_factory=dict)

    def count(self, outcome: Outcome) -> int:
        """Return how many rows came to that outcome."""
        return sum(each is outcome for each in self.outcomes.values())


async def take_in(
    session: AsyncSession, rows: Mapping[int, IncomingRow], owners: Owners, actor_id: UUID | None
) -> Intake:
    """Import rows, each as if it came alone; one that cannot hold is refused and changes nothing.

    Args:
        session: The transaction; its last statements are the appends to the logs.
        rows: The rows by their positions, in which order they apply.
        owners: Who may own the orders.
        actor_id: Who imports; None for the operator at the command line.
    """
    repeated = await _repeated(session, rows.values())
    intake = Intake({position: Outcome.UNCHANGED for position, row in rows.items() if row.key in repeated})
    pending = {position: row for position, row in rows.items() if row.key not in repeated}
    if not pending:
        return intake
    types = await _lock_types(session)
    await owners.lock(session, pending.values())
    book = await OrderBook.open(session, {row.key for row in pending.values()}, types, actor_id)
    for position, row in pending.items():
        try:
            judgement = book.judge(row)
            owners.admit(judgement, book.at)
        except DomainError as refusal:
            intake.refusals[position] = refusal
        else:
            intake.outcomes[position] = await book.apply(session, judgement)
    await book.write(session, first=await owners.write(session, book.at))
    return intake


async def _repeated(session: AsyncSession, rows: Iterable[IncomingRow]) -> set[Key]:
    """Return the orders about which every row says what the one imported last said."""
    by_key: defaultdict[Key, list[IncomingRow]] = defaultdict(list)
    for row in rows:
        by_key[row.key].append(row)
    same_order = and_(
        col(ImportedOrderRow.organisation_id) == col(OrderRow.organisation_id),
        col(ImportedOrderRow.order_id) == col(OrderRow.id),
    )
    last = (
        select(OrderRow.organisation_id, OrderRow.reference, ImportedOrderRow.record)
        .join(ImportedOrderRow, same_order)
        .where(may_be_among(by_key))
    )
    return {
        (organisation_id, reference)
        for organisation_id, reference, record in await session.exec(last)
        if not any(row.news(record) for row in by_key.get((organisation_id, reference), ()))
    }


async def _lock_types(session: AsyncSession) -> dict[str, int]:
    """Return the priority of every order type by its code, kept from changing until the transaction ends."""
    types = select(OrderTypeRow.code, OrderTypeRow.priority).order_by(col(OrderTypeRow.code))
    return dict((await session.exec(types.with_for_update(read=True, key_share=True))).all())
