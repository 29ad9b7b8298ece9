"""Documents that are made to be dear cost little."""

import pytest

from tests.attacks.hard_documents import HARD_DOCUMENTS
from tests.attacks.harness import withstands
from tests.attacks.raw_client import Answer, connected
from tests.attacks.served import Served


@pytest.mark.parametrize("name", HARD_DOCUMENTS)
def test_a_hard_document_is_answered_at_once_and_nobody_else_notices(attacked: Served, name: str) -> None:
    document, code = HARD_DOCUMENTS[name]

    def attack(number: int) -> Answer:
        with connected(attacked.port, attacked.token("owner")) as client:
            return client.ask(f"#{number}\n{document}")

    answer = withstands(attacked, attack)
    assert answer.status == 200
    assert answer.codes == (set() if code is None else {code})
    assert len(answer.body) < 64 * 1024


def test_fifty_large_documents_are_not_all_remembered(attacked: Served) -> None:
    # One that is executed, one that is not valid, and one that is too large: each as large as may be.
    many_nodes = "{ nodes(ids: [" + '"" ' * 1_480 + "]) { id } }"
    many_names = "{ " + " ".join(f"f{each}" for each in range(1_480)) + " }"
    many_repeats = "{ viewer { user { " + "id " * 1_480 + "} } }"

    def attack(number: int) -> None:
        with connected(attacked.port, attacked.token("owner")) as client:
            for each in range(16):
                for document in (many_nodes, many_names, many_repeats):
                    assert client.ask(f"#{number} {each}\n{document}").status == 200

    # Each of them is checked in one go, and the machine may have others at work.
    withstands(attacked, attack, within=None, others=1.0)


def test_every_combination_of_optional_parts_is_not_remembered_for_a_large_document(attacked: Served) -> None:
    optional = " ".join(f"node(id: $id) @include(if: $v{each}) {{ id }}" for each in range(6))
    variables = " ".join(f"$v{each}: Boolean!" for each in range(6))
    parts = " ".join(
        f"... on Query @include(if: $v{each % 6}) {{ viewer {{ user {{ name }} }} }}" for each in range(60)
    )

    def attack(number: int) -> None:
        with connected(attacked.port, attacked.token("owner")) as client:
            for each in range(64):
                given = {f"v{bit}": bool(each >> bit & 1) for bit in range(6)}
                document = f"#{number}\nquery($id: ID!, {variables}) {{ {optional} {parts} }}"
                assert client.ask(document, {"id": "", **given}).status == 200

    withstands(attacked, attack, within=None)
