"""How large a document may be, measured in one pass that visits each selection once.

Fragments are measured once each and their measure is reused: a document of fragments that spread each other many
times over is measured in time linear in its length, although what it stands for grows exponentially.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)
from strawberry.extensions import SchemaExtension


@dataclass(frozen=True)
class DocumentLimits:
    """What a document may have at the most.

    Attributes:
        tokens: Lexical tokens.
        depth: Fields inside fields.
        aliases: Aliased fields, those of a fragment counted at each spread.
    """

    tokens: int = 5_000
    depth: int = 20
    aliases: int = 100


@dataclass(frozen=True)
class Measure:
    """How deep a selection goes, and how many aliased fields it stands for."""

    depth: int = 0
    aliases: int = 0


_NOTHING = Measure()


class DocumentMeasurer:
    """Measures the operations of one document."""

    def __init__(self, document: DocumentNode) -> None:
        """Prepare to measure."""
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._measured: dict[str, Measure] = {}

    def measure(self, selection_set: SelectionSetNode | None) -> Measure:
        """Return the measure of a selection set and all below it."""
        if selection_set is None:
            return _NOTHING
        depth = aliases = 0
        for selection in selection_set.selections:
            if isinstance(selection, FieldNode):
                below = self.measure(selection.selection_set)
                depth = max(depth, 1 + below.depth)
                aliases += below.aliases + (selection.alias is not None)
            else:
                inside = self._measure_spread(selection)
                depth = max(depth, inside.depth)
                aliases += inside.aliases
        return Measure(depth, aliases)

    def _measure_spread(self, selection: SelectionNode) -> Measure:
        if isinstance(selection, InlineFragmentNode):
            return self.measure(selection.selection_set)
        return self._measure_fragment(selection.name.value) if isinstance(selection, FragmentSpreadNode) else _NOTHING

    def _measure_fragment(self, name: str) -> Measure:
        if name not in self._measured:
            # A fragment that spreads itself is refused by validation; here it only must not run for ever.
            self._measured[name] = _NOTHING
            fragment = self._fragments.get(name)
            self._measured[name] = self.measure(fragment.selection_set if fragment else None)
        return self._measured[name]


def excess(document: DocumentNode, limits: DocumentLimits) -> str | None:
    """Return which limit a document exceeds, as a sentence, or None."""
    measurer = DocumentMeasurer(document)
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            measured = measurer.measure(definition.selection_set)
            if measured.depth > limits.depth:
                return f"The document is {measured.depth} fields deep; at most {limits.depth} are allowed."
            if measured.aliases > limits.aliases:
                return f"The document has more than {limits.aliases} aliases."
    return None


class DocumentLimiter(SchemaExtension):
    """Refuses a document that exceeds its limits, before it is validated."""

    def __init__(self, limits: DocumentLimits) -> None:
        """Refuse what exceeds `limits`."""
        self._limits = limits

    def on_validate(self) -> Iterator[None]:
        """Measure the parsed document."""
        document = self.execution_context.graphql_document
        if document is not None and (sentence := excess(document, self._limits)) is not None:
            refusal = GraphQLError(sentence, extensions={"code": "QUERY_TOO_COMPLEX"})
            self.execution_context.pre_execution_errors = [refusal]
        yield
