"""Parsing a document in slices."""

from collections.abc import AsyncIterator

from graphql import DocumentNode
from graphql.language.parser import Parser
from strawberry.extensions import SchemaExtension

from execution.slices import Slices, in_slices, turn_at_preparing


class Parsing(SchemaExtension):
    """Parses a document as Strawberry does, up to so many tokens, and gives way every few milliseconds."""

    def __init__(self, most_tokens: int) -> None:
        """Prepare to parse.

        Args:
            most_tokens: How many tokens a document may have.
        """
        super().__init__()
        self._most_tokens = most_tokens

    async def on_parse(self) -> AsyncIterator[None]:
        """Parse the document."""
        context = self.execution_context
        if context.query:
            async with turn_at_preparing(context.context):
                context.graphql_document = await in_slices(self._parse)
        yield

    def _parse(self, slices: Slices) -> DocumentNode:
        parser = _SlicedParser(self.execution_context.query or "", max_tokens=self._most_tokens)
        parser.slices = slices
        return parser.parse_document()


class _SlicedParser(Parser):
    """graphql-core's parser, which gives way between tokens."""

    slices: Slices

    def advance_lexer(self) -> None:
        """Take the next token."""
        super().advance_lexer()
        self.slices.check()
