"""`serve`: what it refuses to begin with, and what a served process tells of itself."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from db.database import Database
from db.migrations.runner import downgrade, upgrade
from tests.integration.command_line import CommandLine, Ended
from tests.integration.outage import outage
from tests.integration.served_demonstration import environment
from tests.ports import free_port
from tests.servers import sqlite_url as new_sqlite_url
from tests.world import SECRET, World

_REPOSITORY = Path(__file__).parents[2]
_SERVES = "Uvicorn running on"
_URL_FORM = "Set ORDERSHARE_DATABASE_URL to sqlite+aiosqlite:///FILE or postgresql+asyncpg://USER@HOST/NAME."
_SECRET_FORM = (
    "Set ORDERSHARE_JWT_SECRET to a secret of at least 32 bytes, such as the output of: openssl rand -base64 48"
)
_TOKEN_FORM = (
    "Set ORDERSHARE_METRICS_TOKEN to a token of at least 16 bytes, such as the output of: openssl rand -base64 48"
)


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], sqlite_url: str) -> CommandLine:
    """The command line with settings with which it would serve."""
    return CommandLine(monkeypatch, capsys, jwt_secret=SECRET, database_url=sqlite_url, port=free_port())


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("jwt_secret", "", _SECRET_FORM),
        ("jwt_secret", "x" * 31, _SECRET_FORM),
        ("jwks_url", "https://keys", "Set ORDERSHARE_JWKS_URL or ORDERSHARE_JWT_SECRET, not both."),
        ("signal_url", "redis://host", "Set ORDERSHARE_SIGNAL_URL to nats://HOST:PORT, or leave it empty."),
        ("database_url", "", _URL_FORM),
        ("database_url", "garbage", _URL_FORM),
        ("database_url", "sqlite:///ordershare.db", _URL_FORM),
        ("database_url", "postgresql://user@host/name", _URL_FORM),
        ("database_url", "mysql+aiomysql://user@host/name", _URL_FORM),
        ("database_url", "postgresql+asyncpg://user@host:port/name", _URL_FORM),
        ("port", "http", "Set ORDERSHARE_PORT to a value of the right form."),
        ("mode", "staging", "Set ORDERSHARE_MODE to a value of the right form."),
        ("max_depth", "0", "Set ORDERSHARE_MAX_DEPTH to a value from 3 to 200."),
        ("request_seconds", "0", "Set ORDERSHARE_REQUEST_SECONDS to a value from 0.1 to 3600."),
        ("metrics_token", " ", _TOKEN_FORM),
        (
            "origins",
            "app.example",
            "Set ORDERSHARE_ORIGINS to origins, such as https://app.example, separated by commas.",
        ),
        ("user_budget", "a lot", "Set ORDERSHARE_USER_BUDGET to a cost and a time, such as 1000000 per minute."),
        (
            "organisation_budget",
            "1 per eternity",
            "Set ORDERSHARE_ORGANISATION_BUDGET to a cost and a time, such as 1000000 per minute.",
        ),
        (
            "budget_store_url",
            "memcached://host",
            "Set ORDERSHARE_BUDGET_STORE_URL to redis://HOST:PORT, or leave it empty.",
        ),
        (
            "trusted_documents_only",
            "true",
            "Set ORDERSHARE_TRUSTED_DOCUMENTS to the file of the documents to execute.",
        ),
        ("port", "", "Set ORDERSHARE_PORT to a value of the right form."),
    ],
)
def test_a_setting_that_is_missing_or_unsafe_is_named_in_one_line(
    command: CommandLine, name: str, value: str, complaint: str
) -> None:
    command.set(**{name: value})
    assert command("serve") == Ended(1, "", f"ordershare: {complaint}\n")


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        (
            "jwks_url",
            "http://issuer/keys",
            "Set ORDERSHARE_JWKS_URL to https://HOST/PATH; http:// is for this machine alone, such as 127.0.0.1.",
        ),
        ("jwt_issuer", "", "Set ORDERSHARE_JWT_ISSUER to the `iss` of the tokens, beside ORDERSHARE_JWKS_URL."),
        ("jwt_audience", "", "Set ORDERSHARE_JWT_AUDIENCE to the `aud` of the tokens, beside ORDERSHARE_JWKS_URL."),
    ],
)
def test_what_public_keys_need_is_named_in_one_line(
    command: CommandLine, name: str, value: str, complaint: str
) -> None:
    command.set(jwt_secret="", jwks_url="https://issuer/keys", jwt_issuer="https://issuer", jwt_audience="ordershare")
    command.set(**{name: value})
    assert command("serve") == Ended(1, "", f"ordershare: {complaint}\n")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+asyncpg://user:geheim@127.0.0.1:1/name",
        "postgresql+asyncpg://user:geheim@127.0.0.1:99999/name",
        "postgresql+asyncpg://user:geheim@no.such.host.invalid/name",
        "postgresql+asyncpg://user:geheim@127.0.0.1:1/name?unknown=1",
        "sqlite+aiosqlite:////no/such/directory/ordershare.db",
        "sqlite+aiosqlite://",
        "sqlite+aiosqlite:///:memory:",
    ],
)
def test_a_database_that_cannot_be_reached_is_named_by_its_setting_in_one_line(command: CommandLine, url: str) -> None:
    command.set(database_url=url)
    ended = command("serve")
    assert (ended.code, ended.printed) == (1, "")
    [line] = ended.complained.splitlines()
    assert line.startswith("ordershare: ")
    assert "ORDERSHARE_DATABASE_URL" in line
    assert "geheim" not in line


@pytest.mark.parametrize(("name", "value"), [("PORT", "65536"), ("HOST", "no.such.host.invalid")])
def test_an_address_that_nothing_can_listen_on_is_named_in_one_line(sqlite_url: str, name: str, value: str) -> None:
    line = _refusal(**{"DATABASE_URL": sqlite_url, "JWT_SECRET": SECRET, "PORT": str(free_port()), name: value})
    assert line.startswith("ordershare: ")
    assert f"ORDERSHARE_{name}" in line


def test_an_address_that_is_taken_is_named_in_one_line(sqlite_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = _refusal(DATABASE_URL=sqlite_url, JWT_SECRET=SECRET, PORT=str(port))
    assert line == f"ordershare: Port {port} of 127.0.0.1 is taken: set ORDERSHARE_PORT to a free one."


def test_a_refusal_is_all_that_a_process_says_and_it_makes_no_database(tmp_path: Path) -> None:
    line = _refusal(DATABASE_URL=new_sqlite_url(tmp_path / "new.db"))
    assert line == f"ordershare: {_SECRET_FORM}"
    assert list(tmp_path.iterdir()) == []


@contextmanager
def _serve(*arguments: str, **settings: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """Begin to serve in a process of its own; yields it with what it says until it serves, or ends."""
    with subprocess.Popen(
        [sys.executable, "-m", "app", "serve", *arguments],
        cwd=_REPOSITORY,
        env=environment(**{f"ORDERSHARE_{name}": value for name, value in settings.items()}),
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        guard = threading.Timer(60, process.kill)
        guard.start()
        try:
            assert process.stderr is not None
            said: list[str] = []
            for line in process.stderr:
                said.append(line)
                if _SERVES in line:
                    break
            yield process, said
        finally:
            guard.cancel()
            process.terminate()


def _refusal(**settings: str) -> str:
    """Return the one line in which a process refuses to serve."""
    with _serve(**settings) as (process, said):
        [line] = said
        assert process.wait() == 1
    return line.rstrip()


@contextmanager
def _served(database_url: str) -> Iterator[httpx.Client]:
    port = free_port()
    with _serve(DATABASE_URL=database_url, JWT_SECRET=SECRET, PORT=str(port)) as (_, said):
        assert _SERVES in said[-1], "".join(said)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            yield client


def test_several_workers_serve_one_port_and_one_that_dies_is_replaced(postgresql_url: str) -> None:
    port = free_port()
    settings = {"DATABASE_URL": postgresql_url, "JWT_SECRET": SECRET, "PORT": str(port)}
    with _serve("--workers", "2", **settings) as (process, _), httpx.Client(timeout=30) as client:
        assert _answer(client, f"http://127.0.0.1:{port}/healthz") == {"status": "alive"}
        workers = _workers(process, 2)
        killed = workers.pop()
        os.kill(killed, signal.SIGKILL)
        others = _workers(process, 2, without=killed)
        assert workers < others
        assert _answer(client, f"http://127.0.0.1:{port}/readyz") == {"status": "ready"}
        process.terminate()
        process.wait(30)
    assert [worker for worker in others if Path(f"/proc/{worker}").exists()] == []


def _answer(client: httpx.Client, url: str) -> object:
    """Return what is answered, once anybody does: the line comes before the workers do."""
    while True:
        with suppress(httpx.TransportError):
            return client.get(url).json()


def _workers(process: subprocess.Popen[str], count: int, without: int | None = None) -> set[int]:
    """Return the processes that serve, once there are as many as that."""
    supervisor = process.pid
    while True:
        assert process.poll() is None, "the supervisor has ended"
        found = set()
        for child in Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split():
            with suppress(OSError):
                if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                    found.add(int(child))
        if len(found) == count and without not in found:
            return found
        time.sleep(0.05)


def test_several_workers_need_postgresql(command: CommandLine) -> None:
    ended = command("serve", "--workers", "2")
    assert ended.code == 1
    assert ended.complained.strip() == (
        "ordershare: Several workers need PostgreSQL: set ORDERSHARE_DATABASE_URL, or serve by one."
    )


def _said(client: httpx.Client, path: str) -> tuple[int, str]:
    answer = client.get(path)
    return answer.status_code, answer.json()["status"]


def test_a_served_process_tells_whether_it_lives_and_is_ready(database_url: str) -> None:
    with _served(database_url) as client:
        assert _said(client, "/healthz") == (200, "alive")
        assert _said(client, "/readyz") == (200, "ready")
        downgrade(database_url, "base")
        assert _said(client, "/healthz") == (200, "alive")
        assert _said(client, "/readyz") == (503, "the database's schema is not current")
        upgrade(database_url)
        assert _said(client, "/readyz") == (200, "ready")


def test_a_served_process_whose_database_is_away_lives_and_is_not_ready(
    postgresql_server_url: str, postgresql_url: str
) -> None:
    away = (503, "the database does not answer")

    async def look_while_it_is_away(client: httpx.Client) -> None:
        async with outage(postgresql_server_url, postgresql_url):
            for _ in range(3):
                assert await asyncio.to_thread(_said, client, "/readyz") == away
                assert await asyncio.to_thread(_said, client, "/healthz") == (200, "alive")

    with _served(postgresql_url) as client:
        assert _said(client, "/readyz") == (200, "ready")
        asyncio.run(look_while_it_is_away(client))
        assert _said(client, "/readyz") == (200, "ready")


async def test_an_application_whose_database_server_is_away_is_not_ready() -> None:
    database = Database("postgresql+asyncpg://user@127.0.0.1:1/name")
    world = World(database)
    for path, expected in (("/healthz", (200, "alive")), ("/readyz", (503, "the database does not answer"))):
        answer = await world.http.get(path)
        assert (answer.status_code, answer.json()["status"]) == expected
    await world.http.aclose()
    await database.close()


async def test_an_application_over_a_new_database_is_not_ready(tmp_path: Path) -> None:
    database = Database(new_sqlite_url(tmp_path / "new.db"))
    world = World(database)
    answer = await world.http.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (503, "the database's schema is not current")
    await world.http.aclose()
    await database.close()


def test_graphiql_opens_without_a_token_and_its_operations_need_one(sqlite_url: str) -> None:
    with _served(sqlite_url) as client:
        page = client.get("/graphql", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
        assert page.status_code == 200
        assert page.headers["content-type"].startswith("text/html")
        assert "GraphiQL" in page.text
        refused = client.post("/graphql", json={"query": "{ viewer { user { reference } } }"})
        assert refused.status_code == 401
        assert refused.json()["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}
