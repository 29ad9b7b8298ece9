"""What a client accepts in answer to a request (RFC 9110, section 12.5.1)."""

from email.message import Message

_JSON = ("application/graphql-response+json", "application/json", "application/*", "*/*")


class Accepted:
    """The media types of an `Accept` header."""

    def __init__(self, header: str | None) -> None:
        """Read the header; without one, JSON is accepted and nothing else."""
        ranges = [_media_range(part) for part in (header or "application/json").split(",")]
        self._quality = {name: quality for name, quality in ranges if quality > 0}

    @property
    def json(self) -> bool:
        """Whether an answer in one piece is accepted."""
        return any(name in self._quality for name in _JSON)

    def best(self, *names: str) -> str | None:
        """Return which of some media types, each by its name, is accepted most; the first of equals."""
        accepted = [name for name in names if name in self._quality]
        return max(accepted, key=self._quality.__getitem__, default=None)


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
