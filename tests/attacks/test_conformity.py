"""What compares an answer with its document finds what is wrong with it."""

from typing import Any

import pytest
from graphql import build_schema, parse

from tests.attacks.conformity import Conformity

_SCHEMA = build_schema("""
    enum Colour { RED GREEN }
    interface Thing { id: ID! }
    type Book implements Thing { id: ID! pages: Int colour: Colour! sequels: [Book!]! }
    type Film implements Thing { id: ID! minutes: Int! }
    type Query { thing: Thing book: Book! }
""")
_DOCUMENT = parse("""
    {
        __typename
        thing { __typename id ... on Film { long: minutes } }
        book { __typename ...Part sequels { __typename id } }
    }
    fragment Part on Book { __typename id pages colour }
""")
_FILM = {"__typename": "Film", "id": "1", "long": 90}
_BOOK = {
    "__typename": "Book",
    "id": "2",
    "pages": None,
    "colour": "RED",
    "sequels": [{"__typename": "Book", "id": "3"}],
}


def _faults(thing: Any = _FILM, **book: Any) -> list[str]:
    return list(
        Conformity(_SCHEMA, _DOCUMENT).faults({"__typename": "Query", "thing": thing, "book": {**_BOOK, **book}})
    )


def test_an_answer_as_it_should_be_has_no_faults() -> None:
    assert _faults() == _faults(None) == _faults({"__typename": "Book", "id": "1"}) == []


@pytest.mark.parametrize(
    ("book", "fault"),
    [
        ({"id": None}, "data.book.id is null"),
        ({"id": 1}, "data.book.id is 1, no ID"),
        ({"pages": "7"}, "data.book.pages is '7', no Int"),
        ({"pages": True}, "data.book.pages is True, no Int"),
        ({"colour": "BLUE"}, "data.book.colour is 'BLUE', no Colour"),
        ({"sequels": None}, "data.book.sequels is null"),
        ({"sequels": {}}, "data.book.sequels is no list"),
        ({"sequels": [None]}, "data.book.sequels[0] is null"),
        ({"sequels": [{"__typename": "Book"}]}, "data.book.sequels[0] has ['__typename'], not ['__typename', 'id']"),
        ({"__typename": "Film"}, "data.book is of Film, which is no Book"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(book: dict[str, Any], fault: str) -> None:
    assert _faults(**book) == [fault]


def test_fields_come_in_the_order_of_the_document() -> None:
    assert _faults({"__typename": "Film", "long": 90, "id": "1"}) == [
        "data.thing has ['__typename', 'long', 'id'], not ['__typename', 'id', 'long']"
    ]
