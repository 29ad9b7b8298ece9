"""The servers that are measured: how each is set up, started and asked."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from app.settings import Settings
from app.tokens import Tokens
from benchmarks import documents
from benchmarks.database import BenchmarkDatabase
from benchmarks.interpreter import server_python
from benchmarks.load import post
from benchmarks.organisations import ADMINISTRATOR, Organisation
from benchmarks.processes import ServerProcess
from schema.global_id import encode_id
from tests.ports import free_port

PEERS = Path(__file__).parent / "peers"
NODE = PEERS / "node_modules" / ".bin" / "node"
"""Node.js of the npm package, so that every run has the same one whatever the machine has."""
OURS, FLOOR, MERCURIUS, YOGA = "ordershare", "Floor", "Mercurius with JIT", "GraphQL Yoga"
POSTGRAPHILE, ORDINARY = "PostGraphile 5", "Ordinary Strawberry"

SECRET = secrets.token_urlsafe(48)
"""What our server's tokens are signed with in this run."""

Rows = list[dict[str, Any]]


@cache
def _tokens() -> Tokens:
    return Tokens(Settings(jwt_secret=SECRET))  # type: ignore[arg-type]  # pydantic makes it a SecretStr


def token(reference: str) -> str:
    """Return a token for a user, as `python -m app token` prints it."""
    return _tokens().sign(reference, timedelta(hours=12))


@dataclass(frozen=True)
class Program:
    """A server as a program that is started.

    Attributes:
        name: What the tables call it.
        command: The program and its arguments.
        environment: What is set for it on top of where the database is and what port to take.
        plain_database_url: Whether it wants the database's URL as PostgreSQL's own tools spell it.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    plain_database_url: bool = field(default=True, kw_only=True)

    def serve(self, database: BenchmarkDatabase, logs: Path, part: str = "") -> AbstractContextManager[ServerProcess]:
        """Return the server over a database, to be entered; `part` goes into the name of its log."""
        port = free_port()
        url = database.plain_url if self.plain_database_url else database.url
        environment = {
            **self.environment,
            "BENCHMARK_DATABASE_URL": url,
            "BENCHMARK_PORT": str(port),
            "ORDERSHARE_DATABASE_URL": url,
            "ORDERSHARE_PORT": str(port),
        }
        return ServerProcess(self.command, environment, port, logs / f"{self.name.lower().replace(' ', '-')}{part}.log")


@dataclass(frozen=True)
class Contestant(Program):
    """A server, and how it is asked for the list page.

    Attributes:
        path: Where it takes requests.
        body: The list page of an organisation as this server is asked for it.
        headers: What is sent with every request.
        orders: Brings an answer to the shape that all are compared in.
    """

    body: Callable[[Organisation], bytes]
    orders: Callable[[Any], Rows]
    path: str = "/graphql"
    headers: Mapping[str, str] = field(default_factory=dict)

    def request(self, organisation: Organisation) -> bytes:
        """Return the request for the list page as it goes over the wire."""
        return post(self.path, self.body(organisation), self.headers)


def _with_plain_id(document: str) -> Callable[[Organisation], bytes]:
    return lambda organisation: documents.request_body(document, id=str(organisation.id))


def ours() -> Contestant:
    """Return our server as in production: authentication, limits, budgets, metrics and a log of operations are on."""
    return Contestant(
        OURS,
        (str(server_python().program), "-m", "app", "serve"),
        lambda organisation: documents.request_body(documents.LIST_PAGE, id=encode_id("Organisation", organisation.id)),
        documents.from_graphql,
        environment={
            "ORDERSHARE_JWT_SECRET": SECRET,
            "ORDERSHARE_HOST": "127.0.0.1",
            "ORDERSHARE_MODE": "production",
        },
        plain_database_url=False,
        headers={"Authorization": f"Bearer {token(ADMINISTRATOR)}"},
    )


def floor() -> Contestant:
    """Return the floor."""
    return Contestant(
        FLOOR,
        (str(server_python().program), "-m", "benchmarks.peers.floor"),
        lambda organisation: b'{"id": "%b", "first": 50}' % str(organisation.id).encode(),
        documents.orders_in,
        path="/",
    )


def _node(name: str, file: str, document: str, orders: Callable[[Any], Rows]) -> Contestant:
    # What their makers ask for where servers run for good.
    environment = {"NODE_ENV": "production", "GRAPHILE_ENV": "production"}
    return Contestant(name, (str(NODE), str(PEERS / file)), _with_plain_id(document), orders, environment=environment)


def mercurius() -> Contestant:
    """Return Mercurius with its JIT."""
    return _node(MERCURIUS, "mercurius.js", documents.LIST_PAGE, documents.from_graphql)


def every_contestant() -> list[Contestant]:
    """Return all servers, in the order in which they take turns."""
    ordinary = Contestant(
        ORDINARY,
        (str(server_python().program), "-m", "benchmarks.peers.ordinary_strawberry"),
        _with_plain_id(documents.LIST_PAGE),
        documents.from_graphql,
        plain_database_url=False,
    )
    return [
        floor(),
        ours(),
        mercurius(),
        _node(YOGA, "yoga.js", documents.LIST_PAGE, documents.from_graphql),
        _node(POSTGRAPHILE, "postgraphile.js", documents.POSTGRAPHILE_LIST_PAGE, documents.from_postgraphile),
        ordinary,
    ]


def install_peers() -> None:
    """Install the peers that are npm packages, as pinned, where that is not done yet.

    Raises:
        RuntimeError: Where Node.js is missing or the installation fails.
    """
    if shutil.which("npm") is None:
        raise RuntimeError("The peers are npm packages, Node.js itself among them: they need npm on the PATH.")
    lock, installed = PEERS / "package-lock.json", PEERS / "node_modules" / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return
    command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    subprocess.run(command, cwd=PEERS, check=True, env={**os.environ, "npm_config_update_notifier": "false"})
    installed.touch()
