"""The page on security: it has every limit of the code, with its value, and no other."""

import importlib
import re

import pytest
from annotated_types import Ge, Le

from app.limit_settings import LimitSettings
from tests.documentation.blocks import REPOSITORY

_PAGE = (REPOSITORY / "docs" / "security.md").read_text("utf-8")

_IS_A_LIMIT = re.compile(r"_?((MOST|MAX|LONGEST)_\w+|\w+_BYTES|(\w+_)?CAPACITY|CACHED_\w+|KNOWN_\w+)")

_ASSIGNED = re.compile(r"^(\w+)(?:: \w+)? = ", re.MULTILINE)

_NO_LIMITS_OF_CLIENTS = {
    "app.bounded_cache._ENTRY_BYTES": "how memory is counted",
    "app.demonstration._CODE_BYTES": "how long a code is",
    "app.fault_traces._MOST_FRAMES": "a line of the log",
    "app.http.request_head._MAX_PORT": "of the protocol",
    "app.import_orders._MAX_ATTEMPTS": "the command line",
    "app.setting_rules._LONGEST_WINDOW_SECONDS": "what an operator may set",
    "app.setting_rules._MIN_DIFFERENT_BYTES": "what an operator may set",
    "app.setting_rules._MOST_BUDGET": "what an operator may set",
    "app.setting_rules.MIN_METRICS_TOKEN_BYTES": "what an operator may set",
    "app.setting_rules.MIN_SECRET_BYTES": "what an operator may set",
    "app.text_lines.PEEKED_BYTES": "the command line",
    "app.websocket.protocol._MAX_REASON_BYTES": "of the protocol",
    "execution.cost._TEXT_BYTES": "how the length of an answer is estimated",
    "execution.cost._VALUE_BYTES": "how the length of an answer is estimated",
    "execution.question._DIGEST_BYTES": "how long a digest is",
}
"""Constants that look like limits, and why they are none of those on the page."""


def _rows(heading: str) -> list[list[str]]:
    """Return the rows of the table below a heading, each as its cells."""
    section = _PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _constants() -> dict[str, int | float]:
    """Return the limits among the constants of all modules, by their full names."""
    found = {}
    for package in ("app", "execution", "schema"):
        for path in sorted((REPOSITORY / package).rglob("*.py")):
            names = [name for name in _ASSIGNED.findall(path.read_text("utf-8")) if _IS_A_LIMIT.fullmatch(name)]
            module = ".".join(path.relative_to(REPOSITORY).with_suffix("").parts)
            for name in names:
                value = getattr(importlib.import_module(module), name)
                if isinstance(value, int | float):
                    found[f"{module}.{name}"] = value
    return found


def test_every_limit_that_can_be_set_is_a_row_with_its_default() -> None:
    rows = {row[0]: _number(row[1]) for row in _rows("Limits with a setting")}
    assert rows == {f"`ORDERSHARE_{name.upper()}`": field.default for name, field in LimitSettings.model_fields.items()}


def test_the_least_and_the_most_are_those_of_the_code() -> None:
    rows = {row[0].strip("`").removeprefix("ORDERSHARE_").lower(): row[2:4] for row in _rows("Limits with a setting")}
    for name, field in LimitSettings.model_fields.items():
        if any(isinstance(each, Ge | Le) for each in field.metadata):
            assert tuple(map(float, rows[name])) == LimitSettings.bounds()[name], name


def test_the_readme_has_the_same_limits_with_the_same_defaults() -> None:
    readme = (REPOSITORY / "README.md").read_text("utf-8")
    for row in _rows("Limits with a setting"):
        [default] = re.findall(rf"^\| {row[0]} \| (.*?) ?\|", readme, re.MULTILINE)
        assert default.strip("`") == row[1]


@pytest.mark.parametrize(
    "row", [row for row in _rows("Limits without a setting") if row[2]], ids=lambda row: str(row[2])
)
def test_a_limit_without_a_setting_has_the_value_of_the_code(row: list[str]) -> None:
    module, _, name = row[2].strip("`").rpartition(".")
    value = getattr(importlib.import_module(module), name)
    said = re.match(r"[\d,]+", row[1])
    assert said is not None
    assert float(said[0].replace(",", "")) == value


def test_every_constant_that_is_a_limit_is_on_the_page_or_said_to_be_none() -> None:
    on_page = {row[2].strip("`") for row in _rows("Limits without a setting")}
    constants = _constants()
    assert sorted(constants.keys() - on_page - _NO_LIMITS_OF_CLIENTS.keys()) == []
    assert sorted(_NO_LIMITS_OF_CLIENTS.keys() - constants.keys()) == []
