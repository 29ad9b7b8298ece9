"""What a client accepts in answer to a request (RFC 9110, section 12.5.1)."""

from email.message import Message
from functools import cached_property, lru_cache

GRAPHQL_JSON = "application/graphql-response+json"
JSON = "application/json"


class Accepted:
    """The media types of an `Accept` header."""

    def __init__(self, header: str | None) -> None:
        """Read the header; without one, JSON is accepted and nothing else."""
        self._quality = dict(_media_range(part) for part in (header or JSON).split(","))

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


@lru_cache(maxsize=256)
def accepted(header: str | None) -> Accepted:
    """Return what a header accepts; clients send the same few over and over."""
    return Accepted(header)


def _media_range(text: str) -> tuple[str, float]:
    """Return a media range's name, and how much it is wanted."""
    message = Message()
    message["Content-Type"] = text
    name, *_ = text.split(";")
    quality = message.get_param("q", "1")
    try:
        return name.strip().lower(), float(quality if isinstance(quality, str) else 1)
    except ValueError:
        return name.strip().lower(), 1.0
