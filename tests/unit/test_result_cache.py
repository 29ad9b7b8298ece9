"""Events are executed once for all who ask at the same time, and again where they could not be."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from strawberry.types import ExecutionResult

from db.log_tables import EventRow
from domain.people import Viewer
from domain.vocabulary import EventKind
from schema.delivery.accounts import Accounts
from schema.delivery.payments import Payments, Unpaid
from schema.delivery.question import Question
from schema.delivery.result_cache import ResultCache, cached_bytes
from schema.pricing import Spent

_ORGANISATION = uuid4()


def _event(sequence: int) -> EventRow:
    return EventRow(
        organisation_id=_ORGANISATION,
        sequence=sequence,
        kind=EventKind.ORDER_IMPORTED,
        occurred_at=datetime(2026, 1, 1, tzinfo=UTC),
        payload={},
    )


class Executing:
    """Executes events when the test lets it, and notes what it was asked."""

    def __init__(self, *, depends_on_viewer: bool = False) -> None:
        self.asked: list[tuple[list[int], UUID | None]] = []
        self.go_on = asyncio.Event()
        self.fault: Exception | None = None
        self._depends_on_viewer = depends_on_viewer

    async def __call__(self, events: Sequence[EventRow], viewer: Viewer | None) -> Sequence[ExecutionResult] | None:
        self.asked.append(([event.sequence for event in events], None if viewer is None else viewer.user_id))
        await self.go_on.wait()
        if self.fault is not None:
            raise self.fault
        if viewer is None and self._depends_on_viewer:
            return None
        return [ExecutionResult(data={"sequence": event.sequence}, errors=None) for event in events]


class Purse:
    """A budget without end, and what each user has paid out of theirs."""

    def __init__(self) -> None:
        self.paid: list[tuple[UUID, int]] = []

    def spend(self, viewer: Viewer, cost: int) -> Spent:
        self.paid.append((viewer.user_id, cost))
        return Spent(None)


_PAYER = Viewer(uuid4())


def _cache(execute: Executing, payments: Payments | None = None, cost: int = 1, most: int | None = None) -> ResultCache:
    accounts = cached_bytes() if most is None else Accounts(most)
    return ResultCache(Question(execute, lambda _: True, cost), payments or Payments(), accounts)


async def test_what_is_being_executed_is_not_executed_again() -> None:
    execute = Executing()
    cache = _cache(execute)
    first = asyncio.create_task(cache.results([_event(1), _event(2)], None, _PAYER))
    second = asyncio.create_task(cache.results([_event(2), _event(3)], None, _PAYER))
    await asyncio.sleep(0)
    execute.go_on.set()
    for asking, expected in ((first, (1, 2)), (second, (2, 3))):
        encoded = await asking
        assert encoded is not None
        assert [each.payload for each in encoded] == [b'{"data":{"sequence":%d}}' % sequence for sequence in expected]
    assert execute.asked == [([1, 2], None), ([3], None)]


async def test_a_fault_reaches_all_who_wait_and_the_next_executes_again() -> None:
    execute = Executing()
    execute.fault = OSError("the database is away")
    cache = _cache(execute)
    asking = [asyncio.create_task(cache.results([_event(1)], None, _PAYER)) for _ in range(2)]
    await asyncio.sleep(0)
    execute.go_on.set()
    for each in asking:
        with pytest.raises(OSError, match="the database is away"):
            await each
    execute.fault = None
    assert await cache.results([_event(1)], None, _PAYER) is not None
    assert execute.asked == [([1], None), ([1], None)]


async def test_one_who_waits_may_leave_before_the_others_have_their_results() -> None:
    execute = Executing()
    cache = _cache(execute)
    asking = [asyncio.create_task(cache.results([_event(1)], None, _PAYER)) for _ in range(3)]
    await asyncio.sleep(0)
    asking[1].cancel()
    execute.go_on.set()
    assert await asking[0] == await asking[2]
    assert len(execute.asked) == 1


async def test_results_of_one_viewer_are_not_those_of_another() -> None:
    execute = Executing(depends_on_viewer=True)
    execute.go_on.set()
    cache = _cache(execute)
    one, other = Viewer(uuid4()), Viewer(uuid4())
    assert await cache.results([_event(1)], None, one) is None
    for viewer in (one, other, one):
        assert await cache.results([_event(1)], viewer, viewer) is not None
    assert execute.asked == [([1], None), ([1], one.user_id), ([1], other.user_id)]


async def test_who_executes_pays_for_each_event_and_who_finds_results_pays_nothing() -> None:
    execute, purse = Executing(), Purse()
    execute.go_on.set()
    cache = _cache(execute, Payments(purse.spend), cost=7)
    one, other = Viewer(uuid4()), Viewer(uuid4())
    await cache.results([_event(1), _event(2)], None, one)
    await cache.results([_event(1), _event(2)], None, other)
    await cache.results([_event(2), _event(3)], None, other)
    assert purse.paid == [(one.user_id, 14), (other.user_id, 7)]


async def test_what_is_not_paid_for_is_not_executed() -> None:
    execute = Executing()
    cache = _cache(execute, Payments(lambda _viewer, _cost: Spent(0, 12.5)))
    with pytest.raises(Unpaid) as unpaid:
        await cache.results([_event(1)], None, _PAYER)
    assert unpaid.value.seconds == 12.5
    assert execute.asked == []


async def test_what_does_not_fit_into_the_cache_is_executed_again_and_nothing_else() -> None:
    execute = Executing()
    execute.go_on.set()
    cache = _cache(execute, most=1_000)
    one, other = Viewer(uuid4()), Viewer(uuid4())
    for sequence, payer in ((1, one), (2, one), (3, other)):
        await cache.results([_event(sequence)], None, payer)
    await cache.results([_event(1), _event(2), _event(3)], None, _PAYER)
    assert [asked for asked, _ in execute.asked] == [[1], [2], [3], [2]]
