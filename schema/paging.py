"""Page arguments and page cursors: from what a client sends to a keyset page, and back."""

import base64
import binascii
from dataclasses import dataclass
from uuid import UUID

import orjson
from graphql import GraphQLError

from db.keyset import PageRequest
from schema.request_errors import bad_user_input

DEFAULT_PAGE = 50
"""How many entries a page of a whole organisation holds where nobody says."""

MAX_PAGE = 100
"""How many entries a page holds at the most."""

_INT64 = range(-(2**63), 2**63)


@dataclass(frozen=True)
class PageCursor:
    """How the places in one kind of list are written.

    Attributes:
        name: Tells this list's cursors from those of others; changes when the order of the list does.
        kinds: The types of the keys that give a row its place.
    """

    name: str
    kinds: tuple[type[int] | type[UUID], ...]

    def encode(self, keys: tuple[int | UUID, ...]) -> str:
        """Return the cursor of the row with these keys."""
        plain = [key.hex if isinstance(key, UUID) else key for key in keys]
        return base64.urlsafe_b64encode(orjson.dumps([self.name, *plain])).decode()

    def decode(self, argument: str, text: str) -> tuple[int | UUID, ...]:
        """Return the keys that a cursor stands for.

        Args:
            argument: The name of the argument, for the error.
            text: What the client sent.

        Raises:
            GraphQLError: BAD_USER_INPUT where it is no cursor of this list.
        """
        try:
            name, *plain = orjson.loads(base64.b64decode(text.encode(), altchars=b"-_", validate=True))
            if name != self.name:
                raise ValueError(name)
            return tuple(_key(kind, value) for kind, value in zip(self.kinds, plain, strict=True))
        except (binascii.Error, ValueError, TypeError, AttributeError):
            raise bad_user_input(f"`{argument}` is not a cursor of this list.") from None


def _key(kind: type[int] | type[UUID], value: object) -> int | UUID:
    if kind is UUID and isinstance(value, str):
        return UUID(value)
    if kind is int and type(value) is int and value in _INT64:
        return value
    raise ValueError(value)


def page_request(
    cursor: PageCursor,
    default: int,
    *,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> PageRequest:
    """Return the page that a connection's arguments ask for.

    Args:
        cursor: How the list's cursors are written.
        default: The page size where neither `first` nor `last` is given.
        first: The page is the first entries.
        after: The entries behind this cursor.
        last: The page is the last entries.
        before: The entries before this cursor.

    Raises:
        GraphQLError: BAD_USER_INPUT.
    """
    if first is not None and last is not None:
        raise bad_user_input("Give `first` or `last`, not both.")
    size = default if first is None and last is None else first if last is None else last
    if size is None or not 1 <= size <= MAX_PAGE:
        raise _bad_size("first" if last is None else "last")
    return PageRequest(
        size=size,
        after=None if after is None else cursor.decode("after", after),
        before=None if before is None else cursor.decode("before", before),
        backward=last is not None,
    )


def _bad_size(argument: str) -> GraphQLError:
    return bad_user_input(f"`{argument}` must be 1 to {MAX_PAGE}.")
