"""Whether a document is valid, told at a bounded price."""

from collections.abc import Iterator
from contextlib import suppress

from graphql import ASTValidationRule, GraphQLError, GraphQLInputType, ValueNode, ValuesOfCorrectTypeRule, validate
from graphql.language import SKIP, VisitorAction
from graphql.utilities import validate_input_literal
from strawberry.extensions import SchemaExtension
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

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


class Validation(SchemaExtension):
    """Validates a document as Strawberry does, up to so many errors; leaves one alone that was refused before."""

    def __init__(self, *, suggestions: bool) -> None:
        """Prepare to validate.

        Args:
            suggestions: Whether an error tells which names are like the one that is wrong.
        """
        super().__init__()
        self._suggestions = suggestions

    def on_validate(self) -> Iterator[None]:
        """Validate the parsed document."""
        context = self.execution_context
        if context.pre_execution_errors is None and context.graphql_document is not None:
            context.pre_execution_errors = validate(
                context.schema._schema,
                context.graphql_document,
                (*map(_cheaper, context.validation_rules), MaybeNullValidationRule, OneOfInputValidationRule),
                max_errors=_MOST_ERRORS,
                hide_suggestions=not self._suggestions,
            )
        yield


def _cheaper(rule: type[ASTValidationRule]) -> type[ASTValidationRule]:
    return _FirstFaultsOfValues if rule is ValuesOfCorrectTypeRule else rule
