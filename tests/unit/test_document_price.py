"""What preparing a document costs is found from its text, in time linear in its length."""

from time import process_time

import pytest

from execution.document_price import document_price
from tests.attacks.hard_documents import HARD_DOCUMENTS

_MOST = 65_536
_STRANGE = {
    "quotes": '"' * 65_000,
    "escaped quotes": '\\"' * 32_000,
    "blocks without end": '"""' + '"" ' * 21_000,
    "blocks of escapes": '"""' + "\\" * 65_000,
    "blanks": " " * 65_000,
    "commas and blanks": ", " * 32_000 + "{",
    "dots": "." * 65_000,
    "numbers": "#" * 65_000,
    "one name": "é" * 65_000,
}


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        (" ,\n", 0),
        ("{ a }", 3),
        ('{ a(b: "c d", e: """f "g" h""", i: -1.5e3) ...x } # comment', 20),
        ("{" * 1_501, 1_500),
    ],
)
def test_a_token_costs_250_and_a_character_2(text: str, tokens: int) -> None:
    assert document_price(text, _MOST, 1_500) == 1_000 + 250 * tokens + 2 * len(text)


def test_a_document_that_is_not_parsed_costs_what_any_does() -> None:
    assert document_price("{ " * 40_000, _MOST, 1_500) == 1_000


@pytest.mark.parametrize("text", [*(text for text, _ in HARD_DOCUMENTS.values()), *_STRANGE.values()])
def test_no_text_takes_long(text: str) -> None:
    began = process_time()
    document_price(text, _MOST, 1_500)
    assert process_time() - began < 0.02
