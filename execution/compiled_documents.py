"""Documents compiled once and kept: what executes them in graphql-core's stead."""

from collections import OrderedDict
from collections.abc import AsyncIterable
from dataclasses import dataclass, replace
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    MiddlewareManager,
    OperationType,
    create_source_event_stream,
    execute,
)
from graphql.execution.executor import Executor, default_field_resolver, default_type_resolver
from graphql.execution.values import VariableValues

from execution.compiled_operation import CompiledOperation, compile_operation, has_one_operation
from execution.completion import complete_root, execute_root
from execution.selection import FieldSelection, Selected, TypeSelection
from execution.slices import step_by_step, turn_at_preparing
from execution.subscriptions import Subscribed
from execution.values import WholeRequest
from execution.whole import Answered, NotWhole, Whole

_OPTIONS = frozenset(
    {
        "context_value",
        "executor_class",
        "is_awaitable",
        "middleware",
        "operation_extensions",
        "operation_name",
        "root_value",
        "variable_values",
    }
)
"""What compiled code knows to honour; whoever asks for more is answered by graphql-core."""


@dataclass
class Counts:
    """How documents were executed since the process began.

    Attributes:
        compiled: Operations that ran as compiled code.
        interpreted: Operations that graphql-core executed, because something in them is not compiled.
        hits: Operations that were found compiled.
        misses: Operations that had to be compiled first.
        whole: Of those that ran as compiled code, those whose only field was had whole.
    """

    compiled: int = 0
    interpreted: int = 0
    hits: int = 0
    misses: int = 0
    whole: int = 0


class CompiledDocuments:
    """Executes validated documents as compiled code, remembering as many as it is told to."""

    def __init__(self, capacity: int, *, plain_attributes: bool, characters: int | None = None) -> None:
        """Start with nothing compiled.

        Args:
            capacity: How many operations are remembered; the one used longest ago goes first.
            plain_attributes: Whether the schema reads fields without a resolver as attributes.
            characters: How many characters they may have in all, each document counted for each of its selections;
                None for any number.
        """
        self.counts = Counts()
        self._capacity = capacity
        self._characters = characters
        self._plain_attributes = plain_attributes
        self._compiled: OrderedDict[tuple[str, str | None], CompiledOperation | None] = OrderedDict()

    def execute(self, schema: GraphQLSchema, document: DocumentNode, **options: Any) -> Any:
        """Return the result of a validated document, or an awaitable of it: graphql-core's `execute`.

        Whatever is not compiled is executed by graphql-core, which is decided before anything is executed. Of a
        subscription the data holds a `Subscribed`.
        """
        hooked = _is_hooked(options.get("middleware")) or not options.keys() <= _OPTIONS
        compiled = None if hooked else self._compile(document, options.get("operation_name"))
        if compiled is None:
            return self._interpret(schema, document, options)
        return (self.subscribe if compiled.is_subscription else self.run)(schema, compiled, options)

    def known(self, text: str, operation_name: str | None) -> CompiledOperation | None:
        """Return the operation of a document that was executed before, and so is valid; None where it is not known."""
        found = self._compiled.get((text, operation_name))
        if found is not None:
            self.counts.hits += 1
            self._compiled.move_to_end((text, operation_name))
        return found

    def remembered(self, text: str, operation_name: str | None) -> CompiledOperation | None:
        """Return what `known` does, for whoever only wants to know what was executed."""
        return self._compiled.get((text, operation_name))

    def run(self, schema: GraphQLSchema, compiled: CompiledOperation, options: dict[str, Any]) -> Any:
        """Return the result of a compiled operation, or an awaitable of it.

        Args:
            schema: The schema it was compiled for.
            compiled: The operation.
            options: What graphql-core's `execute` takes by name.
        """
        variables = compiled.variables(schema).values(options.get("variable_values") or {})
        if isinstance(variables, list):
            return ExecutionResult(None, variables)
        if not compiled.decides(variables):
            return self._interpret(schema, compiled.document, options)
        selected = compiled.selected(schema, variables, plain_attributes=self._plain_attributes)
        if selected.root is None:
            return self._interpret(schema, compiled.document, options)
        self.counts.compiled += 1
        field = selected.only_field
        if field is None or field.whole is None:
            return _run(schema, selected, selected.root, variables, options)
        return self._run_whole(schema, selected, field, field.whole, variables, options)

    async def subscribe(
        self, schema: GraphQLSchema, compiled: CompiledOperation, options: dict[str, Any]
    ) -> ExecutionResult:
        """Return a result whose data holds a `Subscribed`, or what is wrong with the request.

        Args:
            schema: The schema it was compiled for.
            compiled: A subscription.
            options: What graphql-core's `execute` takes by name.
        """
        declared = compiled.variables(schema)
        given = declared.declared(options.get("variable_values") or {})
        variables = declared.values(given)
        if isinstance(variables, list):
            return ExecutionResult(None, variables)
        if not compiled.decides(variables):
            return ExecutionResult(None, [GraphQLError("A condition of the subscription is neither true nor false.")])
        selected = compiled.selected(schema, variables, plain_attributes=self._plain_attributes)
        source = create_source_event_stream(_executor(schema, selected, variables, options))
        if not isinstance(source, AsyncIterable):
            source = source if isinstance(source, ExecutionResult) else await source
        if isinstance(source, ExecutionResult):
            return source
        return ExecutionResult(Subscribed(compiled, selected, given, variables, source).as_data(), None)

    def as_operation(self, schema: GraphQLSchema, subscribed: Subscribed, operation: CompiledOperation) -> Subscribed:
        """Return a subscription, without its source, as if its document were that of an operation that asks the same.

        Args:
            schema: The schema both were compiled for.
            subscribed: The subscription.
            operation: An operation with the same `question`.

        Raises:
            ValueError: Where the variables are none of the operation's.
        """
        if operation is subscribed.operation:
            return replace(subscribed, source=None)
        values = operation.variables(schema).values(subscribed.variables)
        if isinstance(values, list):
            raise ValueError("the operation asks something else")
        selected = operation.selected(schema, values, plain_attributes=self._plain_attributes)
        return Subscribed(operation, selected, subscribed.variables, values, None)

    async def respond(self, schema: GraphQLSchema, subscribed: Subscribed, options: dict[str, Any]) -> ExecutionResult:
        """Return the result of a subscription for one event.

        Args:
            schema: The schema it was compiled for.
            subscribed: The subscription.
            options: What graphql-core's `execute` takes by name; the event is the `root_value`.
        """
        self.counts.compiled += 1
        return await _run(schema, subscribed.selected, subscribed.selected.root, subscribed.values, options)

    async def _run_whole(
        self,
        schema: GraphQLSchema,
        selected: Selected,
        field: FieldSelection,
        whole: Whole,
        variables: VariableValues,
        options: dict[str, Any],
    ) -> ExecutionResult:
        """Return the result of an operation whose only field may be had whole, in the usual way where it is not."""
        try:
            value = await whole(WholeRequest(schema, options.get("context_value"), variables))
        except Answered as answered:
            value = answered.value
        except Exception as fault:
            # Whatever is wrong, the usual way tells it in the words, and at the place, that a client expects.
            if isinstance(fault, NotWhole) or selected.operation.operation is not OperationType.MUTATION:
                return await _run(schema, selected, selected.root, variables, options)
            value = fault
        else:
            self.counts.whole += 1
            return ExecutionResult({field.name: value}, None)
        executor = _executor(schema, selected, variables, options)
        data = await complete_root(executor, field, value)
        return ExecutionResult(data, executor.collected_errors.errors or None)

    def _interpret(self, schema: GraphQLSchema, document: DocumentNode, options: dict[str, Any]) -> Any:
        self.counts.interpreted += 1
        return execute(schema, document, **options)

    def _compile(self, document: DocumentNode, operation_name: str | None) -> CompiledOperation | None:
        text = document.loc.source.body if document.loc is not None else None
        if text is None:
            return compile_operation(document, operation_name)
        key = (text, operation_name)
        if key in self._compiled:
            self.counts.hits += 1
            self._compiled.move_to_end(key)
            return self._compiled[key]
        self.counts.misses += 1
        compiled = compile_operation(document, operation_name)
        self._remember(key, compiled)
        if compiled is not None and has_one_operation(document):
            # A request need not name the only one.
            self._remember((text, None), compiled)
        return compiled

    def _remember(self, key: tuple[str, str | None], compiled: CompiledOperation | None) -> None:
        self._compiled[key] = compiled
        if compiled is not None:
            compiled.grown = self._make_room
        self._make_room()

    def _make_room(self) -> None:
        """Forget what was used longest ago, until what is left is within bounds."""
        while len(self._compiled) > self._capacity:
            self._compiled.popitem(last=False)
        while self._characters is not None and len(self._compiled) > 1 and self._size() > self._characters:
            self._compiled.popitem(last=False)

    def _size(self) -> int:
        # An operation that is known by two names is there once. Of one that is not compiled the text is kept.
        compiled = {id(each): each for each in self._compiled.values() if each}
        texts = sum(len(text) for (text, _), each in self._compiled.items() if each is None)
        return texts + sum(each.size for each in compiled.values())


async def _run(
    schema: GraphQLSchema,
    selected: Selected,
    root: TypeSelection | None,
    variables: VariableValues,
    options: dict[str, Any],
) -> ExecutionResult:
    if not selected.is_written:
        # Before anything is read: who waits for a turn holds nothing that others need.
        async with turn_at_preparing(options.get("context_value")):
            await step_by_step(selected.write())
    executor = _executor(schema, selected, variables, options)
    serially = selected.operation.operation is OperationType.MUTATION
    data = None if root is None else await execute_root(executor, root, serially=serially)
    return ExecutionResult(data, executor.collected_errors.errors or None)


def _is_hooked(middleware: Any) -> bool:
    """Return whether something wants to be called around each field, as Strawberry's `resolve` extensions do."""
    return bool(middleware.middlewares) if isinstance(middleware, MiddlewareManager) else middleware is not None


def _executor(
    schema: GraphQLSchema, selected: Selected, variables: VariableValues, options: dict[str, Any]
) -> Executor[Any]:
    executor_class = options.get("executor_class") or Executor
    executor: Executor[Any] = executor_class(
        schema,
        selected.definitions,
        selected.fragments,
        options.get("root_value"),
        options.get("context_value"),
        selected.operation,
        variables,
        default_field_resolver,
        default_type_resolver,
        default_field_resolver,
        is_awaitable=options.get("is_awaitable"),
        # Strawberry's executor takes what a request said beside its document; graphql-core's own knows no such thing.
        **{name: options[name] for name in ("operation_extensions",) if name in options},
    )
    return executor
