"""How large a document may be, measured before it is validated.

One pass visits each selection once. Fragments are measured once each and their measure is reused: a document of
fragments that spread each other many times over is measured in time linear in its length, although what it stands for
grows exponentially. Only what is small enough by that measure is looked at as it stands, written out, for fields that
are selected again where they are selected already: validation compares each of these with each other.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

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


@dataclass(frozen=True)
class DocumentLimits:
    """What a document may have at the most; what is in a fragment counts at each spread.

    Attributes:
        characters: Characters.
        tokens: Lexical tokens.
        operations: Operations.
        fragments: Fragments.
        depth: Fields inside fields.
        fields: Selected fields.
        aliases: Aliased fields.
        directives: Directives.
        repeats: Fields that are selected again where they are selected already.
    """

    characters: int = 64 * 1024
    tokens: int = 1_500
    operations: int = 50
    fragments: int = 150
    depth: int = 20
    fields: int = 2_000
    aliases: int = 100
    directives: int = 200
    repeats: int = 200


class Measure(NamedTuple):
    """What a selection stands for, all that is below it included."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0

    def beside(self, other: "Measure") -> "Measure":
        """Return the measure of both in one selection."""
        return Measure(
            max(self.depth, other.depth),
            self.fields + other.fields,
            self.aliases + other.aliases,
            self.directives + other.directives,
        )


_NOTHING = Measure()

_FULL_DEFINITIONS = 5
"""All operations and fragments of a document, each for itself, have no more fields than so many of the largest.

Validation looks at each by itself, and what is in a fragment is looked at for each that spreads it.
"""


class CircularFragment(Exception):
    """A fragment spreads itself; the argument is its name."""


class DocumentMeasurer:
    """Measures the definitions of one document."""

    def __init__(self, document: DocumentNode) -> None:
        """Prepare to measure."""
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._measured: dict[str, Measure | None] = {}

    def measure(self, selection_set: SelectionSetNode | None) -> Measure:
        """Return the measure of a selection set and all below it.

        Raises:
            CircularFragment: Where it would have no end.
        """
        selections = () if selection_set is None else selection_set.selections
        fields = [each for each in selections if isinstance(each, FieldNode)]
        aliases = sum(field.alias is not None for field in fields)
        directives = sum(len(each.directives or ()) for each in selections)
        measured = Measure(int(bool(fields)), len(fields), aliases, directives)
        for selection in selections:
            below = self._measure_below(selection)
            if below is not _NOTHING:
                measured = measured.beside(below)
        return measured

    def _measure_below(self, selection: SelectionNode) -> Measure:
        if isinstance(selection, FragmentSpreadNode):
            return self._measure_fragment(selection.name.value)
        inside = selection.selection_set  # type: ignore[attr-defined]  # a field or a fragment in its place
        if inside is None:
            return _NOTHING
        below = self.measure(inside)
        return below._replace(depth=1 + below.depth) if isinstance(selection, FieldNode) else below

    def _measure_fragment(self, name: str) -> Measure:
        if name in self._measured:
            measured = self._measured[name]
            if measured is None:
                raise CircularFragment(name)
            return measured
        self._measured[name] = None
        fragment = self._fragments.get(name)
        measured = self._measured[name] = self.measure(fragment.selection_set if fragment else None)
        return measured

    def repeats(self, selection_sets: Iterable[SelectionSetNode]) -> int:
        """Return how many fields are selected again where they are selected already, here and below.

        This visits each field that the selections stand for.
        """
        below: dict[str, list[SelectionSetNode]] = {}
        count = 0
        for field in self._fields(selection_sets):
            name = (field.alias or field.name).value
            count += name in below
            below.setdefault(name, []).extend(() if field.selection_set is None else (field.selection_set,))
        return count + sum(self.repeats(inside) for inside in below.values() if inside)

    def _fields(self, selection_sets: Iterable[SelectionSetNode]) -> Iterator[FieldNode]:
        for selection_set in selection_sets:
            for selection in selection_set.selections:
                if isinstance(selection, FieldNode):
                    yield selection
                elif isinstance(selection, InlineFragmentNode):
                    yield from self._fields((selection.selection_set,))
                elif isinstance(selection, FragmentSpreadNode):
                    fragment = self._fragments.get(selection.name.value)
                    yield from () if fragment is None else self._fields((fragment.selection_set,))


def excess(document: DocumentNode, limits: DocumentLimits) -> str | None:
    """Return which limit a document exceeds, as a sentence, or None.

    Raises:
        CircularFragment: Where a fragment spreads itself.
    """
    measurer = DocumentMeasurer(document)
    for what, kind in (("operations", OperationDefinitionNode), ("fragments", FragmentDefinitionNode)):
        count, most = sum(isinstance(each, kind) for each in document.definitions), getattr(limits, what)
        if count > most:
            return f"The document has {count} {what}; at most {most} are allowed."
    fields = 0
    for definition in document.definitions:
        # Fragments that nothing spreads are measured too: validation looks at them before it refuses them.
        if isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode):
            fields += measurer.measure(definition.selection_set).fields
            sentence = _excess_of(measurer, definition.selection_set, limits)
            if sentence is None and fields > _FULL_DEFINITIONS * limits.fields:
                sentence = f"All definitions together have more than {_FULL_DEFINITIONS * limits.fields} fields."
            if sentence is not None:
                return sentence
    return None


def _excess_of(measurer: DocumentMeasurer, selection_set: SelectionSetNode, limits: DocumentLimits) -> str | None:
    measured = measurer.measure(selection_set)
    if measured.depth > limits.depth:
        return f"The document is {measured.depth} fields deep; at most {limits.depth} are allowed."
    for what, most in (("fields", limits.fields), ("aliases", limits.aliases), ("directives", limits.directives)):
        if getattr(measured, what) > most:
            return f"The document has more than {most} {what}."
    if measurer.repeats((selection_set,)) > limits.repeats:
        return f"The document selects fields again, where they are selected already, more than {limits.repeats} times."
    return None


def too_long(text: str, limits: DocumentLimits) -> GraphQLError | None:
    """Return why a document is too long to be parsed, or None."""
    if len(text) <= limits.characters:
        return None
    sentence = f"The document has {len(text)} characters; at most {limits.characters} are allowed."
    return GraphQLError(sentence, extensions={"code": "QUERY_TOO_COMPLEX"})


def refusal(document: DocumentNode, limits: DocumentLimits) -> GraphQLError | None:
    """Return why a parsed document is not to be validated, or None."""
    try:
        sentence = excess(document, limits)
    except CircularFragment as circle:
        # Validation says the same, but first compares the fields of fragments that have no end.
        message = f"Cannot spread fragment '{circle}' within itself."
        return GraphQLError(message, extensions={"code": "GRAPHQL_VALIDATION_FAILED"})
    if sentence is None:
        return None
    return GraphQLError(sentence, extensions={"code": "QUERY_TOO_COMPLEX"})
