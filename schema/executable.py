"""The schema as what executes operations."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import strawberry
from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    get_operation_ast,
)
from graphql import OperationType as CoreOperationType
from strawberry.exceptions import MissingQueryError
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType
from strawberry.utils.await_maybe import await_maybe

from db.database import Database
from db.outage import is_away
from domain.people import Viewer
from execution.compiled_documents import CompiledDocuments
from execution.compiled_operation import CompiledOperation
from execution.cost import OperationCost
from execution.document_price import document_price
from execution.limits import too_long
from execution.subscriptions import Subscribed
from schema.answer_size import written
from schema.charged_execution import LARGE_MUTATION, run_in_turn, unless_refused
from schema.context import ConnectionContext, OperationContext
from schema.limits import Limits
from schema.pricing import COST_RULES
from schema.request_errors import bad_user_input, presented, without_suggestion

CACHED_DOCUMENTS = 500
"""Clients send the same few documents over and over; more than these are parsed, validated and compiled again."""

_CACHED_CHARACTERS = 256 * 1024
"""The same, for a client who sends ever new ones: each character that is remembered takes some 200 bytes."""

EVERY_KIND = frozenset(OperationType)


class ExecutableSchema(strawberry.Schema):
    """The schema, which compiles operations, gives each a context of its own and presents its errors."""

    def __init__(self, limits: Limits, **options: Any) -> None:
        """Take what Strawberry's schema takes.

        Args:
            limits: What a client may ask for.
            options: What Strawberry's schema takes by name.
        """
        super().__init__(**options)
        self.limits = limits
        plain_attributes = self.config.default_resolver is getattr
        self.documents = CompiledDocuments(
            CACHED_DOCUMENTS, plain_attributes=plain_attributes, characters=_CACHED_CHARACTERS
        )

    async def begin(
        self,
        query: str,
        variable_values: dict[str, Any] | None,
        connection: ConnectionContext,
        operation_name: str | None,
        allowed: frozenset[OperationType] = EVERY_KIND,
    ) -> ExecutionResult:
        """Run an operation.

        Args:
            query: The document.
            variable_values: Its variables.
            connection: Whose operation it is.
            operation_name: Which of the document's operations.
            allowed: Which kinds of operations may be run.

        Returns:
            The result. That of a subscription which has begun holds a `Subscribed` as its data; that of one which has
            not is a `PreExecutionError`, as it is where the request is refused before anything is executed.

        Raises:
            InvalidOperationTypeError: Where the operation is none of the allowed kinds; nothing has been done.
        """
        known = self.known(query, operation_name)
        if known is not None:
            if (kind := OperationType(known.operation.operation.value)) not in allowed:
                raise InvalidOperationTypeError(kind)
            result = await self.execute_known(known, variable_values, connection)
        else:
            result = await self._execute_first(query, variable_values, connection, operation_name, allowed)
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
        allowed: frozenset[OperationType],
    ) -> ExecutionResult:
        """Run an operation whose document has not been seen before, or was refused."""
        context = connection.operation(self.limits.cost)
        refusal = await self._preparation_refusal(query, context) or too_long(query, self.limits.document)
        if refusal is not None:
            return PreExecutionError(data=None, errors=[refusal])
        try:
            result = await super().execute(query, variable_values, context, None, operation_name, allowed)
            return await self._written(self._finished(result, context), context)
        except MissingQueryError:
            return PreExecutionError(data=None, errors=[bad_user_input("There is no document to execute.")])
        except CannotGetOperationTypeError as fault:
            return PreExecutionError(data=None, errors=[bad_user_input(fault.as_http_error_reason())])
        finally:
            await context.close()

    async def refuse(self, query: str, refusal: GraphQLError, connection: ConnectionContext) -> ExecutionResult:
        """Return the refusal of a request whose document is not prepared, which is charged as if it were.

        Args:
            query: The document, as far as there is one.
            refusal: Why it is not.
            connection: Whose request it is.
        """
        limited = await self._preparation_refusal(query, connection.operation(self.limits.cost))
        return PreExecutionError(data=None, errors=[limited or refusal])

    async def _preparation_refusal(self, query: str, context: OperationContext) -> GraphQLError | None:
        limits = self.limits.document
        return await context.bill.preparation_refusal(document_price(query, limits.characters, limits.tokens))

    def known(self, query: str, operation_name: str | None) -> CompiledOperation | None:
        """Return an operation that was executed before, for `execute_known`; None where it must be `execute`d."""
        return self.documents.known(query, operation_name)

    async def execute_known(
        self, known: CompiledOperation, variable_values: dict[str, Any] | None, connection: ConnectionContext
    ) -> ExecutionResult:
        """Run an operation that is `known`: what `execute` or `begin` answers, without their preparations."""
        context = connection.operation(self.limits.cost)
        try:
            result = self._finished(await self._run(self._pay_and_run, known, variable_values, context), context)
            # Most answers are known to be short before they are made.
            return result if context.most_bytes <= self.limits.bytes else await self._written(result, context)
        finally:
            await context.close()

    def _pay_and_run(self, schema: GraphQLSchema, known: CompiledOperation, options: dict[str, Any]) -> Any:
        context: OperationContext = options["context_value"]
        cost, context.most_bytes, beside = known.weight(schema, COST_RULES, options["variable_values"] or {})
        context.is_mutation = known.operation.operation is CoreOperationType.MUTATION
        refusal = context.bill.refusal(cost, beside)
        run = self.documents.subscribe if known.is_subscription else self.documents.run
        if refusal is None and not (context.is_mutation and cost > LARGE_MUTATION):
            return run(schema, known, options)
        return unless_refused(refusal, partial(run_in_turn, context, partial(run, schema, known, options)))

    def cost_of_event(self, subscribed: Subscribed) -> int:
        """Return what an answer to one event of a subscription may cost."""
        return subscribed.operation.weight(self._schema, COST_RULES, subscribed.variables).cost

    def as_operation(self, subscribed: Subscribed, operation: CompiledOperation) -> Subscribed:
        """Return a subscription, without its source, as if its document were that of an operation that asks the same.

        Args:
            subscribed: The subscription.
            operation: An operation with the same `question`.
        """
        return self.documents.as_operation(self._schema, subscribed, operation)

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

        def respond(schema: GraphQLSchema, _known: CompiledOperation, options: dict[str, Any]) -> Any:
            return self.documents.respond(schema, subscribed, options)

        try:
            answers = await asyncio.gather(
                *(self._run(respond, subscribed.operation, None, context, event) for event in events)
            )
        finally:
            await context.close()
        if context.asked_who:
            return None
        away = [fault for fault in _causes(answers) if is_away(fault)]
        if away:
            raise away[0]
        context.most_bytes = subscribed.operation.weight(self._schema, COST_RULES, subscribed.variables).bytes
        finished = (self._finished(answer, context) for answer in answers)
        return [await self._written(each, context, located=False) for each in finished]

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
            found = run(self._schema, known, options)
            if optimized_is_awaitable(found):
                found = await found
        except Exception as fault:
            # Strawberry's `execute` does the same: no fault leaves an operation but as an error of its answer.
            return ExecutionResult(data=None, errors=[GraphQLError(str(fault), original_error=fault)])
        return ExecutionResult(data=found.data, errors=found.errors)

    def process_errors(self, errors: list[Any], execution_context: Any = None) -> None:
        """Log nothing here: what a client may not know is logged where it is presented."""

    def _get_execute_function(self) -> Callable[..., Any]:
        return self._execute_priced

    async def _execute_priced(self, schema: GraphQLSchema, document: DocumentNode, **options: Any) -> Any:
        """Return what graphql-core's `execute` would, where whoever asks can afford it."""
        context: OperationContext = options["context_value"]
        operation: OperationDefinitionNode = get_operation_ast(document, options["operation_name"])  # type: ignore[assignment]  # it is valid
        fragments = [each for each in document.definitions if isinstance(each, FragmentDefinitionNode)]
        run = partial(self.documents.execute, schema, document, **options)
        async with context.preparing():
            weight = OperationCost(schema, operation, fragments, COST_RULES).of(options["variable_values"] or {})
            cost, context.most_bytes, beside = weight
            context.is_mutation = operation.operation is CoreOperationType.MUTATION
            refusal = context.bill.refusal(cost, beside)
            # What has to ask first whether it can be afforded does not hold the turn meanwhile.
            found = run() if refusal is None else None
        return await (unless_refused(refusal, run) if found is None else await_maybe(found))

    async def _written(
        self, result: ExecutionResult, context: OperationContext, *, located: bool = True
    ) -> ExecutionResult:
        """Return a result that has been written where it may be too large, or why it is."""
        is_short = context.most_bytes <= self.limits.bytes or isinstance(result, PreExecutionError)
        if is_short or Subscribed.within(result.data) is not None:
            return result
        return await written(result, self.limits.bytes, has_changed=context.is_mutation, located=located)

    def _finished(self, result: ExecutionResult, context: OperationContext) -> ExecutionResult:
        """Return a result as a client may have it."""
        executed = not isinstance(result, PreExecutionError)
        if result.errors:
            told = [presented(error, context.request_id, executed=executed) for error in result.errors]
            result.errors = told if self.limits.introspection else [without_suggestion(error) for error in told]
        result = _as_refused(result)
        result.extensions = context.bill.extensions
        return result


def _as_refused(result: ExecutionResult) -> ExecutionResult:
    """Return a result as a `PreExecutionError` where nothing was executed.

    An execution that fails as a whole does so at a field, whose path the error has.
    """
    if result.data is None and all(error.path is None for error in result.errors or ()):
        return PreExecutionError(data=None, errors=result.errors)
    return result


def _causes(answers: Sequence[ExecutionResult]) -> Iterator[Exception]:
    for error in (error for answer in answers for error in answer.errors or ()):
        if error.original_error is not None:
            yield error.original_error
