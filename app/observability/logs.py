"""How the processes of the program log: lines on the standard error, without personal data.

No line has a name, a reference, a token, a document, its variables, or a statement. `app.fault_traces` says what is
told of faults.
"""

import logging
import sys
from datetime import UTC, datetime
from typing import Any, TextIO

import orjson

from app.fault_traces import told_of
from app.observability.log_writer import LogWriter
from app.settings import LogForm
from schema.observing import under_way

_log = logging.getLogger(__name__)

_ASYNCIO = "asyncio"

FLUSH_SECONDS = 1.0
"""How long the end of the program waits for its last lines to be written."""


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


class _Immediate(logging.StreamHandler[TextIO]):
    """Writes each line at once, as commands do: they have a person, or a script, in front of them."""


class _Queued(logging.Handler):
    """Writes lines through `standard_error`, as servers do."""

    def emit(self, record: logging.LogRecord) -> None:
        """Queue a line."""
        try:
            line = self.format(record)
        except Exception:
            self.handleError(record)
        else:
            standard_error.write(f"{line}\n")

    def flush(self) -> None:
        """Write what is queued, where that is possible at once."""
        standard_error.flush(FLUSH_SECONDS)


def log_at_once() -> None:
    """Log sentences to the standard error, each at once: for commands."""
    _log_by(_Immediate())


def log_through_queue(form: LogForm) -> None:
    """Log to the standard error without ever waiting for its reader: for servers.

    What Python itself would write there (warnings, exceptions that nothing can catch) becomes lines of the log.

    Args:
        form: `text` for a level and a sentence, otherwise JSON.
    """
    if _log_by(_Queued(), form):
        logging.captureWarnings(capture=True)
        sys.unraisablehook = _log_unraisable


def _log_by(handler: logging.Handler, form: LogForm = "text") -> bool:
    """Log by a handler; return False where the program runs inside another one, which has handlers of its own."""
    root = logging.getLogger()
    if not all(isinstance(each, _Immediate | _Queued) for each in root.handlers):
        return False
    for each in root.handlers[:]:
        root.removeHandler(each)
    handler.setFormatter(_TextLines() if form == "text" else _JsonLines())
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    for talkative in ("alembic", "httpx"):
        logging.getLogger(talkative).setLevel(logging.WARNING)
    return True


def _log_unraisable(unraisable: "sys.UnraisableHookArgs") -> None:
    fault = unraisable.exc_value
    found = None if fault is None else (type(fault), fault, fault.__traceback__)
    _log.error("an exception came up where nothing can catch it", exc_info=found)


def _dropped_notice(count: int) -> str:
    """Return the line that says how many lines were dropped before it, in the form of the others."""
    said = "%d lines of the log were dropped, because the standard error was not read"
    record = logging.LogRecord(_log.name, logging.WARNING, __file__, 0, said, (count,), None)
    formatters = [each.formatter for each in logging.getLogger().handlers if isinstance(each, _Queued)]
    return f"{(formatters[0] if formatters and formatters[0] else _TextLines()).format(record)}\n"


standard_error = LogWriter(_dropped_notice)
"""The log of the process."""


def _message(record: logging.LogRecord) -> str:
    message = record.getMessage()
    # asyncio goes on with what a task was at and what its fault says; a library, with a traceback.
    told = message.partition("\n" if record.name == _ASYNCIO else "Traceback (most recent call last)")[0]
    return told or "A fault whose words are not told."
