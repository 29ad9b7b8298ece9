"""How the processes of the program log: lines on the standard error, with nothing in them that is somebody's.

No line has a name, a reference, a token, a document, its variables, or a statement. `app.fault_traces` says what is
told of faults.
"""

import asyncio
import logging
import os
from datetime import UTC, datetime
from typing import Any, TextIO

import orjson

from app.fault_traces import told_of
from app.settings import LogForm
from schema.observing import under_way

_STANDARD_ERROR = 2
_GATHER_SECONDS = 0.05
"""To write costs more than to make a line. What is gathered so long is lost only if the process is killed meanwhile."""

_ASYNCIO = "asyncio"


class GatheredLines:
    """Lines that come in crowds, written together."""

    def __init__(self, descriptor: int = _STANDARD_ERROR) -> None:
        """Have no lines.

        Args:
            descriptor: The file to write to.
        """
        self._descriptor = descriptor
        self._lines: list[str] = []

    def add(self, line: str) -> None:
        """Have a line written soon; it ends with a line break."""
        if not self._lines:
            asyncio.get_running_loop().call_later(_GATHER_SECONDS, self.write)
        self._lines.append(line)

    def write(self) -> None:
        """Write what was gathered."""
        lines, self._lines = self._lines, []
        write_whole(self._descriptor, "".join(lines).encode())


def write_whole(descriptor: int, content: bytes) -> None:
    """Write to a file or pipe; what nobody takes is lost."""
    try:
        while content:
            content = content[os.write(descriptor, content) :]
    except OSError:
        return


class _JsonLines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        watched = under_way.get()
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname,
            "event": "log",
            "logger": record.name,
            "message": _message(record),
        }
        if watched is not None:
            line["request_id"] = watched.request_id
        if record.exc_info and record.exc_info[1] is not None:
            line["faults"] = told_of(record.exc_info[1])
        return orjson.dumps(line, option=orjson.OPT_UTC_Z).decode()


class _TextLines(logging.Formatter):
    """A record as a sentence; below it, of a fault, where it came up."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the sentence."""
        lines = [f"{record.levelname}: {_message(record)}"]
        fault = record.exc_info[1] if record.exc_info else None
        for told in [] if fault is None else told_of(fault):
            facts = "".join(f", {name} {fact}" for name, fact in told.items() if name not in ("type", "at"))
            lines += [f"  {told['type']}{facts}", *(f"    {place}" for place in told["at"])]
        return "\n".join(lines)


class _StandardError(logging.StreamHandler[TextIO]):
    """Our own handler, by which it is known again."""


def begin_to_log(form: LogForm = "text") -> None:
    """Write log lines to the standard error.

    Args:
        form: `text` for a level and a sentence, otherwise JSON.
    """
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(_StandardError())
        root.setLevel(logging.INFO)
        for talkative in ("alembic", "httpx"):
            logging.getLogger(talkative).setLevel(logging.WARNING)
    for handler in root.handlers:
        if isinstance(handler, _StandardError):
            handler.setFormatter(_TextLines() if form == "text" else _JsonLines())


def _message(record: logging.LogRecord) -> str:
    message = record.getMessage()
    # asyncio goes on with what a task was at and what its fault says; a library, with a traceback.
    told = message.partition("\n" if record.name == _ASYNCIO else "Traceback (most recent call last)")[0]
    return told or "A fault whose words are not told."
