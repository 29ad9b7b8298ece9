"""The lines of an export: JSON, one object a line."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from app import order_file, type_file
from resolvers.export_records import ExportedRecord, RecordKind
from schema.global_id import encode_id

FORMAT = 1
"""Rises when a field is renamed, taken away, or comes to mean something else; not when one is added."""

_TYPE_OF_ID = {
    RecordKind.ORGANISATION: "Organisation",
    RecordKind.ORDER: "Order",
    RecordKind.SHARED_ORDER: "SharedOrder",
    RecordKind.PROCESSING_RESULT: "ProcessingResult",
    RecordKind.EVENT: "Event",
}
_TYPE_OF_REFERRING_ID = {"user_id": "User", "shared_order_id": "SharedOrder"}


def first_line(taken_at: datetime) -> bytes:
    """Return the line that begins an export: its format, and the moment it shows."""
    return _line({"kind": "export", "format": FORMAT, "taken_at": taken_at})


def last_line(lines: int) -> bytes:
    """Return the line that ends an export, without which it is not whole: how many lines stand before it."""
    return _line({"kind": "end", "lines": lines})


def record_line(record: ExportedRecord) -> bytes:
    """Return the line of a record; the ids in it are those of the API."""
    values: dict[str, Any] = {"kind": record.kind, **record.values}
    if (id_type := _TYPE_OF_ID.get(record.kind)) is not None:
        values["id"] = encode_id(id_type, values["id"])
    for name, id_type in _TYPE_OF_REFERRING_ID.items():
        if values.get(name) is not None:
            values[name] = encode_id(id_type, values[name])
    if record.kind is RecordKind.EVENT:
        values |= _details(values.pop("details"))
    if record.kind is RecordKind.ORDER:
        values["last_imported"] = _last_imported(values["last_imported"])
    return _line(values)


def order_line(record: ExportedRecord) -> bytes:
    """Return an order as a line of a file that `import` takes: exactly its columns."""
    return _line({name: record.values[name] for name in order_file.COLUMNS})


def type_line(record: ExportedRecord) -> bytes:
    """Return an order type as a line of a file that `import --types` takes."""
    return _line({name: record.values[name] for name in type_file.COLUMNS})


RecordLine = Callable[[ExportedRecord], bytes]


def _line(values: Mapping[str, Any]) -> bytes:
    return orjson.dumps(values, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z)


def _details(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an event tells by its kind, flat; who is behind its reason is the event's actor anyway."""
    details = dict(payload)
    reason = details.pop("reason", None)
    if reason is not None:
        details |= {f"reason_{name}": reason[name] for name in ("cause", "action", "via")}
        details["reason_at"] = _in_utc(reason["at"])
    return details


def _last_imported(record: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return the platform's last row about an order, by the names of its columns; its owner by their id."""
    if record is None:
        return None
    said = dict(record)
    owner_id, type_code = said.pop("owner_id"), said.pop("type_code")
    for name in ("effective_at", "expires_at"):
        said[name] = said[name] and _in_utc(said[name])
    return {"user_id": encode_id("User", UUID(owner_id)), "type": type_code, **said}


def _in_utc(text: str) -> datetime:
    return datetime.fromisoformat(text)
