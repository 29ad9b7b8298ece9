"""Validating a document once, however often it comes."""

from collections.abc import Iterator

from strawberry.extensions import ValidationCache


class CachedValidation(ValidationCache):
    """Strawberry's cache, which leaves a document alone that was refused before validation."""

    def on_validate(self) -> Iterator[None]:
        """Validate the document, or remember what came of it."""
        if self.execution_context.pre_execution_errors is None:
            yield from super().on_validate()
        else:
            yield
