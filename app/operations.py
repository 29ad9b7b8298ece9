"""Where every operation begins, over whatever transport it came."""

from collections.abc import Awaitable, Sequence

from graphql import GraphQLError
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from app.deadlines import Deadlines
from app.documents import Documents
from app.observing import ObservedOperation, Observer, Observing
from app.operation_request import OperationRequest
from execution.compiled_operation import CompiledOperation
from schema.context import ConnectionContext
from schema.executable import EVERY_KIND, ExecutableSchema

_SECONDS = 30.0


class Operations:
    """Begins operations, within the time that each may take."""

    def __init__(
        self,
        schema: ExecutableSchema,
        documents: Documents | None = None,
        seconds: float = _SECONDS,
        observers: Sequence[Observer] = (),
    ) -> None:
        """Begin nothing yet.

        Args:
            schema: Executes.
            documents: Those that clients may name.
            seconds: How long an operation may take; what a mutation does is done nevertheless.
            observers: Who is told of each operation.
        """
        self.schema = schema
        self._documents = documents or Documents()
        self._seconds = seconds
        self._deadlines = Deadlines(seconds)
        self._observing = Observing(observers)

    def known(self, asked: OperationRequest) -> CompiledOperation | None:
        """Return an operation that was executed before, for `begin_known`; None where it must `begin`."""
        try:
            return self.schema.known(self._documents.text(asked), asked.operation_name)
        except GraphQLError:
            return None

    async def begin(
        self,
        asked: OperationRequest,
        connection: ConnectionContext,
        allowed: frozenset[OperationType] = EVERY_KIND,
    ) -> ExecutionResult:
        """Run an operation; returns what `ExecutableSchema.begin` does.

        Args:
            asked: What is asked for.
            connection: Whose operation it is.
            allowed: Which kinds of operations may be run.

        Raises:
            InvalidOperationTypeError: Where the operation is none of the allowed kinds; nothing has been done.
        """
        observed = self._observing.begin(connection)
        work = self._begin(asked, connection, allowed, observed)
        return await (work if observed is None else self._observing.run(observed, work))

    async def begin_known(
        self, known: CompiledOperation, asked: OperationRequest, connection: ConnectionContext
    ) -> ExecutionResult:
        """Run an operation that is `known`: what `begin` answers, without its preparations."""
        self._documents.keep(asked)
        work = self._in_time(self.schema.execute_known(known, asked.variables, connection))
        observed = self._observing.begin(connection)
        if observed is None:
            return await work
        self._observing.identify(observed, known.operation)
        return await self._observing.run(observed, work)

    async def _begin(
        self,
        asked: OperationRequest,
        connection: ConnectionContext,
        allowed: frozenset[OperationType],
        observed: ObservedOperation | None,
    ) -> ExecutionResult:
        try:
            text = self._documents.text(asked)
        except GraphQLError as refusal:
            return await self.schema.refuse(asked.query, refusal, connection)
        begun = self.schema.begin(text, asked.variables, connection, asked.operation_name, allowed)
        try:
            return await self._in_time(begun)
        finally:
            # Only of a document that was valid is there anything to tell, or to keep.
            known = self.schema.documents.remembered(text, asked.operation_name)
            if known is not None:
                self._documents.keep(asked)
            if observed is not None and known is not None:
                self._observing.identify(observed, known.operation)

    async def _in_time(self, work: Awaitable[ExecutionResult]) -> ExecutionResult:
        try:
            return await self._deadlines.keep(work)
        except TimeoutError:
            message = f"The operation took longer than {self._seconds:g} seconds. A mutation may have been done."
            return PreExecutionError(data=None, errors=[GraphQLError(message, extensions={"code": "TIMEOUT"})])
