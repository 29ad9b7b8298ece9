"""Those who watch operations, and what becomes of an operation when they fail."""

import logging
from uuid import uuid4

import pytest
from strawberry.types import ExecutionResult

from app.observing import ObservedOperation, Observing
from db.database import Database
from domain.people import Viewer
from schema.context import ConnectionContext


class _Failing:
    def ended(self, operation: ObservedOperation) -> None:
        """Fail."""
        raise ValueError(operation.kind)


class _Listening:
    def __init__(self) -> None:
        self.outcomes: list[str] = []

    def ended(self, operation: ObservedOperation) -> None:
        """Note what became of it."""
        self.outcomes.append(operation.outcome)


async def _answer() -> ExecutionResult:
    return ExecutionResult(data={"done": True}, errors=None)


async def test_an_observer_that_fails_takes_neither_the_answer_nor_the_other_observers_with_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    listening = _Listening()
    observing = Observing([_Failing(), listening])
    database = Database("sqlite+aiosqlite:///never-opened.db")
    operation = observing.begin(ConnectionContext(database, Viewer(uuid4())))
    assert operation is not None
    with caplog.at_level(logging.ERROR):
        result = await observing.run(operation, _answer())
    assert (result.data, listening.outcomes) == ({"done": True}, ["OK"])
    assert [record.getMessage() for record in caplog.records] == ["an operation could not be told of"]
