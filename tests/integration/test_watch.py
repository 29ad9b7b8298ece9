"""`watch`, a program of its own, before servers that serve, end, and come again."""

import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.served_demonstration import REPOSITORY, environment
from tests.integration.served_program import Program, serving_program
from tests.ports import free_port
from tests.world import FAMILY, SECRET, World

_PATIENCE_SECONDS = 100

# Programs take their time to start; only what must hold through a crash is tried on both databases.
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Watcher:
    """A `watch` that runs."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def next_line(self) -> str:
        """Return the next line that it prints."""
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def next_event(self) -> dict[str, Any]:
        """Return the next event that it prints as JSON."""
        event: dict[str, Any] = json.loads(self.next_line())
        return event

    def says(self, begins: str) -> str:
        """Return the next thing it says on standard error that begins so."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if line.startswith(begins):
                return line.rstrip("\n")
        raise AssertionError(f"it ended without {begins!r}")

    def end(self, by: signal.Signals = signal.SIGINT) -> tuple[int, str, str]:
        """Tell it to end; return its exit code and what else it printed and said."""
        self.process.send_signal(by)
        return self.ended()

    def ended(self) -> tuple[int, str, str]:
        """Return its exit code and what else it printed and said."""
        printed, said = self.process.communicate(timeout=_PATIENCE_SECONDS)
        return self.process.returncode, printed, said


@contextmanager
def watching(port: int, *arguments: str, token: str = "", **settings: str) -> Iterator[Watcher]:
    """Watch the family on a port for as long as the context lasts."""
    given = {"PORT": str(port), "TOKEN": token, **settings}
    with subprocess.Popen(
        [sys.executable, "-m", "app", "watch", FAMILY, *arguments],
        cwd=REPOSITORY,
        env=environment(**{f"ORDERSHARE_{name}": value for name, value in given.items() if value}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        guard = threading.Timer(_PATIENCE_SECONDS, process.kill)
        guard.start()
        try:
            yield Watcher(process)
        finally:
            guard.cancel()
            process.kill()


@contextmanager
def serving(world: World, tmp_path: Path, port: int, **settings: str) -> Iterator[Program]:
    """Serve the world's database on a port for as long as the context lasts; the world speaks with this server then."""
    url = world.database.engine.url.render_as_string(hide_password=False)
    with serving_program(tmp_path / "log", url, PORT=str(port), **settings) as program:
        yield program


@asynccontextmanager
async def asking(world: World, program: Program) -> AsyncIterator[None]:
    """Have the world's terminals ask a server."""
    inside = world.http
    async with httpx.AsyncClient(base_url=program.http.base_url, timeout=30) as world.http:
        yield
    world.http = inside


async def _process(world: World, *actions: str) -> None:
    for action in actions:
        payload = await world.process("owner", await world.order_id(), action)
        assert payload["userErrors"] == []


@on_sqlite
async def test_events_are_printed_live_for_people(world: World, tmp_path: Path) -> None:
    port = free_port()
    with serving(world, tmp_path, port) as program, watching(port, token=world.token("owner")) as watcher:
        assert watcher.says("Watching") == "Watching Family as Owner."
        async with asking(world, program):
            await _process(world, "REPORT_LOSS")
            [shared] = await world.share("recipient", permission="PROCESS")
            await world.claim("recipient", shared)
        lines = [watcher.next_line() for _ in range(3)]
        assert watcher.end() == (0, "", "")

    assert [line[20:] for line in lines] == [
        "     11 Owner  OrderStatusChanged O-owner “Cover O-owner”  IN_FORCE → LOSS_REPORTED (REPORT_LOSS)\n",
        "     12 Owner  SharedOrderChanged O-owner “Cover O-owner”  OFFERED (Owner to Recipient, PROCESS)\n",
        "     13 Recipient  SharedOrderChanged O-owner “Cover O-owner”  "
        "OFFERED → CLAIMED (Owner to Recipient, PROCESS)\n",
    ]
    assert all(re.fullmatch(r"[0-9-]{10}T[0-9:]{8}Z", line[:20]) for line in lines)


async def test_through_crashes_of_the_server_nothing_is_missed_and_nothing_repeated(
    world: World, tmp_path: Path
) -> None:
    port = free_port()
    with watching(port, "--json", "--as", "member", JWT_SECRET=SECRET) as watcher:
        for round_number in range(2):
            with serving(world, tmp_path, port) as program:
                watcher.says("Watching" if round_number == 0 else "Connected again.")
                async with asking(world, program):
                    await _process(world, "SUSPEND", "REINSTATE")
                program.process.kill()
                program.process.wait()
            # Meanwhile another replica works.
            await _process(world, "SUSPEND", "REINSTATE")
        with serving(world, tmp_path, port):
            events = [watcher.next_event() for _ in range(8)]
            code, printed, _ = watcher.end()

    assert (code, printed) == (0, "")
    assert [event["sequence"] for event in events] == list(range(11, 19))
    assert [event["status"] for event in events] == ["SUSPENDED", "IN_FORCE"] * 4


@on_sqlite
async def test_a_line_of_json_has_the_names_of_the_schema(world: World, tmp_path: Path) -> None:
    port = free_port()
    with (
        serving(world, tmp_path, port) as program,
        watching(port, "--json", token=world.token("admin")) as watcher,
    ):
        watcher.says("Watching")
        async with asking(world, program):
            await world.share("recipient")
            removed = {"organisationId": await world.organisation_id(), "userId": await world.user_id("member")}
            await world.mutate("admin", "removeMember", "organisation { id }", **removed)
        offered, gone = watcher.next_event(), watcher.next_event()

    assert {name: offered[name] for name in ("sequence", "type", "previousStatus", "status", "orderVersion")} == {
        "sequence": 11,
        "type": "SharedOrderChanged",
        "previousStatus": None,
        "status": "OFFERED",
        "orderVersion": 1,
    }
    assert offered["order"] == {"id": await world.order_id(), "reference": "O-owner", "title": "Cover O-owner"}
    assert offered["sharedOrder"]["recipient"] == {"reference": "recipient", "name": "Recipient"}
    assert (gone["type"], gone["user"], gone["role"]) == (
        "MembershipChanged",
        {"reference": "member", "name": "Member"},
        None,
    )
    assert {"cursor", "occurredAt", "actor"} <= offered.keys() & gone.keys()


@on_sqlite
@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGKILL])
async def test_the_next_run_goes_on_after_the_cursor_in_the_file(
    world: World, tmp_path: Path, by: signal.Signals
) -> None:
    port, state = free_port(), tmp_path / "cursor"
    arguments = ("--json", "--state", str(state), "--url", f"http://127.0.0.1:{port}")
    with serving(world, tmp_path, port) as program:
        async with asking(world, program):
            with watching(1, *arguments, token=world.token("owner")) as watcher:
                watcher.says("Watching")
                await _process(world, "SUSPEND")
                first = watcher.next_event()
                if by is signal.SIGKILL:
                    # What was printed may come again after this one, so it is let come to its end.
                    _wait_for(state, first["cursor"])
                assert watcher.end(by)[0] == (-by if by is signal.SIGKILL else 0)
            assert json.loads(state.read_text()) == {
                "organisation": await world.organisation_id(),
                "cursor": first["cursor"],
            }
            await _process(world, "REINSTATE", "CANCEL")
            with watching(1, *arguments, token=world.token("owner")) as watcher:
                again = [watcher.next_event() for _ in range(2)]

    assert [event["sequence"] for event in (first, *again)] == [11, 12, 13]


def _wait_for(state: Path, cursor: str) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while cursor not in state.read_text():
        assert time.monotonic() < deadline


@on_sqlite
async def test_a_run_that_saw_nothing_keeps_where_it_began(world: World, tmp_path: Path) -> None:
    port, state = free_port(), tmp_path / "cursor"
    with serving(world, tmp_path, port) as program:
        with watching(port, "--state", str(state), token=world.token("owner")) as watcher:
            watcher.says("Watching")
            assert watcher.end() == (0, "", "")
        async with asking(world, program):
            await _process(world, "SUSPEND")
        with watching(port, "--json", "--state", str(state), token=world.token("owner")) as watcher:
            assert watcher.next_event()["sequence"] == 11


@on_sqlite
async def test_a_member_who_is_removed_is_told_in_one_line(world: World, tmp_path: Path) -> None:
    port = free_port()
    with serving(world, tmp_path, port) as program, watching(port, "--json", token=world.token("member")) as watcher:
        watcher.says("Watching")
        async with asking(world, program):
            await _process(world, "SUSPEND")
            removed = {"organisationId": await world.organisation_id(), "userId": await world.user_id("member")}
            await world.mutate("admin", "removeMember", "organisation { id }", **removed)
        code, printed, said = watcher.ended()

    assert (code, said) == (1, "ordershare: ACCESS_ENDED: You are no longer a member of this organisation.\n")
    assert [json.loads(line)["sequence"] for line in printed.splitlines()] == [11]


@on_sqlite
async def test_a_token_that_expires_is_the_end_and_one_that_never_held_too(world: World, tmp_path: Path) -> None:
    port = free_port()
    with serving(world, tmp_path, port):
        with watching(port, token=world.token("owner", timedelta(seconds=30))) as watcher:
            watcher.says("Watching")
            assert watcher.ended() == (1, "", "ordershare: The token holds no longer: get another one.\n")
        for arguments, settings in (((), {"token": "x.y.z"}), (("--as", "nobody"), {"JWT_SECRET": SECRET})):
            with watching(port, *arguments, **settings) as watcher:
                assert watcher.ended() == (1, "", "ordershare: The token is not accepted: get another one.\n")


@on_sqlite
async def test_what_can_never_come_is_one_line(world: World, tmp_path: Path) -> None:
    port, state = free_port(), tmp_path / "cursor"
    state.write_text('{"organisation": "another", "cursor": "x"}')
    token = world.token("owner")
    with serving(world, tmp_path, port):
        for arguments, line in (
            (("--after", "x"), "CURSOR_INVALID: This log does not know the cursor; begin again from a logCursor."),
            (("--state", str(state)), "The kept cursor is of another organisation: name another --state file."),
            (
                ("--url", f"http://127.0.0.1:{port}/elsewhere"),
                "There is no API of ours at this address: it answers 404.",
            ),
        ):
            with watching(port, *arguments, token=token) as watcher:
                code, printed, said = watcher.ended()
            assert (code, printed, said.splitlines()[-1]) == (1, "", f"ordershare: {line}")
        with watching(port, token=world.token("outsider")) as watcher:
            assert watcher.ended() == (
                1,
                "",
                "ordershare: There is no organisation 'family' of this user's; there are: strangers.\n",
            )


@pytest.mark.parametrize(("name", "said"), [("cursor", "cursor"), ("\x1b[2J", "\ufffd[2J")])
def test_a_file_that_keeps_no_cursor_is_one_line_that_no_terminal_obeys(tmp_path: Path, name: str, said: str) -> None:
    state = tmp_path / name
    state.write_text("mine")
    with watching(1, "--state", str(state), token="t") as watcher:
        line = f"ordershare: {tmp_path}/{said} keeps no cursor: delete it to begin now, or name another --state file.\n"
        assert watcher.ended() == (1, "", line)
    assert state.read_text() == "mine"


def test_without_a_token_one_is_asked_for() -> None:
    with watching(1) as watcher:
        line = "ordershare: Set ORDERSHARE_TOKEN to the token of who watches, or sign one by --as REFERENCE.\n"
        assert watcher.ended() == (1, "", line)
