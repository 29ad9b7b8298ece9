"""What it costs to prepare a document that is not known yet: to parse, measure, validate and compile it.

The price is found from the text alone, before any of that is done, so that a document which turns out to be invalid
costs no less than a valid one. It is in the units in which operations are priced (`execution.cost`).
"""

import re
from itertools import islice

_TOKEN = re.compile(
    r"[\s,]++"  # is passed over in one go: to begin with each of its characters would be quadratic
    r'|("""(?:[^"\\]|\\.|"(?!""))*+(?:""")?'  # a block string
    r'|"(?:[^"\\\n]|\\.)*+"?'  # a string
    r"|\#[^\n\r]*+"  # a comment, which is bounded as the tokens are
    r"|\w++"  # a name or a number
    r"|\.\.\."
    r"|[^\s\w,])",
    re.DOTALL,
)
"""An approximation of https://spec.graphql.org/September2025/#sec-Language.Source-Text.Lexical-Tokens."""

_ANY = 1_000
_TOKEN_PRICE = 250
_CHARACTER_PRICE = 2


def document_price(text: str, most_characters: int, most_tokens: int) -> int:
    """Return what it costs to prepare a document.

    Args:
        text: The document.
        most_characters: A longer one is refused unparsed.
        most_tokens: Parsing ends after so many.
    """
    if len(text) > most_characters:
        return _ANY
    found = (each for each in _TOKEN.finditer(text) if each.lastindex)
    tokens = sum(1 for _ in islice(found, most_tokens))
    return _ANY + _TOKEN_PRICE * tokens + _CHARACTER_PRICE * len(text)
