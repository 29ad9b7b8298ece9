"""How large a document is measured to be, without ever unfolding it."""

from time import perf_counter

import pytest
from graphql import DocumentNode, OperationDefinitionNode, parse

from execution.limits import CircularFragment, DocumentLimits, DocumentMeasurer, Measure, excess


def _measure(text: str) -> Measure:
    document = parse(text)
    [operation] = [part for part in document.definitions if isinstance(part, OperationDefinitionNode)]
    return DocumentMeasurer(document).measure(operation.selection_set)


MEASURED = {
    "{ a }": Measure(1, 1),
    "{ a b c }": Measure(1, 3),
    "{ a { b { c } } d { e } }": Measure(3, 5),
    "{ x: a }": Measure(1, 1, 1),
    "{ x: a { y: b z: c } w: d }": Measure(2, 4, 4),
    "{ a { ... { b } } }": Measure(2, 2),
    "{ a { ... on T { x: b { c } } } }": Measure(3, 3, 1),
    "{ a { ... { ... { ... { b } } } } }": Measure(2, 2),
    "{ ...f } fragment f on T { a { b } }": Measure(2, 2),
    "{ a { ...f } b { c { ...f } } } fragment f on T { d { e } }": Measure(4, 7),
    "{ ...f ...f } fragment f on T { x: a y: b }": Measure(1, 4, 4),
    "{ ...f } fragment f on T { ...g ...g ...g } fragment g on T { x: a { y: b } }": Measure(2, 6, 6),
    "{ ...f ...g } fragment f on T { ...g } fragment g on T { x: a }": Measure(1, 2, 2),
    "{ a { ...nowhere } }": Measure(1, 1),
    "{ a } fragment unused on T { x: b { c { d } } }": Measure(1, 1),
    "query($v: Int = 1) @d(a: {b: {c: 1}}) { a(b: {c: {d: {e: 1}}}) }": Measure(1, 1),
    'mutation { x: a(b: "c") { d } }': Measure(2, 2, 1),
    "{ a @d b @d @e { c @f } }": Measure(2, 3, 0, 4),
    "{ ... @d { a } ...f @e ...f } fragment f on T { b @g }": Measure(1, 3, 0, 4),
}


@pytest.mark.parametrize("text", MEASURED)
def test_depth_counts_fields_in_fields_and_the_rest_counts_at_each_spread(text: str) -> None:
    assert _measure(text) == MEASURED[text]


def _spread_twice(fragments: int, last: str) -> str:
    """Return a document of fragments that each spread the next one twice: what it stands for doubles with each."""
    chain = " ".join(f"fragment f{step} on T {{ ...f{step + 1} ...f{step + 1} }}" for step in range(fragments))
    return f"{{ ...f0 }} {chain} fragment f{fragments} on T {{ {last} }}"


def test_sixty_fragments_that_spread_each_other_twice_are_measured_at_once_and_exactly() -> None:
    text = _spread_twice(60, "x: a { b }")
    began = perf_counter()
    measured = _measure(text)
    assert perf_counter() - began < 0.5
    assert measured == Measure(2, 2**61, 2**60)


def test_depth_grows_through_a_chain_of_fragments() -> None:
    chain = " ".join(f"fragment f{step} on T {{ a {{ ...f{step + 1} ...f{step + 1} }} }}" for step in range(60))
    assert _measure(f"{{ ...f0 }} {chain} fragment f60 on T {{ b }}") == Measure(61, 2**61 - 1)


@pytest.mark.parametrize(
    "text",
    [
        "{ ...f } fragment f on T { x: a ...f }",
        "{ ...f } fragment f on T { x: a { ...g } } fragment g on T { b { ...f } }",
        "{ a { ...f ...g } } fragment f on T { ...g } fragment g on T { ...f }",
    ],
)
def test_fragments_that_spread_themselves_are_told_of(text: str) -> None:
    with pytest.raises(CircularFragment):
        _measure(text)


def _deep(depth: int) -> DocumentNode:
    return parse("{ a " * depth + "}" * depth)


def _aliased(aliases: int) -> DocumentNode:
    return parse("{ " + " ".join(f"x{number}: a" for number in range(aliases)) + " a }")


def test_a_document_exceeds_its_limits_by_one_more_than_they_allow() -> None:
    limits = DocumentLimits(depth=3, aliases=2)
    assert excess(_deep(3), limits) is None
    assert excess(_deep(4), limits) == "The document is 4 fields deep; at most 3 are allowed."
    assert excess(_aliased(2), limits) is None
    assert excess(_aliased(3), limits) == "The document has more than 2 aliases."


def test_the_limits_hold_for_each_operation_by_itself() -> None:
    limits = DocumentLimits(depth=2, aliases=2)
    assert excess(parse("query a { x: a y: b } query b { x: a y: b }"), limits) is None
    assert excess(parse("query a { a } query b { a { b { c } } }"), limits) is not None
    assert excess(parse("query a { a } subscription b { x: a y: b z: c }"), limits) is not None


def test_a_fragment_that_nothing_spreads_is_measured_too() -> None:
    unused = parse("{ a } fragment unused on T { a { b { c } } }")
    assert excess(unused, DocumentLimits(depth=2)) == "The document is 3 fields deep; at most 2 are allowed."


REPEATED = {
    "{ a b c }": 0,
    "{ a a a }": 2,
    "{ x: a a }": 0,
    "{ x: a x: b }": 1,
    "{ a { b } a { c } }": 1,
    "{ a { b } a { b } }": 2,
    "{ a { b } ... { a { b b } } }": 3,
    "{ ...f a { b } ...f } fragment f on T { a { b c } }": 5,
    "{ a { ...f } b { ...f } } fragment f on T { c }": 0,
}


@pytest.mark.parametrize("text", REPEATED)
def test_a_field_is_repeated_where_it_is_selected_already(text: str) -> None:
    count = REPEATED[text]
    message = f"The document selects fields again, where they are selected already, more than {count - 1} times."
    assert excess(parse(text), DocumentLimits(repeats=count)) is None
    assert excess(parse(text), DocumentLimits(repeats=count - 1)) == message


def test_each_kind_of_part_has_a_limit_of_its_own() -> None:
    assert excess(parse("{ a b c }"), DocumentLimits(fields=2)) == "The document has more than 2 fields."
    assert excess(parse("{ a @d @e }"), DocumentLimits(directives=1)) == "The document has more than 1 directives."
    two = parse("query a { a } query b { a }")
    assert excess(two, DocumentLimits(operations=1)) == "The document has 2 operations; at most 1 are allowed."


def test_a_document_may_have_what_no_person_would_miss() -> None:
    limits = DocumentLimits()
    assert (limits.tokens, limits.depth, limits.aliases) == (1_500, 20, 100)
    assert excess(_deep(20), limits) is None
    assert excess(_deep(21), limits) is not None
    assert excess(_aliased(100), limits) is None
    assert excess(_aliased(101), limits) is not None
