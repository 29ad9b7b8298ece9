"""The schema, and how an operation runs in it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.exceptions import MissingQueryError
from strawberry.execution import optimized_is_awaitable
from strawberry.extensions import MaxTokensLimiter
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.exceptions import CannotGetOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType
from strawberry.utils.await_maybe import await_maybe

import schema.enums  # noqa: F401 - registers the enums before a type uses them
from db.database import Database
from db.outage import is_away
from domain.people import Viewer
from execution.compiled_documents import CompiledDocuments
from execution.compiled_operation import CompiledOperation
from execution.document_cache import CachedParsing, CachedValidation
from execution.limits import DocumentLimiter, DocumentLimits
from execution.operation_choice import OperationChooser
from execution.subscriptions import Subscribed
from schema.context import ConnectionContext, OperationContext
from schema.mutation import Mutation
from schema.query import Query
from schema.request_errors import bad_user_input, presented
from schema.scalars import SCALARS
from schema.subscription import Subscription
from schema.types.event import (
    MembershipChanged,
    OrderImported,
    OrderStatusChanged,
    SharedOrderChanged,
    SharePolicyChanged,
)
from schema.types.organisation import Organisation
from schema.types.processing_result import ProcessingResult
from schema.user_errors import (
    ActionNotAllowedError,
    ClaimWindowError,
    GenericUserError,
    SharesExhaustedError,
    VersionConflictError,
)

_CACHED_DOCUMENTS = 500
"""Clients send the same few documents over and over; more than these are parsed, validated and compiled again."""

_UNREFERENCED_TYPES = (
    Organisation,
    ProcessingResult,
    OrderStatusChanged,
    SharedOrderChanged,
    OrderImported,
    MembershipChanged,
    SharePolicyChanged,
    GenericUserError,
    ClaimWindowError,
    SharesExhaustedError,
    ActionNotAllowedError,
    VersionConflictError,
)


class OrderShareSchema(strawberry.Schema):
    """The schema, which compiles operations, gives each a context of its own and presents its errors."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Take what Strawberry's schema takes."""
        super().__init__(*arguments, **options)
        plain_attributes = self.config.default_resolver is getattr
        self.documents = CompiledDocuments(_CACHED_DOCUMENTS, plain_attributes=plain_attributes)

    async def execute(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Any = None,
        root_value: Any = None,
        operation_name: str | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> ExecutionResult:
        """Run a query or mutation for a `ConnectionContext`; a subscription needs a transport that streams."""
        allowed = set(allowed_operation_types or OperationType) - {OperationType.SUBSCRIPTION}
        async with _operation(context_value) as context:
            result = await super().execute(
                query, variable_values, context, root_value, operation_name, allowed, operation_extensions
            )
            _present_errors(result, context)
            return result

    async def begin(
        self,
        query: str,
        variable_values: dict[str, Any] | None,
        connection: ConnectionContext,
        operation_name: str | None,
    ) -> ExecutionResult:
        """Run any operation.

        Returns:
            The result. That of a subscription which has begun holds a `Subscribed` as its data; that of one which has
            not is a `PreExecutionError`, as it is where the request is refused before anything is executed.
        """
        known = self.known(query, operation_name)
        if known is not None:
            result = await self.execute_known(known, variable_values, connection)
        else:
            result = await self._execute_first(query, variable_values, connection, operation_name)
            known = self.known(query, operation_name)
        if known is not None and known.is_subscription and result.errors:
            return PreExecutionError(data=None, errors=result.errors)
        return result

    async def _execute_first(
        self,
        query: str,
        variable_values: dict[str, Any] | None,
        connection: ConnectionContext,
        operation_name: str | None,
    ) -> ExecutionResult:
        """Run an operation whose document has not been seen before, or was refused."""
        async with _operation(connection) as context:
            try:
                result = await super().execute(query, variable_values, context, None, operation_name, OperationType)
            except MissingQueryError:
                return PreExecutionError(data=None, errors=[bad_user_input("There is no document to execute.")])
            except CannotGetOperationTypeError as fault:
                return PreExecutionError(data=None, errors=[bad_user_input(fault.as_http_error_reason())])
            _present_errors(result, context)
            return result

    def known(self, query: str, operation_name: str | None) -> CompiledOperation | None:
        """Return an operation that was executed before, for `execute_known`; None where it must be `execute`d."""
        return self.documents.known(query, operation_name)

    async def execute_known(
        self, known: CompiledOperation, variable_values: dict[str, Any] | None, connection: ConnectionContext
    ) -> ExecutionResult:
        """Run an operation that is `known`: what `execute` or `begin` answers, without their preparations."""
        context = _operation_context(connection)
        try:
            run = self.documents.subscribe if known.is_subscription else self.documents.run
            result = await self._run(run, known, variable_values, context)
            _present_errors(result, context)
            return result
        finally:
            await context.close()

    async def answers(
        self, subscribed: Subscribed, events: Sequence[object], database: Database, viewer: Viewer | None
    ) -> Sequence[ExecutionResult] | None:
        """Return what a subscription answers to events of its source, all of them from the same present.

        Args:
            subscribed: The subscription.
            events: What happened, as the type of its field.
            database: What is read.
            viewer: Who hears of it; None for answers that are the same for all who do.

        Returns:
            The answers, in order; None where they depend on who hears of it.

        Raises:
            SQLAlchemyError: Where a part of an answer is missing because the database is away.
            OSError: The same.
        """
        context = OperationContext(database, viewer)
        known, given = subscribed.operation, subscribed.variables
        try:
            answers = await asyncio.gather(
                *(self._run(self.documents.run, known, given, context, event) for event in events)
            )
        finally:
            await context.close()
        if context.asked_who:
            return None
        away = [fault for fault in _causes(answers) if is_away(fault)]
        if away:
            raise away[0]
        for answer in answers:
            _present_errors(answer, context)
        return answers

    async def _run(
        self,
        run: Callable[..., Any],
        known: CompiledOperation,
        variable_values: dict[str, Any] | None,
        context: OperationContext,
        root_value: object = None,
    ) -> ExecutionResult:
        name = known.operation.name
        options = {
            "operation_name": name.value if name else None,
            "variable_values": variable_values,
            "context_value": context,
            "root_value": root_value,
            "is_awaitable": optimized_is_awaitable,
            "executor_class": self.execution_context_class,
        }
        try:
            found = await await_maybe(run(self._schema, known, options))
        except Exception as fault:
            # Strawberry's `execute` does the same: no fault leaves an operation but as an error of its answer.
            return ExecutionResult(data=None, errors=[GraphQLError(str(fault), original_error=fault)])
        return ExecutionResult(data=found.data, errors=found.errors)

    def process_errors(self, errors: list[Any], execution_context: Any = None) -> None:
        """Log nothing here: what a client may not know is logged where it is presented."""

    def _get_execute_function(self) -> Callable[..., Any]:
        return self.documents.execute


@asynccontextmanager
async def _operation(connection: ConnectionContext) -> AsyncIterator[OperationContext]:
    context = _operation_context(connection)
    try:
        yield context
    finally:
        await context.close()


def _operation_context(connection: ConnectionContext) -> OperationContext:
    if connection.viewer is None:
        raise PermissionError("an operation needs a viewer")
    return OperationContext(connection.database, connection.viewer, connection.resume_after)


def _causes(answers: Sequence[ExecutionResult]) -> Iterator[Exception]:
    for error in (error for answer in answers for error in answer.errors or ()):
        if error.original_error is not None:
            yield error.original_error


def _present_errors(result: Any, context: OperationContext) -> None:
    executed = not isinstance(result, PreExecutionError)
    if result.errors:
        result.errors = [presented(error, context.request_id, executed=executed) for error in result.errors]


@cache
def build_schema(limits: DocumentLimits | None = None) -> OrderShareSchema:
    """Return the schema, which is built once: it never changes, and many applications can share it.

    Args:
        limits: How large a document may be; the defaults where not given.
    """
    allowed = limits or DocumentLimits()
    return OrderShareSchema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=_UNREFERENCED_TYPES,
        config=StrawberryConfig(scalar_map=SCALARS),
        extensions=[
            lambda: MaxTokensLimiter(max_token_count=allowed.tokens),
            lambda: CachedParsing(maxsize=_CACHED_DOCUMENTS),
            lambda: DocumentLimiter(allowed),
            OperationChooser,
            lambda: CachedValidation(maxsize=_CACHED_DOCUMENTS),
        ],
    )
