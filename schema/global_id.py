"""Global ids: opaque to clients, a type's name and a UUID to us."""

import base64
import binascii
from uuid import UUID

import strawberry

NOTHING = UUID(int=0)
"""The id of nothing: what a malformed id, or the id of something of another type, stands for."""


def encode_id(type_name: str, row_id: UUID) -> strawberry.ID:
    """Return the global id of a row."""
    # Of such letters none becomes one of the two that URL-safe base64 writes otherwise.
    return strawberry.ID(binascii.b2a_base64(f"{type_name}:{row_id.hex}".encode(), newline=False).decode())


def decode_node_id(text: str) -> tuple[str, UUID]:
    """Return the type's name and the row's id; an empty name and `NOTHING` where the text is no global id."""
    try:
        type_name, _, row_id = base64.b64decode(text.encode(), altchars=b"-_", validate=True).decode().partition(":")
        return type_name, UUID(row_id)
    except (binascii.Error, ValueError):
        return "", NOTHING


def decode_id(type_name: str, text: str) -> UUID:
    """Return the id of a row of the given type, or `NOTHING`, which looks exactly like a row that does not exist."""
    found, row_id = decode_node_id(text)
    return row_id if found == type_name else NOTHING
