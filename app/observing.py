"""What those who watch the server are told of each operation, whatever transport it came by."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Sequence
from random import getrandbits
from typing import Protocol
from uuid import UUID

from graphql import OperationDefinitionNode
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types import ExecutionResult

from schema.context import ConnectionContext
from schema.observing import under_way
from schema.request_errors import BAD_USER_INPUT, INTERNAL

OK, FAILED, CANCELLED = "OK", "FAILED", "CANCELLED"
"""Outcomes; any other is the code of the error by which an operation was refused."""

OTHER = "other"
"""What an operation is called whose own name is not told."""

_log = logging.getLogger(__name__)

_ANONYMOUS = "anonymous"
_UNKNOWN = "unknown"
_MOST_NAMES = 200
_LONGEST_NAME = 64


class ObservedOperation:
    """One operation, as far as its watchers may know.

    Attributes:
        transport: By what it has come.
        user_id: Whose it is.
        traceparent: What the client says of the trace that this is a part of.
        kind: `query`, `mutation`, `subscription`; `unknown` where the document was refused.
        name: What it is called, which is one of few names.
        outcome: What became of it.
        cost: What it cost; 0 where it was refused before that was known.
        seconds: How long it took; a subscription, until it had begun.
        trace_id: The trace that it is a part of, once somebody has made it one.
    """

    __slots__ = (
        "_begun",
        "_request_id",
        "cost",
        "kind",
        "name",
        "outcome",
        "seconds",
        "trace_id",
        "traceparent",
        "transport",
        "user_id",
    )

    def __init__(self, connection: ConnectionContext) -> None:
        """Begin."""
        self._begun = time.perf_counter()
        self._request_id: str | None = None
        self.transport = connection.transport
        self.user_id: UUID = connection.viewer.user_id
        self.traceparent = connection.traceparent
        self.kind = _UNKNOWN
        self.name = OTHER
        self.outcome = FAILED
        self.cost = 0
        self.seconds = 0.0
        self.trace_id: str | None = None

    @property
    def request_id(self) -> str:
        """What an error tells, and the log with it."""
        if self._request_id is None:
            self._request_id = f"{getrandbits(128):032x}"
        return self._request_id

    def end(self) -> None:
        """Take the time."""
        self.seconds = time.perf_counter() - self._begun

    def answer(self, result: ExecutionResult) -> None:
        """Take the outcome and the cost from what is answered."""
        if not result.errors:
            self.outcome = OK
        else:
            code = str((result.errors[0].extensions or {}).get("code", INTERNAL))
            self.outcome = FAILED if code == INTERNAL else code
        if result.extensions is not None:
            self.cost = result.extensions["cost"]["requested"]


class Observer(Protocol):
    """Watches operations."""

    def ended(self, operation: ObservedOperation) -> None:
        """Hear of an operation that has ended; of a subscription, that it has begun."""


def _tell(observer: Observer, operation: ObservedOperation) -> None:
    try:
        observer.ended(operation)
    except Exception:
        # What has been done is answered, whoever may have failed to write it down.
        _log.exception("an operation could not be told of")


class Observing:
    """Tells of each operation to all who watch."""

    def __init__(self, observers: Sequence[Observer] = ()) -> None:
        """Have no operation yet.

        Args:
            observers: Who is told.
        """
        self._observers = tuple(observers)
        self._names: set[str] = set()

    def begin(self, connection: ConnectionContext) -> ObservedOperation | None:
        """Return what is to be told of an operation that begins now; None where nobody watches."""
        return ObservedOperation(connection) if self._observers else None

    async def run(self, operation: ObservedOperation, work: Awaitable[ExecutionResult]) -> ExecutionResult:
        """Return the result of an operation, and tell of it."""
        before = under_way.set(operation)
        try:
            result = await work
            operation.answer(result)
        except InvalidOperationTypeError as refusal:
            operation.kind, operation.outcome = refusal.operation_type.value, BAD_USER_INPUT
            raise
        except asyncio.CancelledError:
            operation.outcome = CANCELLED
            raise
        finally:
            under_way.reset(before)
            operation.end()
            for observer in self._observers:
                _tell(observer, operation)
        return result

    def identify(self, operation: ObservedOperation, definition: OperationDefinitionNode) -> None:
        """Tell an operation of its kind and name, which are those of a valid document.

        The name is the client's choice: only the first few names are told, and no long ones.
        """
        operation.kind = definition.operation.value
        name = definition.name.value if definition.name is not None else _ANONYMOUS
        if name in self._names:
            operation.name = name
        elif len(self._names) < _MOST_NAMES and len(name) <= _LONGEST_NAME:
            self._names.add(name)
            operation.name = name
