"""Documents that are new to the server, by the hundred: they are paid for, and others have their turns in between."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from graphql import get_introspection_query

from tests.attacks.hard_documents import HARD_DOCUMENTS
from tests.attacks.harness import SMALL, withstands
from tests.attacks.raw_client import Answer, connected
from tests.attacks.served import Served

_CONNECTIONS = 32
_numbers = count()

_WORST = (
    "fifty operations of nine fragments",
    "150 that nobody spreads",
    "480 input fields",
    "1,470 values that nearly exist",
    "1,490 fields that nearly exist",
    "one variable 700 times",
    "a fault after 65,000 lines",
    "20,000 lines of a block",
)
"""Those that take longest to be refused, or to be parsed."""


def _new(document: str) -> str:
    """Return a document that the server has not seen, which says the same."""
    return f"#{next(_numbers)} {random.random()}\n{document}"


_LARGE = "{ " + " ".join(f"x{each}: viewer {{ user {{ id name n{each}: name }} }}" for each in range(49)) + " }"
"""A valid one, for which much code is written."""


def _batches(documents: list[str]) -> list[list[str]]:
    return [documents[start::_CONNECTIONS] for start in range(_CONNECTIONS)]


def _flood(server: Served, documents: list[str]) -> list[Answer]:
    """Send documents over many connections at once; return what is answered."""

    def send(mine: list[str]) -> list[Answer]:
        with connected(server.port, server.token("owner")) as client:
            return [client.ask(document) for document in mine]

    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        return [each for mine in pool.map(send, _batches(documents)) for each in mine]


@pytest.mark.parametrize("asks", [lambda _: SMALL, lambda _: _new(SMALL)], ids=["known", "new"])
def test_a_flood_of_invalid_documents_leaves_known_and_new_ones_of_others_served(
    attacked: Served, asks: Callable[[int], str]
) -> None:
    def attack(_: int) -> list[Answer]:
        return _flood(attacked, [_new(HARD_DOCUMENTS[name][0]) for name in _WORST for _ in range(6)])

    answers = withstands(attacked, attack, within=None, asks=asks)
    assert {answer.status for answer in answers} == {200}


def test_a_flood_of_large_valid_documents_leaves_others_served(attacked: Served) -> None:
    def attack(_: int) -> list[Answer]:
        return _flood(attacked, [_new(_LARGE) for _ in range(_CONNECTIONS)])

    answers = withstands(attacked, attack, within=None)
    assert {(answer.status, *answer.codes) for answer in answers} == {(200,)}


def test_a_flood_of_questions_about_the_schema_leaves_others_served(attacked: Served) -> None:
    everything = get_introspection_query(descriptions=True, input_value_deprecation=True)

    def attack(_: int) -> list[Answer]:
        # Half of them are new, and the others have been asked before.
        return _flood(attacked, [_new(everything) if each % 2 else everything for each in range(_CONNECTIONS)])

    answers = withstands(attacked, attack, within=None)
    assert {(answer.status, *answer.codes) for answer in answers} == {(200,)}
    assert len({answer.body for answer in answers}) == 1


def test_a_name_of_63000_characters_in_ten_thousand_objects_is_refused_at_once(attacked: Served) -> None:
    def attack(number: int) -> Answer:
        with connected(attacked.port, attacked.token("owner")) as client:
            name = f"a{number}".ljust(63_000, "a")
            pages = f"orders(first: 100) {{ nodes {{ sharedOrders(first: 100) {{ nodes {{ {name}: id }} }} }} }}"
            return client.ask(f'{{ organisation(id: "") {{ {pages} }} }}')

    answer = withstands(attacked, attack)
    assert answer.codes == {"QUERY_TOO_COMPLEX"}
    assert answer.json["extensions"]["cost"]["requested"] == 2 + 100 * (2 + 100 * (1 + 62_999 // 64))
