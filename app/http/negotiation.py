"""Media types: what a client accepts (RFC 9110, section 12.5.1), and what a body is (section 8.3).

Both are read from left to right, each byte once, by regular expressions that do not backtrack. The `email` package of
the standard library takes quadratic time, and raises where a parameter is continued (RFC 2231).
"""

import re
from functools import cached_property, lru_cache
from typing import NamedTuple

GRAPHQL_JSON = "application/graphql-response+json"
JSON = "application/json"

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_TYPE = re.compile(rf"[ \t]*+({_WORD}(?:/{_WORD})?)[ \t]*+")
_PARAMETER = re.compile(rf';[ \t]*+(?:({_WORD})=({_WORD}|"(?:[^"\\]|\\.)*+"))?[ \t]*+')
_QUOTED_PAIR = re.compile(r"\\(.)")
_WEIGHT = re.compile(r"[01]?(?:\.[0-9]{0,6})?")


class MediaType(NamedTuple):
    """A media type, or a range of them, as a header names it.

    Attributes:
        name: Its type and subtype, in lower case.
        parameters: Its parameters, their names in lower case.
    """

    name: str
    parameters: list[tuple[str, str]]


def media_type(text: str) -> MediaType | None:
    """Return the media type of a Content-Type; None where it is malformed."""
    found, end = _media_type(text, 0)
    return found if end == len(text) else None


def _media_type(text: str, at: int) -> tuple[MediaType | None, int]:
    """Return the media type that begins at a place, None where none does, and where it ends."""
    named = _TYPE.match(text, at)
    if named is None:
        return None, at
    parameters: list[tuple[str, str]] = []
    at = named.end()
    while parameter := _PARAMETER.match(text, at):
        at = parameter.end()
        name, value = parameter.groups()
        if name is not None:
            parameters.append((name.lower(), _QUOTED_PAIR.sub(r"\1", value[1:-1]) if value[0] == '"' else value))
    return MediaType(named[1].lower(), parameters), at


class Accepted:
    """The media types of an `Accept` header."""

    def __init__(self, header: str | None) -> None:
        """Read the header; without one, JSON is accepted and nothing else. Malformed elements are ignored."""
        self._quality: dict[str, float] = {}
        text = header or JSON
        at = 0
        while at < len(text):
            found, end = _media_type(text, at)
            comma = text.find(",", end)
            at = len(text) if comma < 0 else comma + 1
            if found is not None and end in (comma, len(text)):
                self._quality[found.name] = _weight(found.parameters)

    @cached_property
    def json(self) -> str | None:
        """The media type of an answer in one piece; None where none is accepted.

        The newer one tells a client more, but only those who name it are known to read it.
        """
        newer, older = self._quality.get(GRAPHQL_JSON, 0.0), self._wanted(JSON)
        if newer > 0 and newer >= older:
            return GRAPHQL_JSON
        return JSON if older > 0 else None

    def best(self, *names: str) -> str | None:
        """Return which of some media types, each by its name, is accepted most; the first of equals."""
        accepted = [name for name in names if self._quality.get(name, 0.0) > 0]
        return max(accepted, key=self._quality.__getitem__, default=None)

    def _wanted(self, name: str) -> float:
        """Return how much a media type is wanted, by the range that fits it most closely."""
        ranges = (name, f"{name.partition('/')[0]}/*", "*/*")
        return next((self._quality[each] for each in ranges if each in self._quality), 0.0)


@lru_cache(maxsize=64)
def accepted(header: str | None) -> Accepted:
    """Return what a header accepts; clients send the same few over and over."""
    return Accepted(header)


def _weight(parameters: list[tuple[str, str]]) -> float:
    """Return how much a media range is wanted (RFC 9110, section 12.4.2); entirely, where that is malformed."""
    text = next((value for name, value in parameters if name == "q"), "1")
    return min(float(text), 1.0) if _WEIGHT.fullmatch(text) and text.strip(".") else 1.0
