"""Parsing and validating a document once, however often it comes: Strawberry's caches, made to fit the limits."""

from collections.abc import Iterator
from contextlib import suppress

from graphql import GraphQLError
from strawberry.extensions import ParserCache, ValidationCache


class CachedParsing(ParserCache):
    """Remembers documents that parse.

    One that does not is left for Strawberry to parse and refuse: an error that an extension raises is lost over a
    WebSocket.
    """

    def on_parse(self) -> Iterator[None]:
        """Parse the document, or remember it."""
        context = self.execution_context
        with suppress(GraphQLError, RecursionError):
            context.graphql_document = self.cached_parse_document(context.query, **context.parse_options)
        yield


class CachedValidation(ValidationCache):
    """Remembers what came of validating a document; leaves one alone that was refused before."""

    def on_validate(self) -> Iterator[None]:
        """Validate the document, or remember what came of it."""
        if self.execution_context.pre_execution_errors is None:
            yield from super().on_validate()
        else:
            yield
