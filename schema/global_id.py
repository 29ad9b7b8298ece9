"""Global ids: opaque to clients, a type's name and a UUID to us.

They are plain text rather than something encoded: whoever reads a log or an answer sees what is what, and hundreds in
an answer cost little to make, to send and to read.
"""

import re
from uuid import UUID

import strawberry

NOTHING = UUID(int=0)
"""The id of nothing: what a malformed id, or the id of something of another type, stands for."""

_GLOBAL_ID = re.compile(r"([A-Za-z]+)_([0-9a-f]{32})", re.ASCII)


def id_prefix(type_name: str) -> str:
    """Return how the global ids of a type begin; the row's id in 32 hexadecimal digits follows."""
    return f"{type_name}_"


def encode_id(type_name: str, row_id: UUID) -> strawberry.ID:
    """Return the global id of a row."""
    return strawberry.ID(id_prefix(type_name) + row_id.hex)


def decode_node_id(text: str) -> tuple[str, UUID]:
    """Return the type's name and the row's id; an empty name and `NOTHING` where the text is no global id."""
    found = _GLOBAL_ID.fullmatch(text)
    return ("", NOTHING) if found is None else (found[1], UUID(found[2]))


def decode_id(type_name: str, text: str) -> UUID:
    """Return the id of a row of the given type, or `NOTHING`, which looks exactly like a row that does not exist."""
    found, row_id = decode_node_id(text)
    return row_id if found == type_name else NOTHING
