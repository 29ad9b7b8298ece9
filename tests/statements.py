"""The statements that a database is sent."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy import event

from db.database import Database
from db.driver import statement_log

_TRANSACTION = ("BEGIN", "COMMIT", "ROLLBACK")


class Statement(NamedTuple):
    """What the driver was given."""

    text: str
    arguments: Sequence[Any]


class _Kept(logging.Handler):
    def __init__(self, kept: list[Statement]) -> None:
        super().__init__()
        self._kept = kept

    def emit(self, record: logging.LogRecord) -> None:
        if not record.getMessage().startswith(_TRANSACTION):
            self._kept.append(Statement(record.getMessage(), getattr(record, "arguments")))  # noqa: B009 - from `extra`


@contextmanager
def statements(database: Database) -> Iterator[list[Statement]]:
    """Collect the statements of sessions and snapshots, without those that begin and end transactions."""
    sent: list[Statement] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if not statement.startswith(_TRANSACTION):
            sent.append(Statement(statement, parameters))

    kept, level = _Kept(sent), statement_log.level
    statement_log.addHandler(kept)
    statement_log.setLevel(logging.DEBUG)
    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", note)
        statement_log.removeHandler(kept)
        statement_log.setLevel(level)
