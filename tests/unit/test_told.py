"""Answers to events are had once for all who ask at the same time, and had again where they could not be had."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from strawberry.types import ExecutionResult

from db.log_tables import EventRow
from domain.people import Viewer
from domain.vocabulary import EventKind
from schema.told import Answers

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
    """Answers events when the test lets it, and notes what it was asked."""

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


async def test_what_is_being_answered_is_not_answered_again() -> None:
    execute = Executing()
    answers = Answers(execute)
    first = asyncio.create_task(answers.to([_event(1), _event(2)], None))
    second = asyncio.create_task(answers.to([_event(2), _event(3)], None))
    await asyncio.sleep(0)
    execute.go_on.set()
    for asking, expected in ((first, (1, 2)), (second, (2, 3))):
        told = await asking
        assert told is not None
        assert [each.payload for each in told] == [b'{"data":{"sequence":%d}}' % sequence for sequence in expected]
    assert execute.asked == [([1, 2], None), ([3], None)]


async def test_whoever_asked_first_may_leave_before_the_others_have_their_answer() -> None:
    execute = Executing()
    answers = Answers(execute)
    first = asyncio.create_task(answers.to([_event(1)], None))
    second = asyncio.create_task(answers.to([_event(1)], None))
    await asyncio.sleep(0)
    first.cancel()
    execute.go_on.set()
    told = await second
    assert told is not None
    assert [each.payload for each in told] == [b'{"data":{"sequence":1}}']
    assert len(execute.asked) == 1


async def test_an_answer_that_cannot_be_had_is_told_to_all_and_had_again_for_the_next() -> None:
    execute = Executing()
    execute.fault = OSError("the database is away")
    answers = Answers(execute)
    asking = [asyncio.create_task(answers.to([_event(1)], None)) for _ in range(2)]
    await asyncio.sleep(0)
    execute.go_on.set()
    for each in asking:
        with pytest.raises(OSError, match="the database is away"):
            await each
    execute.fault = None
    assert await answers.to([_event(1)], None) is not None
    assert execute.asked == [([1], None), ([1], None)]


async def test_answers_of_one_viewer_are_not_those_of_another() -> None:
    execute = Executing(depends_on_viewer=True)
    execute.go_on.set()
    answers = Answers(execute)
    one, other = Viewer(uuid4()), Viewer(uuid4())
    assert await answers.to([_event(1)], None) is None
    for viewer in (one, other, one):
        assert await answers.to([_event(1)], viewer) is not None
    assert execute.asked == [([1], None), ([1], one.user_id), ([1], other.user_id)]
