"""Whether a document is valid, told at a bounded price."""

from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLInputType,
    OverlappingFieldsCanBeMergedRule,
    ValidationContext,
    ValidationRule,
    ValueNode,
    ValuesOfCorrectTypeRule,
    validate,
)
from graphql.language import SKIP, VisitorAction
from graphql.utilities import validate_input_literal
from graphql.validation.rules.overlapping_fields_can_be_merged import RuleContext
from strawberry.extensions import SchemaExtension
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from execution.limits import DocumentLimits, refusal
from execution.operation_choice import unchosen
from execution.slices import Slices, in_slices, turn_at_preparing

_MOST_ERRORS = 20
"""Each error is looked up in the text of the document, from its beginning: many in a long one take their time."""


_MOST_FAULTS_OF_A_VALUE = 2
"""Each of them writes out the object that it is in: together they would be as long as the value, squared."""


class _EnoughFaults(Exception):
    """What else is wrong with a value is not told."""


class _FirstFaultsOfValues(ValuesOfCorrectTypeRule):
    """graphql-core's rule, which tells but the first faults of each value."""

    def is_valid_value_node(self, node: ValueNode, input_type: GraphQLInputType | None) -> VisitorAction:
        """Tell what is wrong with a value."""
        told = 0

        def on_error(error: GraphQLError, _path: list[str | int]) -> None:
            nonlocal told
            told += 1
            self.report_error(error)
            if told == _MOST_FAULTS_OF_A_VALUE:
                raise _EnoughFaults

        if input_type:
            with suppress(_EnoughFaults):
                validate_input_literal(node, input_type, on_error, None, None, self.context.hide_suggestions)
        return SKIP


class _GivesWay(ValidationRule):
    """Has nothing against any document, and gives way between its nodes."""

    def __init__(self, context: ValidationContext, slices: Slices) -> None:
        super().__init__(context)
        self._slices = slices

    def enter(self, *_: object) -> None:
        """Give way where it is time."""
        self._slices.check()


class _SlicedOverlaps(OverlappingFieldsCanBeMergedRule):
    """graphql-core's rule, which compares many fields at one node, and gives way in between."""

    def __init__(self, context: ValidationContext, slices: Slices) -> None:
        super().__init__(context)
        self.rule_context = _SlicedComparisons(slices)


_COMPARISONS = 100
"""After so many it is seen whether it is time to give way."""


class _SlicedComparisons(RuleContext):
    """What the rule counts its comparisons by."""

    __slots__ = ("_due", "_remaining", "_slices")

    def __init__(self, slices: Slices) -> None:
        self._slices = slices
        self._due = 0
        super().__init__()

    @property
    def remaining_complexity_budget(self) -> int:
        """How many more there may be."""
        return self._remaining

    @remaining_complexity_budget.setter
    def remaining_complexity_budget(self, remaining: int) -> None:
        self._remaining = remaining
        # A comparison takes a microsecond or two, and a look at the clock a tenth of that.
        if remaining <= self._due or self._due == 0:
            self._due = remaining - _COMPARISONS
            self._slices.check()


class Validation(SchemaExtension):
    """Validates a document of bounded size as Strawberry does, up to so many errors.

    It measures the document first, and gives way every few milliseconds.
    """

    def __init__(self, limits: DocumentLimits, *, suggestions: bool) -> None:
        """Prepare to validate.

        Args:
            limits: How large a document may be.
            suggestions: Whether an error tells which names are like the one that is wrong.
        """
        super().__init__()
        self._limits = limits
        self._suggestions = suggestions

    async def on_validate(self) -> AsyncIterator[None]:
        """Validate the parsed document."""
        context = self.execution_context
        if context.pre_execution_errors is None and context.graphql_document is not None:
            async with turn_at_preparing(context.context):
                context.pre_execution_errors = await in_slices(self._validate)
        yield

    def _validate(self, slices: Slices) -> list[GraphQLError]:
        context = self.execution_context
        document: DocumentNode = context.graphql_document  # type: ignore[assignment]  # it has been parsed
        # Strawberry's `operation_name` falls back to the first one's; what the request says is only kept here.
        refused = refusal(document, self._limits) or unchosen(document, context._provided_operation_name)
        if refused is not None:
            return [refused]
        slices.check()
        rules = {rule: rule for rule in context.validation_rules}
        rules[ValuesOfCorrectTypeRule] = _FirstFaultsOfValues
        # `validate` calls each rule with its context.
        rules[OverlappingFieldsCanBeMergedRule] = partial(_SlicedOverlaps, slices=slices)  # type: ignore[assignment]
        gives_way: Any = partial(_GivesWay, slices=slices)
        return validate(
            context.schema._schema,
            document,
            (gives_way, *rules.values(), MaybeNullValidationRule, OneOfInputValidationRule),
            max_errors=_MOST_ERRORS,
            hide_suggestions=not self._suggestions,
        )
