"""Replays every organisation's log: each entry must be possible after those before it, and lead to what is stored."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlmodel import col, select

from db.database import Database
from db.log_tables import EventRow, StreamRow
from db.order_tables import OrderRow
from db.people_tables import MembershipRow
from db.sharing_tables import ProcessingResultRow, SharedOrderRow
from domain.vocabulary import EventKind, OrderStatus, SharedOrderStatus
from resolvers.verify_organisations import verify_organisations

_ENDED = (OrderStatus.CANCELLED, OrderStatus.LAPSED)
_AFTER = {
    None: {"OFFERED"},
    "OFFERED": {"OFFERED", "CLAIMED", "DECLINED", "REVOKED", "EXPIRED"},
    "EXPIRED": {"OFFERED"},
    "CLAIMED": {"RELEASED", "REVOKED"},
}


class _Replay:
    """What the log has told so far."""

    def __init__(self, orders: dict[UUID, OrderRow], shares: dict[UUID, SharedOrderRow]) -> None:
        self.orders = orders
        self.shares = shares
        self.members: set[tuple[UUID, UUID]] = set()
        self.versions: Counter[UUID] = Counter()
        self.order_status: dict[UUID, str] = {}
        self.share_status: dict[UUID, str] = {}
        self.seats: Counter[UUID] = Counter()
        self.last_at: defaultdict[UUID, datetime] = defaultdict(lambda: datetime.min.replace(tzinfo=UTC))

    def take(self, event: EventRow) -> None:
        assert event.actor_id is None or (event.organisation_id, event.actor_id) in self.members
        if event.order_id is not None:
            assert event.occurred_at >= self.last_at[event.order_id], "an order's entries are in the order of time"
            self.last_at[event.order_id] = event.occurred_at
        match event.kind:
            case EventKind.MEMBERSHIP_CHANGED:
                self._take_membership(event)
            case EventKind.SHARED_ORDER_CHANGED:
                self._take_share(event)
            case EventKind.ORDER_STATUS_CHANGED | EventKind.ORDER_IMPORTED:
                self._take_order(event)

    def _take_membership(self, event: EventRow) -> None:
        assert event.subject_id is not None
        place = (event.organisation_id, event.subject_id)
        if event.payload["role"] is None:
            self.members.remove(place)
            left = [share for share in self.shares.values() if share.recipient_id == event.subject_id]
            assert not {self.share_status.get(share.id) for share in left} & {"OFFERED", "CLAIMED"}
        else:
            self.members.add(place)

    def _take_order(self, event: EventRow) -> None:
        assert event.order_id is not None
        self.versions[event.order_id] += 1
        assert event.order_version == self.versions[event.order_id]
        if event.kind is EventKind.ORDER_STATUS_CHANGED:
            known = self.order_status.get(event.order_id, event.payload["previous_status"])
            assert event.payload["previous_status"] == known
            self.order_status[event.order_id] = event.payload["status"]

    def _take_share(self, event: EventRow) -> None:
        assert event.order_id is not None
        assert event.shared_order_id is not None
        assert event.order_version == self.versions[event.order_id]
        share = self.shares[event.shared_order_id]
        previous, status = event.payload["previous_status"], event.payload["status"]
        assert previous == self.share_status.get(share.id)
        assert status in _AFTER[previous]
        self.share_status[share.id] = status
        self.seats[event.order_id] += (status == "CLAIMED") - (previous == "CLAIMED")
        assert 0 <= self.seats[event.order_id] <= self.orders[event.order_id].max_shares
        if status in ("OFFERED", "CLAIMED"):
            assert (event.organisation_id, share.recipient_id) in self.members
            assert self.order_status.get(event.order_id) not in _ENDED
        if status == "CLAIMED":
            assert share.opens_at <= event.occurred_at < share.closes_at
            assert share.claimed_at == event.occurred_at

    def leads_to_what_is_stored(self, members: Sequence[MembershipRow]) -> None:
        assert self.members == {(each.organisation_id, each.user_id) for each in members if each.removed_at is None}
        for order in self.orders.values():
            assert order.version == self.versions[order.id]
            assert order.shares_claimed == self.seats[order.id]
            assert order.status == self.order_status.get(order.id, order.status)
        assert {share.id: share.status for share in self.shares.values()} == self.share_status
        for share in self.shares.values():
            offered_after_the_end = share.status is SharedOrderStatus.OFFERED
            assert not (offered_after_the_end and self.orders[share.order_id].status in _ENDED)


async def the_log_explains_everything(database: Database) -> None:
    """Prove that the log is gapless, possible step by step, and leads to what is stored."""
    async with database.read() as session:
        assert await verify_organisations(session) == []
        orders = {row.id: row for row in (await session.exec(select(OrderRow))).all()}
        shares = {row.id: row for row in (await session.exec(select(SharedOrderRow))).all()}
        members = (await session.exec(select(MembershipRow))).all()
        heads = dict((await session.exec(select(StreamRow.organisation_id, StreamRow.head))).all())
        results = (await session.exec(select(ProcessingResultRow.order_id, ProcessingResultRow.order_version))).all()
        in_order = select(EventRow).order_by(col(EventRow.organisation_id), col(EventRow.sequence))
        events = (await session.exec(in_order)).all()
    replay = _Replay(orders, shares)
    sequences: defaultdict[UUID, list[int]] = defaultdict(list)
    for event in events:
        sequences[event.organisation_id].append(event.sequence)
        replay.take(event)
    assert sequences == {organisation: list(range(1, end + 1)) for organisation, end in heads.items() if end}
    replay.leads_to_what_is_stored(members)
    processed = Counter(
        (event.order_id, event.order_version)
        for event in events
        if event.kind is EventKind.ORDER_STATUS_CHANGED and event.payload["reason"]["cause"] == "PROCESSED"
    )
    assert Counter(map(tuple, results)) == processed
