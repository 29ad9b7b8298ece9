"""What a soak runs on: the real server as an operator starts it, a proxy before it, and much in its database."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.attacks.served import Served, served
from tests.chaos.stage import own_postgresql
from tests.proxies import caddy
from tests.servers import migrate, postgresql_database, sqlite_url
from tests.soak.attackers.slow import PLACES
from tests.soak.people import FULL, Stock, populate, target
from tests.soak.plan import DatabaseKind
from tests.soak.target import Target

_METRICS_TOKEN = "a token for the metrics of a soak"
_ADDRESS = re.compile(r" object at 0x[0-9a-f]+")
_SEVERE = ("ERROR", "CRITICAL")


@dataclass(frozen=True, kw_only=True)
class Ground:
    """A server that runs, and who is attacked there."""

    server: Served
    metrics_token: str
    target: Target


@contextmanager
def ground(kind: DatabaseKind, home: Path, stock: Stock = FULL, **changes: object) -> Iterator[Ground]:
    """Serve a filled database as long as the context lasts, as in production and with the budgets that are shipped.

    One limit is lower than shipped: `max_sockets_per_user`, which could not be reached otherwise.

    Args:
        kind: What the server keeps its data in.
        home: Where the server's log goes, and the file of SQLite.
        stock: How much is in the database.
        changes: Settings that are not as shipped, each without its prefix and in small letters.
    """
    with _database(kind, home) as url:
        migrate(url)
        asyncio.run(populate(url, stock))
        settings = {"mode": "production", "metrics_token": _METRICS_TOKEN, "max_sockets_per_user": PLACES, **changes}
        (home / "proxy").mkdir()
        # It has the least of a configuration: the server alone must withstand what it passes on.
        with (
            served(url, home / "log", **settings) as server,
            caddy([server.port], home / "proxy", plain=True) as proxy,
        ):
            known = asyncio.run(target(url, server.port, proxy.port))
            yield Ground(server=server, metrics_token=_METRICS_TOKEN, target=known)


@contextmanager
def _database(kind: DatabaseKind, home: Path) -> Iterator[str]:
    if kind is DatabaseKind.SQLITE:
        yield sqlite_url(home / "ordershare.db")
        return
    with own_postgresql() as postgresql, postgresql_database(postgresql.url()) as url:
        yield url


def faults_logged(log: Path) -> Sequence[str]:
    """Return the faults that a server has logged, each kind with how often it came."""
    found: Counter[str] = Counter()
    with log.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            # Nearly all lines are those of operations.
            if not line.startswith("{"):
                found[line.strip()] += 1
            elif any(level in line for level in _SEVERE):
                told = json.loads(line)
                if told.get("level") in _SEVERE:
                    kinds = ", ".join(str(each.get("type")) for each in told.get("faults", ()))
                    what = _ADDRESS.sub("", f"{told.get('message')} {kinds}")
                    found[" ".join(what.split())] += 1
    return [f"{count} times: {what[:300]}" for what, count in found.most_common()]
