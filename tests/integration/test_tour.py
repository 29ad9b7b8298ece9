"""The tour of the documentation, as a newcomer takes it; and that what the README tells to send can be sent."""

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import build_schema as read_schema
from graphql import parse, validate

from schema.build import build_schema
from tests.curl import path_with_curl
from tests.integration.served_demonstration import (
    REPOSITORY,
    Demonstration,
    demonstration,
    environment,
)
from tests.ports import free_port

SECRET = "a secret for tests only, long enough for HS256"


@pytest.fixture
def programs(tmp_path: Path) -> str:
    """The PATH of the tour."""
    return path_with_curl(tmp_path)


def _take_the_tour(started: Demonstration, programs: str) -> str:
    variables = environment(
        ORDERSHARE_JWT_SECRET=SECRET, ORDERSHARE_PORT=str(started.port), PYTHON=sys.executable, PATH=programs
    )
    tour = REPOSITORY / "docs" / "tour.sh"
    finished = subprocess.run(
        ["bash", tour], check=False, capture_output=True, encoding="utf-8", env=variables, timeout=120
    )
    assert (finished.returncode, finished.stderr) == (0, ""), finished.stdout + finished.stderr
    return finished.stdout


def _heard(told: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in re.findall(r"^first terminal hears: (.*)$", told, re.MULTILINE)]


@pytest.mark.parametrize(("database_url", "times"), [("sqlite", 2), ("postgresql", 1)], indirect=["database_url"])
def test_the_tour_leads_to_a_claimed_order_and_live_statuses_and_can_be_taken_again(
    tmp_path: Path, database_url: str, times: int, programs: str
) -> None:
    port = free_port()
    with demonstration(tmp_path, port, ORDERSHARE_DATABASE_URL=database_url, ORDERSHARE_JWT_SECRET=SECRET) as started:
        for _ in range(times):
            told = _take_the_tour(started, programs)
            heard = _heard(told)
            assert [event.get("shareStatus") or event["orderStatus"] for event in heard] == [
                "OFFERED",
                "CLAIMED",
                "LOSS_REPORTED",
                "IN_FORCE",
                "RELEASED",
            ]
            assert [event["reason"]["via"] for event in heard if "reason" in event] == ["SHARED_ORDER", "FIRST_ORDER"]
            assert told.count('"code":"VERSION_CONFLICT"') == 1
            [first, again] = re.findall(r'\{"data":\{"claimSharedOrder".*', told)
            assert first == again


def _ask(started: Demonstration, token: str, document: str) -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    answer = httpx.post(f"http://127.0.0.1:{started.port}/graphql", json={"query": document}, headers=headers)
    body: dict[str, Any] = answer.json()
    assert "errors" not in body, body
    return body["data"]


@contextmanager
def _listening(started: Demonstration, *where: str) -> Iterator[Iterator[dict[str, Any]]]:
    """Run the WebSocket client of the documentation and give what it prints; one that prints nothing is ended."""
    api = f"http://127.0.0.1:{started.port}/graphql"
    with subprocess.Popen(
        [sys.executable, REPOSITORY / "docs" / "listen.py", api, started.tokens[0], *where],
        env=environment(WEBSOCKETS_BACKOFF_INITIAL_DELAY="0.1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        guard = threading.Timer(60, process.kill)
        guard.start()
        try:
            yield map(json.loads, process.stdout)
        finally:
            guard.cancel()
            process.terminate()


def test_the_listener_goes_on_where_it_was_when_the_server_comes_back(tmp_path: Path) -> None:
    port = free_port()
    with ExitStack() as stack:
        with demonstration(tmp_path, port) as started:
            memberships = "{ viewer { memberships { organisation { id logCursor } } } }"
            [membership] = _ask(started, started.tokens[0], memberships)["viewer"]["memberships"]
            place = membership["organisation"]
            events = stack.enter_context(_listening(started, place["id"], place["logCursor"]))
            _, _, claim, process = started.documents
            _ask(started, started.tokens[1], claim)
            claimed = next(events)
        with demonstration(tmp_path, port):
            _ask(started, started.tokens[1], process)
            reported = next(events)
    assert (claimed["shareStatus"], reported["orderStatus"]) == ("CLAIMED", "LOSS_REPORTED")
    assert reported["sequence"] == claimed["sequence"] + 1


_DOCUMENT = re.compile(r"'((?:query|mutation|subscription)\b[^']*|\{ [^']*)'|```graphql\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize("page", ["README.md", "docs/tour.sh"])
def test_what_a_page_tells_to_send_is_valid(page: str) -> None:
    schema = read_schema(build_schema().as_str())
    documents = [quoted or fenced for quoted, fenced in _DOCUMENT.findall((REPOSITORY / page).read_text("utf-8"))]
    assert len(documents) >= 5
    faults = {document: validate(schema, parse(document)) for document in documents}
    assert {document: errors for document, errors in faults.items() if errors} == {}
