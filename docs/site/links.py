"""Links in Markdown: finding them, and what they point at."""

import re
from collections.abc import Callable
from pathlib import PurePosixPath
from posixpath import normpath, relpath

_CODE = re.compile(r"^[ \t]*(`{3,}).*?^[ \t]*\1[ \t]*$|`[^`\n]*`", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"(?P<text>!?\[(?:[^\[\]]|\[[^\[\]]*\])*\])\((?P<target>[^()\s]+)\)")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def local_target(page: PurePosixPath, target: str) -> PurePosixPath | None:
    """Return the file or folder of the repository that a link points at; None where it leads to another site.

    Args:
        page: The page with the link, from the top of the repository.
        target: The link as it is written.
    """
    path, _, _ = target.partition("#")
    if not path or _SCHEME.match(target):
        return None
    return PurePosixPath(normpath(page.parent / path))


def targets(page: PurePosixPath, text: str) -> list[PurePosixPath]:
    """Return what the links of a page point at inside the repository."""
    found: list[PurePosixPath] = []

    def note(link: re.Match[str]) -> str:
        if (target := local_target(page, link["target"])) is not None:
            found.append(target)
        return link[0]

    _outside_code(text, note)
    return found


def moved(
    page: PurePosixPath, place: PurePosixPath, text: str, find: Callable[[PurePosixPath], PurePosixPath | None]
) -> str:
    """Return a page for another place, with links that hold there.

    Args:
        page: Where it is in the repository.
        place: Where it is to be.
        text: The page.
        find: Where something of the repository is to be; None where it is left out, and a link to it becomes text.
    """

    def move(link: re.Match[str]) -> str:
        target = local_target(page, link["target"])
        if target is None:
            return link[0]
        there = find(target)
        if there is None:
            return link["text"].removeprefix("!")[1:-1]
        _, hash_sign, anchor = link["target"].partition("#")
        return f"{link['text']}({relpath(there, place.parent)}{hash_sign}{anchor})"

    return _outside_code(text, move)


def _outside_code(text: str, change: Callable[[re.Match[str]], str]) -> str:
    """Return the text with each link changed that stands in no code, though code may stand in its words."""
    code = [match.span() for match in _CODE.finditer(text)]

    def unless_code(link: re.Match[str]) -> str:
        inside = any(start <= link.start() < end for start, end in code)
        return link[0] if inside else change(link)

    return _LINK.sub(unless_code, text)
