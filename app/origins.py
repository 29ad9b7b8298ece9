"""Which web pages may use the API from a browser."""

import re
from collections.abc import Iterable

_ORIGIN = re.compile(r"(?:null|[a-z][a-z0-9+.-]*://(?:\[[0-9a-f:.]+\])?[^][/?#@\\\s]*)?", re.IGNORECASE)


def is_origin(text: str) -> bool:
    """Return whether a header names an origin, a scheme and an authority (RFC 6454, section 6.2), or none."""
    return _ORIGIN.fullmatch(text) is not None


class Origins:
    """Origins (RFC 6454) that are allowed besides the server's own."""

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        """Allow these.

        Args:
            allowed: Such as `https://app.example`; `*` for all.
        """
        self.allowed = frozenset(origin.rstrip("/").lower() for origin in allowed)

    def admits(self, origin: str | None, host: str | None) -> bool:
        """Return whether a page may open a socket; programs that are no browsers send no origin.

        Args:
            origin: The `Origin` of the handshake.
            host: Its `Host`: a page of the server itself has the same.
        """
        if origin is None or "*" in self.allowed or origin.lower() in self.allowed:
            return True
        # An origin is a scheme and a host, with the port where it is not the scheme's own (RFC 6454, section 6.2).
        return bool(host and origin.lower().partition("://")[2] == host.lower())
