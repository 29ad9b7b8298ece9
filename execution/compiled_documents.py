"""Documents compiled once and kept: what executes them in graphql-core's stead."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    InlineFragmentNode,
    MiddlewareManager,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    execute,
)
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.executor import Executor, default_field_resolver, default_type_resolver
from graphql.execution.values import VariableValues

from execution.completion import complete_root, execute_root
from execution.selection import FieldSelection, Selected, TypeSelection
from execution.values import WholeRequest
from execution.variables import Variables
from execution.whole import Answered, NotWhole, Whole

_CONDITIONS = frozenset({"skip", "include"})
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

_MAX_SELECTIONS = 64
"""Of one document: a client with many optional parts may send any combination of them."""


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


@dataclass
class CompiledOperation:
    """An operation of a document, and what it selects for each combination of its conditions."""

    document: DocumentNode
    operation: OperationDefinitionNode
    fragments: dict[str, FragmentDetails]
    conditions: tuple[str, ...]
    selections: dict[tuple[Any, ...], Selected] = field(default_factory=dict)
    _variables: Variables | None = None

    def variables(self, schema: GraphQLSchema) -> Variables:
        """Return what makes values of a request's variables."""
        if self._variables is None:
            self._variables = Variables(schema, self.operation.variable_definitions or ())
        return self._variables

    def decides(self, variables: VariableValues) -> bool:
        """Return whether every condition is true or false; null is a fault, wherever graphql-core meets it."""
        return all(isinstance(variables.coerced.get(name), bool) for name in self.conditions)

    def selected(self, schema: GraphQLSchema, variables: VariableValues, *, plain_attributes: bool) -> Selected:
        """Return what is selected with these variables."""
        key = tuple(variables.coerced.get(name) for name in self.conditions)
        found = self.selections.get(key)
        if found is None:
            if len(self.selections) >= _MAX_SELECTIONS:
                self.selections.clear()
            named = [name for name in self.conditions if name in variables.sources]
            kept = VariableValues(
                {name: variables.sources[name] for name in named},
                {name: variables.coerced[name] for name in named if name in variables.coerced},
            )
            found = Selected(schema, self.operation, self.fragments, kept, plain_attributes)
            self.selections[key] = found
        return found


class CompiledDocuments:
    """Executes validated documents as compiled code, remembering as many as it is told to."""

    def __init__(self, capacity: int, *, plain_attributes: bool) -> None:
        """Start with nothing compiled.

        Args:
            capacity: How many operations are remembered; the one used longest ago goes first.
            plain_attributes: Whether the schema reads fields without a resolver as attributes.
        """
        self.counts = Counts()
        self._capacity = capacity
        self._plain_attributes = plain_attributes
        self._compiled: OrderedDict[tuple[str, str | None], CompiledOperation | None] = OrderedDict()

    def execute(self, schema: GraphQLSchema, document: DocumentNode, **options: Any) -> Any:
        """Return the result of a validated document, or an awaitable of it: graphql-core's `execute`.

        Whatever is not compiled is executed by graphql-core, which is decided before anything is executed.
        """
        hooked = _is_hooked(options.get("middleware")) or not options.keys() <= _OPTIONS
        compiled = None if hooked else self._compile(document, options.get("operation_name"))
        if compiled is None:
            return self._interpret(schema, document, options)
        return self.run(schema, compiled, options)

    def known(self, text: str, operation_name: str | None) -> CompiledOperation | None:
        """Return the operation of a document that was executed before, and so is valid; None where it is not known."""
        found = self._compiled.get((text, operation_name))
        if found is not None:
            self.counts.hits += 1
            self._compiled.move_to_end((text, operation_name))
        return found

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
            return _compile(document, operation_name)
        key = (text, operation_name)
        if key in self._compiled:
            self.counts.hits += 1
            self._compiled.move_to_end(key)
            return self._compiled[key]
        self.counts.misses += 1
        compiled = _compile(document, operation_name)
        self._remember(key, compiled)
        if compiled is not None and _has_one_operation(document):
            # A request need not name the only one.
            self._remember((text, None), compiled)
        return compiled

    def _remember(self, key: tuple[str, str | None], compiled: CompiledOperation | None) -> None:
        self._compiled[key] = compiled
        if len(self._compiled) > self._capacity:
            self._compiled.popitem(last=False)


async def _run(
    schema: GraphQLSchema,
    selected: Selected,
    root: TypeSelection | None,
    variables: VariableValues,
    options: dict[str, Any],
) -> ExecutionResult:
    executor = _executor(schema, selected, variables, options)
    serially = selected.operation.operation is OperationType.MUTATION
    data = None if root is None else await execute_root(executor, root, serially=serially)
    return ExecutionResult(data, executor.collected_errors.errors or None)


def _has_one_operation(document: DocumentNode) -> bool:
    return sum(isinstance(each, OperationDefinitionNode) for each in document.definitions) == 1


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


def _compile(document: DocumentNode, operation_name: str | None) -> CompiledOperation | None:
    """Return the operation that is meant, ready to select; None where graphql-core must execute it."""
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    meant = [each for each in operations if operation_name is None or (each.name and each.name.value == operation_name)]
    if len(meant) != 1 or meant[0].operation is OperationType.SUBSCRIPTION or meant[0].directives:
        return None
    if any(each.variable_definitions or each.directives for each in fragments.values()):
        return None
    conditions: set[str] = set()
    for selections in (meant[0].selection_set, *(each.selection_set for each in fragments.values())):
        for directive in _directives(selections):
            if directive.name.value not in _CONDITIONS:
                return None
            values = [argument.value for argument in directive.arguments or ()]
            conditions.update(value.name.value for value in values if isinstance(value, VariableNode))
    details = {name: FragmentDetails(each, None) for name, each in fragments.items()}
    own = {definition.variable.name.value for definition in meant[0].variable_definitions or ()}
    # Fragments of other operations may have conditions on their variables.
    return CompiledOperation(document, meant[0], details, tuple(sorted(conditions & own)))


def _directives(selections: SelectionSetNode) -> Iterator[Any]:
    for selection in selections.selections:
        yield from selection.directives or ()
        if isinstance(selection, FieldNode | InlineFragmentNode) and selection.selection_set:
            yield from _directives(selection.selection_set)
