"""Everything in the schema says what it is, in a sentence that says more than its name."""

import re
from collections.abc import Iterator

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
)

from tests.contract.schema_file import own_types

_EMPTY_WORDS = {"the", "a", "an", "of", "this", "is", "it", "its", "to", "for", "in", "and", "or"}


def _described() -> Iterator[tuple[str, str | None]]:
    """Yield the name and description of each type, field, argument and value."""
    for name, kind in own_types().items():
        yield name, kind.description
        yield from _parts(name, kind)


def _parts(name: str, kind: GraphQLNamedType) -> Iterator[tuple[str, str | None]]:
    if isinstance(kind, GraphQLEnumType):
        for value, definition in kind.values.items():
            yield f"{name}.{value}", definition.description
    elif isinstance(kind, GraphQLInputObjectType):
        for field, given in kind.fields.items():
            yield f"{name}.{field}", given.description
    elif isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        for field, answered in kind.fields.items():
            yield f"{name}.{field}", answered.description
            for argument, taken in answered.args.items():
                yield f"{name}.{field}({argument})", taken.description


def _words(text: str) -> set[str]:
    return {word.removesuffix("s") for word in re.findall("[a-z]+", text.lower())}


def _words_of_name(name: str) -> set[str]:
    """Return the words that `someLongName`, `SomeLongName` or `SOME_LONG_NAME` is made of."""
    last = re.split(r"[.(]", name.rstrip(")"))[-1]
    return _words(" ".join(re.findall("[A-Z]?[a-z]+|[A-Z]+", last)))


def test_everything_has_a_description() -> None:
    assert [name for name, description in _described() if not description] == []


def test_no_description_only_repeats_the_name() -> None:
    empty = {word.removesuffix("s") for word in _EMPTY_WORDS}
    repeating = [
        name for name, description in _described() if not _words(description or "") - _words_of_name(name) - empty
    ]
    assert repeating == []


def test_descriptions_are_sentences() -> None:
    assert [
        name
        for name, description in _described()
        if not re.fullmatch(r'["`A-Z0-9].*[.]', description or "", flags=re.DOTALL)
    ] == []


def test_no_description_is_as_long_as_a_page() -> None:
    assert [name for name, description in _described() if len(description or "") > 400] == []


def test_scalars_say_where_their_form_is_written_down_or_that_it_is_nobodys_business() -> None:
    scalars = {name: kind for name, kind in own_types().items() if isinstance(kind, GraphQLScalarType)}
    assert set(scalars) == {"DateTime", "Cursor"}
    assert scalars["DateTime"].specified_by_url == "https://scalars.graphql.org/andimarek/date-time.html"
    assert "Opaque" in (scalars["Cursor"].description or "")
