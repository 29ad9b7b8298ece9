"""A database server that accepts and never answers: nobody waits for it for ever."""

import asyncio
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import make_url

import db.engine
from db.database import Database
from db.engine import Timeouts
from schema.global_id import decode_node_id
from tests.metrics_reader import metrics
from tests.world import World

_TIMEOUTS = Timeouts(statement=0.2, lock=0.2, idle_transaction=60)
_CONNECT_SECONDS = _GRACE_SECONDS = 1.0
"""Instead of many: each test waits for it."""

_SLACK_SECONDS = 4.0
"""What a machine with much to do may add, and a connection that is ended politely."""


class _Line:
    """A line to a PostgreSQL server that can be held: both ends stay open, and nothing comes through any more."""

    def __init__(self, host: str, port: int) -> None:
        self._target = host, port
        self._goes_on = asyncio.Event()
        self._goes_on.set()
        self._pumps: set[asyncio.Task[None]] = set()

    def hold(self) -> None:
        self._goes_on.clear()

    def let_go(self) -> None:
        self._goes_on.set()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(*self._target)
        for source, target in ((reader, back), (there, writer)):
            pump = asyncio.create_task(self._pump(source, target))
            self._pumps.add(pump)
            pump.add_done_callback(self._pumps.discard)

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65_536):
                await self._goes_on.wait()
                target.write(data)
        except ConnectionError:
            pass
        finally:
            target.close()

    async def end(self) -> None:
        for pump in tuple(self._pumps):
            pump.cancel()
        if self._pumps:
            await asyncio.wait(self._pumps)


@asynccontextmanager
async def _line(url: str) -> AsyncIterator[tuple[_Line, str]]:
    """Lay a line to the server of `url`; yield it, and a URL that goes by it."""
    parsed = make_url(url)
    line = _Line(parsed.host or "127.0.0.1", parsed.port or 5432)
    server = await asyncio.start_server(line.take, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield line, parsed.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
    finally:
        server.close()
        await line.end()


@pytest.fixture
async def held(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[World, _Line]]:
    """The small world on PostgreSQL, by a line that can be held."""
    monkeypatch.setattr(db.engine, "_CONNECT_SECONDS", _CONNECT_SECONDS)
    monkeypatch.setattr(db.engine, "_GRACE_SECONDS", _GRACE_SECONDS)
    async with _line(postgresql_url) as (line, url):
        world = World(Database(url, timeouts=_TIMEOUTS))
        await world.populate()
        yield world, line
        line.let_go()
        await world.http.aclose()
        await world.database.close()


async def _given_back(database: Database) -> None:
    """Wait until no connection is lent; those that hang are ended, which takes a moment."""
    async with asyncio.timeout(20):
        while database.lent_connections:  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.01)


async def test_whether_it_is_ready_is_told_in_two_seconds(held: tuple[World, _Line]) -> None:
    impatient, line = held
    url = impatient.database.engine.url.render_as_string(hide_password=False)
    world = World(Database(url, timeouts=Timeouts(statement=20, lock=20, idle_transaction=60)))
    assert (await world.http.get("/readyz")).status_code == 200
    line.hold()
    began = time.monotonic()
    answers = await asyncio.gather(*(world.http.get("/readyz") for _ in range(20)))
    assert time.monotonic() - began < 2.0 + _SLACK_SECONDS
    assert {(each.status_code, each.json()["status"]) for each in answers} == {(503, "the database does not answer")}
    assert world.database.lent_connections <= 1
    assert (await world.http.get("/healthz")).status_code == 200
    line.let_go()
    async with asyncio.timeout(20):
        # What was asked before may still be what is answered.
        while (await world.http.get("/readyz")).status_code != 200:  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.01)
    await _given_back(world.database)
    await world.http.aclose()
    await world.database.close()


@pytest.mark.parametrize("connected", [True, False], ids=["connected before", "to be connected"])
async def test_an_operation_says_that_the_database_is_not_available(held: tuple[World, _Line], connected: bool) -> None:
    world, line = held
    organisation = await world.organisation_id()
    documents = {
        "a query": f'{{ organisation(id: "{organisation}") {{ logCursor members {{ totalCount }} }} }}',
        "had whole": f'{{ organisation(id: "{organisation}") {{ orders(first: 2) {{ nodes {{ reference }} }} }} }}',
        "by a session": (
            f'mutation {{ setSharePolicy(input: {{organisationId: "{organisation}", sharePolicy: ANY_MEMBER}})'
            " { userErrors { code } } }"
        ),
        "together": 'mutation { claimSharedOrder(input: {sharedOrderId: "nothing"}) { userErrors { code } } }',
    }
    before = {name: await world.ask("admin", document) for name, document in documents.items()}
    for name, document in documents.items():
        if not connected:
            await world.database.close()
        line.hold()
        began = time.monotonic()
        response = await world.post("admin", document)
        assert time.monotonic() - began < _CONNECT_SECONDS + 2 * _GRACE_SECONDS + _SLACK_SECONDS, name
        if name != "together":
            assert response.status_code == 503, (name, response.json())
            assert {each["extensions"]["code"] for each in response.json()["errors"]} == {"UNAVAILABLE"}
        line.let_go()
        await _given_back(world.database)
        assert await world.ask("admin", document) == before[name]


async def test_who_comes_first_is_to_come_again(held: tuple[World, _Line]) -> None:
    world, line = held
    await world.ask("owner", "{ viewer { user { reference } } }")
    line.hold()
    response = await world.post("member", "{ viewer { user { reference } } }")
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (503, "UNAVAILABLE")
    line.let_go()
    await _given_back(world.database)


async def test_metrics_are_told_without_what_only_the_database_knows(held: tuple[World, _Line]) -> None:
    world, line = held
    _, organisation_id = decode_node_id(await world.organisation_id())
    tail = world.database.tails.begin(organisation_id)
    await tail.look()
    line.hold()
    began = time.monotonic()
    read = await metrics(world)
    assert time.monotonic() - began < 1.0 + _SLACK_SECONDS
    assert math.isnan(read.one("log_lag_events"))
    world.database.tails.end(tail)
    line.let_go()
    await _given_back(world.database)
