"""The fenced blocks of a page of the documentation, and which pages there are."""

import re
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

REPOSITORY = Path(__file__).parents[2]

_BLOCK = re.compile(
    r"(?:^<!-- (?P<remark>[^>]*) -->\n)?"
    r"^(?P<indent> *)```(?P<language>[\w-]*)(?: title=\"(?P<title>[^\"]*)\")?\n(?P<text>.*?)^(?P=indent)```$",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        language: `graphql`, `json`, `sh` and so on.
        title: What is written over it: who sends it, what it is, or the name of a file. Empty where there is none.
        text: What is in it.
        line: On which line of the page it begins.
        remark: A comment of HTML right before it, which readers do not see. Empty where there is none.
    """

    language: str
    title: str
    text: str
    line: int
    remark: str


def blocks(text: str) -> list[Block]:
    """Return the fenced blocks of a page."""
    return [
        Block(
            found["language"],
            found["title"] or "",
            dedent(found["text"]),
            text.count("\n", 0, found.start("language")) + 1,
            found["remark"] or "",
        )
        for found in _BLOCK.finditer(text)
    ]


def pages() -> list[str]:
    """Return the pages that tell somebody to do something: the README, and what is in `docs` beside the decisions."""
    inside = sorted((REPOSITORY / "docs").rglob("*.md"))
    named = ["README.md", *(page.relative_to(REPOSITORY).as_posix() for page in inside)]
    return [page for page in named if "/decisions/" not in page]
