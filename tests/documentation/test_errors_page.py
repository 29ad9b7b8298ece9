"""docs/errors.md has every code that a client can meet, and no other."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from domain.vocabulary import ErrorCode
from tests.documentation.blocks import REPOSITORY

_PAGE = (REPOSITORY / "docs" / "errors.md").read_text("utf-8")
_CODE = re.compile(r"[A-Z]+(_[A-Z]+)*")

_NO_CODES = {"GET", "POST", "Z", "TYPE_PRIORITY", "EXPIRES_AT", "EFFECTIVE_AT_DESC", "PREMIUM_DESC"}
"""Words in capitals that are no codes, where the program makes errors of requests."""


def _section(title: str) -> list[str]:
    """Return the codes of a section's table."""
    [section] = re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", _PAGE, re.DOTALL | re.MULTILINE)
    return re.findall(r"^\| `?(\w+)`? \|", section, re.MULTILINE)[1:]


def _constants(*folders: str, where: str = "") -> Iterator[object]:
    """Yield the literals of the modules that mention something."""
    for folder in folders:
        for path in (REPOSITORY / folder).rglob("*.py"):
            if re.search(where, path.read_text("utf-8")):
                yield from (node.value for node in ast.walk(_tree(path)) if isinstance(node, ast.Constant))


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def _names_of_close_codes() -> Iterator[str]:
    """Yield the members of `CloseCode` that the program names."""
    for path in (REPOSITORY / "app").rglob("*.py"):
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "CloseCode":
                yield node.attr


def test_every_user_error_says_what_to_do() -> None:
    assert _section("User errors") == [str(code) for code in ErrorCode]


def test_every_request_error_says_what_to_do() -> None:
    literals = _constants("app", "schema", "execution", where="GraphQLError|RefusedRequest")
    in_capitals = {word for word in literals if isinstance(word, str) and _CODE.fullmatch(word)}
    assert in_capitals - _NO_CODES == set(_section("Request errors"))


def test_every_close_code_says_what_to_do() -> None:
    numbers = {number for number in _constants("app") if isinstance(number, int)}
    ours = {number for number in numbers if number in range(1001, 1016) or number in range(4400, 4500)}
    # The WebSocket library's own, of which the page has those that a client meets.
    theirs = {"PROTOCOL_ERROR": 1002, "MESSAGE_TOO_BIG": 1009, "INTERNAL_ERROR": 1011}
    assert set(_names_of_close_codes()) <= set(theirs)
    assert {int(code) for code in _section("Close codes of a WebSocket")} == ours | set(theirs.values())
