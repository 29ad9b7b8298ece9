"""The file in which a watch keeps how far it has come."""

import os
from pathlib import Path

import orjson

from app.watch_client import Place


class UnreadablePlace(Exception):
    """The file is there, but holds no place; the message is one line that says what to do."""


def kept_place(path: Path) -> Place | None:
    """Return the place that a file keeps; None where there is no such file yet.

    Raises:
        OSError: Where it cannot be read.
        UnreadablePlace: Where it holds anything else.
    """
    try:
        said = orjson.loads(path.read_bytes())
        return Place(str(said["organisation"]), str(said["cursor"]))
    except FileNotFoundError:
        return None
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise UnreadablePlace(
            f"{path} keeps no cursor: delete it to begin now, or name another --state file."
        ) from None


def keep_place(path: Path, place: Place) -> None:
    """Write the place to the file, which holds this one or the one before at any moment.

    It is not forced to the disk: a place a little older, after a power cut, is no harm worth a wait at every event.

    Raises:
        OSError: Where it cannot be written.
    """
    beside = path.with_name(f".{path.name}.partial")
    beside.write_bytes(orjson.dumps({"organisation": place.organisation, "cursor": place.cursor}) + b"\n")
    os.replace(beside, path)
