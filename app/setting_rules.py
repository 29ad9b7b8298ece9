"""What makes the value of a setting worthless, though it has the right form."""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import httpx
from limits import RateLimitItem, parse_many

PREFIX = "ORDERSHARE_"
PORTS = range(1, 2**16)

MIN_SECRET_BYTES = 32
"""HS256 takes a key at least as long as its digest (RFC 7518, section 3.2)."""

MIN_METRICS_TOKEN_BYTES = 16

_MIN_DIFFERENT_BYTES = 8
"""A random secret of 32 bytes has fewer once in a billion times, also one of hexadecimal digits."""

_PUBLISHED_SECRETS = frozenset({"a-string-secret-at-least-256-bits-long"})
"""Long enough, and known to everybody: the example of jwt.io."""

_MOST_BUDGET = 10**15
_LONGEST_WINDOW_SECONDS = 366 * 24 * 3600

_NO_SETTINGS = frozenset({"TOKEN", "SHARED_NUMBERS", "PUBLISHED_PORT"})
"""Variables of `watch`, of the supervisor for its workers, and of compose.yaml."""

_MISSPELT = 0.85


def is_long_enough(secret: str, least: int = MIN_SECRET_BYTES) -> bool:
    """Return whether a secret has enough bytes, leaving out blanks around it.

    Args:
        secret: The secret.
        least: How many bytes are enough.
    """
    return len(secret.strip().encode()) >= least


def is_guessable(secret: str) -> bool:
    """Return whether a secret is an example, has hardly any different bytes, or is one part again and again."""
    # A text that repeats a part is found in two of itself before its own second copy (Knuth, Morris, Pratt).
    repeats = (secret + secret).find(secret, 1) < len(secret)
    return secret in _PUBLISHED_SECRETS or len(set(secret.encode())) < _MIN_DIFFERENT_BYTES or repeats


def parse_budget(text: str) -> RateLimitItem:
    """Return a budget.

    Args:
        text: A cost and a time, such as `1000000 per minute`.

    Raises:
        ValueError: Where it is none, or one that nothing can be spent of, or that is never full again.
    """
    [budget] = parse_many(text)
    # The library takes `5 per 0 seconds` for `5 per 1 second`.
    if re.search(r"(per|/)\s*0+\s*[a-z]", text.lower()):
        raise ValueError
    if not (1 <= budget.amount <= _MOST_BUDGET and budget.get_expiry() <= _LONGEST_WINDOW_SECONDS):
        raise ValueError
    return budget


def form_complaint(errors: Iterable[Mapping[str, Any]], bounds: Mapping[str, tuple[float, float]]) -> str:
    """Return the line that says what to set, from the errors of pydantic.

    Args:
        errors: The errors.
        bounds: The least and the most of each setting that is a number.
    """
    parts = {}
    for error in errors:
        name = str(error["loc"][0])
        is_number = error["type"] in ("greater_than_equal", "less_than_equal", "finite_number")
        form = "from {:g} to {:.12g}".format(*bounds[name]) if is_number and name in bounds else "of the right form"
        parts[f"{PREFIX}{name.upper()}"] = f"to a value {form}"
    forms = set(parts.values())
    if len(forms) == 1:
        return f"Set {', '.join(parts)} {forms.pop()}."
    return f"Set {', '.join(f'{name} {form}' for name, form in parts.items())}."


def unknown_names(environment: Iterable[str], known: Iterable[str]) -> Mapping[str, str | None]:
    """Return the variables that look like settings and are none, each with the setting that it is a misspelling of.

    Args:
        environment: The names of all variables.
        known: The names of the settings, without the prefix.
    """
    settings = {name.upper() for name in known}
    given = {name.upper().removeprefix(PREFIX) for name in environment if name.upper().startswith(PREFIX)}
    found: dict[str, str | None] = {}
    for name in sorted(given - settings - _NO_SETTINGS):
        meant = get_close_matches(name, settings, 1, _MISSPELT)
        found[f"{PREFIX}{name}"] = f"{PREFIX}{meant[0]}" if meant else None
    return found


def is_origin(text: str) -> bool:
    """Return whether a text is an origin (RFC 6454)."""
    parts = urlsplit(text)
    return parts.scheme in ("http", "https") and bool(parts.netloc) and not parts.path.strip("/") and not parts.query


def is_to_be_trusted(url: str) -> bool:
    """Return whether nobody on the way can change what comes from an address."""
    try:
        # Read as whoever fetches from it reads it.
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        return False
    if not parts.host or (parts.port is not None and parts.port not in PORTS):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_this_machine(parts.host))


def is_this_machine(host: str) -> bool:
    """Return whether a host is a loopback address, or the name of one."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
