"""The command that prints an organisation's log while it grows."""

import asyncio
import signal
import sys
from collections.abc import Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console

from app.kept_place import UnreadablePlace, keep_place, kept_place
from app.watch_client import Door, Event, Place, Watch, WatchEnded
from app.watch_lines import harmless, json_line, people_line

_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
_PATH = "/graphql"


@dataclass(frozen=True)
class WatchOptions:
    """What a watch is told.

    Attributes:
        organisation: The organisation's global id, or its reference.
        after: The cursor after which to begin; None for the place in `state`, or else for now.
        as_json: Whether to print lines of JSON.
        state: The file that keeps the cursor from one run to the next; None for none.
    """

    organisation: str
    after: str | None = None
    as_json: bool = False
    state: Path | None = None


def socket_url(url: str) -> str:
    """Return where the sockets of an API are: of `http://HOST:PORT/graphql`, with or without its path.

    Raises:
        ValueError: Where it is no such address.
    """
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES or not parts.hostname or parts.port == 0:
        raise ValueError(url)
    path = parts.path if parts.path.strip("/") else _PATH
    return parts._replace(scheme=_SCHEMES[parts.scheme], path=path, fragment="").geturl()


def run_watch(door: Door, options: WatchOptions) -> int:
    """Print events as they happen, and on standard error what happens to the connection, until it is told to end.

    Returns:
        The command's exit code: 0 where it was told to end, 1 where the server said that there is no more.
    """
    errors = Console(stderr=True, soft_wrap=True, highlight=False, markup=False, emoji=False)

    def say(sentence: str) -> None:
        errors.print(harmless(sentence))

    try:
        kept = kept_place(options.state) if options.state else None
        watch = Watch(door, options.organisation, options.after, kept, _keeper(options.state), say)
        asyncio.run(_print(watch, _printer(as_json=options.as_json), _keeper(options.state)))
    except asyncio.CancelledError:
        return 0
    except BrokenPipeError:
        # Whoever read has gone. The interpreter would try to write the rest once more.
        sys.stdout = None
        return 1
    except (WatchEnded, UnreadablePlace) as fault:
        say(f"ordershare: {fault}")
        return 1
    except OSError as fault:
        say(f"ordershare: {fault}")
        return 1
    return 0


async def _print(watch: Watch, show: Callable[[Event], None], keep: Callable[[Place], None]) -> None:
    _end_when_told()
    async with aclosing(watch.events()) as events:
        async for place, event in events:
            # Nothing can come between the two but a crash: then the event is shown again, never lost.
            show(event)
            keep(place)


def _end_when_told() -> None:
    """Have Ctrl-C and SIGTERM end this task where it waits, and not between two things that belong together."""
    task: asyncio.Task[None] = asyncio.current_task()  # type: ignore[assignment]  # a coroutine runs in one
    # There are no such handlers on Windows, where Ctrl-C does as ever.
    with suppress(NotImplementedError):
        for each in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(each, task.cancel)


def _keeper(state: Path | None) -> Callable[[Place], None]:
    if state is None:
        return lambda _: None
    return lambda place: keep_place(state, place)


def _printer(*, as_json: bool) -> Callable[[Event], None]:
    if as_json:
        return lambda event: print(json_line(event), flush=True)
    output = Console(soft_wrap=True, highlight=False, markup=False, emoji=False)
    return lambda event: output.print(people_line(event))
