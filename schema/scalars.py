"""The scalars beyond GraphQL's own."""

import re
from datetime import UTC, datetime
from typing import NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

Cursor = NewType("Cursor", str)
"""A place in an organisation's log, as text."""

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def format_instant(instant: datetime) -> str:
    """Return an instant as RFC 3339 text in UTC, such as `2026-11-22T09:30:00Z`."""
    if instant.tzinfo is not UTC:
        instant = instant.astimezone(UTC)
    return instant.isoformat()[: -len("+00:00")] + "Z"


def parse_instant(value: object) -> datetime:
    """Return the instant that RFC 3339 text stands for; digits beyond microseconds are cut off.

    Raises:
        GraphQLError: Where it is anything else, or lies outside the years 1 to 9999.
    """
    if isinstance(value, str) and _RFC_3339.fullmatch(value):
        try:
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise GraphQLError("A DateTime is RFC 3339 with a zone, such as 2026-11-22T09:30:00Z.")


def _parse_cursor(value: object) -> str:
    if not isinstance(value, str):
        raise GraphQLError("A Cursor is the text of a `cursor` or `logCursor` field.")
    return value


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description=(
            "A date and time by RFC 3339, such as `2026-11-22T09:30:00Z`. Send it with any offset; it is "
            "answered in UTC."
        ),
        specified_by_url="https://scalars.graphql.org/andimarek/date-time.html",
        serialize=format_instant,
        parse_value=parse_instant,
    ),
    Cursor: strawberry.scalar(
        name="Cursor",
        description=(
            "A place in an organisation's log: an event's `cursor`, or `Organisation.logCursor`. Opaque: "
            "keep it as it is. Subscribe with it as `after` to hear everything that follows; it stays valid "
            "across reconnects, servers and restarts."
        ),
        serialize=str,
        parse_value=_parse_cursor,
    ),
}
