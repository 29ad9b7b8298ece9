"""Whether a document is valid, told at a bounded price."""

from collections.abc import Iterator

from graphql import validate
from strawberry.extensions import SchemaExtension
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

_MOST_ERRORS = 20
"""Each error is looked up in the text of the document, from its beginning: many in a long one take their time."""


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
                (*context.validation_rules, MaybeNullValidationRule, OneOfInputValidationRule),
                max_errors=_MOST_ERRORS,
                hide_suggestions=not self._suggestions,
            )
        yield
