"""Hints between processes, by PostgreSQL and by NATS: they come, and where they cannot, everybody looks again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import make_url

from db import tails
from db.carried_signals import CarriedSignals
from db.database import Database
from db.follower import follow
from db.nats_signals import NatsSignals
from db.postgresql_signals import PostgreSQLSignals
from db.signals import Wakeup
from tests.integration.log_writing import new_organisation, write
from tests.nats_server import NatsServer
from tests.ports import free_port
from tests.servers import plain_url

_NEVER = 600.0
_OURS, _THEIRS = uuid4(), uuid4()
_FATAL = b"E\0\0\0\x21SFATAL\0VFATAL\0C57P01\0Mended\0\0"
"""As PostgreSQL says that an administrator ends a connection."""


@dataclass(frozen=True)
class Way:
    """One way of carrying hints.

    Attributes:
        make: Makes the signals of another process, over the server at a URL.
        url: The server.
        cut: Ends every connection to it.
    """

    make: Callable[[str], CarriedSignals]
    url: str
    cut: Callable[[], Awaitable[None]]


@pytest.fixture(scope="module")
def nats_server() -> Iterator[NatsServer]:
    """A server of NATS."""
    server = NatsServer()
    server.start()
    yield server
    server.kill()


@pytest.fixture(params=["postgresql", "nats"])
def way(request: pytest.FixtureRequest) -> Way:
    """Each way of carrying hints."""
    if request.param == "nats":
        server: NatsServer = request.getfixturevalue("nats_server")

        async def restart() -> None:
            server.kill()
            await asyncio.to_thread(server.start)

        return Way(lambda url: NatsSignals(url, ping_seconds=0.2), server.url, restart)
    url: str = request.getfixturevalue("postgresql_url")

    async def terminate() -> None:
        connection = await asyncpg.connect(plain_url(url))
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
        await connection.close()

    return Way(lambda at: PostgreSQLSignals(at, ping_seconds=0.2), url, terminate)


@asynccontextmanager
async def _started(way: Way, url: str | None = None) -> AsyncIterator[CarriedSignals]:
    """Signals of a process, connected."""
    signals = way.make(url or way.url)
    # Whoever listens is rung once the connection carries hints.
    with signals.listen(uuid4()) as wakeup:
        await signals.start()
        await _rings(wakeup)
    try:
        yield signals
    finally:
        await signals.stop()


async def _rings(wakeup: Wakeup) -> None:
    async with asyncio.timeout(20):
        await wakeup.wait(_NEVER)
    wakeup.forget()


async def _is_silent(wakeup: Wakeup) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(0):
            await wakeup.wait(_NEVER)
            return False
    return True


async def _hears(wakeup: Wakeup, organisation_id: UUID, telling: CarriedSignals) -> None:
    """Return when hints about an organisation come: more of them than a new connection or subscription gives."""
    async with asyncio.timeout(20):
        for _ in range(4):
            wakeup.forget()
            while await _is_silent(wakeup):
                telling.notify(organisation_id)
                await asyncio.sleep(0.01)


async def test_a_hint_of_one_process_wakes_those_who_listen_in_another(way: Way) -> None:
    async with _started(way) as telling, _started(way) as hearing:
        with hearing.listen(_OURS) as ours, hearing.listen(_THEIRS) as theirs:
            await _hears(ours, _OURS, telling)
            theirs.forget()
            await _hears(ours, _OURS, telling)
            assert await _is_silent(theirs)


async def test_hints_go_both_ways_and_a_process_hears_its_own_at_once(way: Way) -> None:
    async with _started(way) as one, _started(way) as other:
        with one.listen(_OURS) as here, other.listen(_OURS) as there:
            await _hears(there, _OURS, one)
            await _hears(here, _OURS, other)
            here.forget()
            one.notify(_OURS)
            assert not await _is_silent(here)


async def test_where_the_connection_is_lost_everybody_looks_again_and_hints_go_on(way: Way) -> None:
    async with _started(way) as telling, _started(way) as hearing:
        with hearing.listen(_OURS) as ours, hearing.listen(_THEIRS) as theirs:
            await _hears(ours, _OURS, telling)
            await _hears(theirs, _THEIRS, telling)
            await way.cut()
            # Nobody has hinted at anything.
            for wakeup in (ours, theirs):
                await _rings(wakeup)
            await _hears(ours, _OURS, telling)


async def test_a_peer_that_falls_silent_is_given_up(way: Way) -> None:
    async with _Relay(way.url) as relay, _started(way) as telling, _started(way, relay.url) as hearing:
        with hearing.listen(_OURS) as ours:
            await _hears(ours, _OURS, telling)
            relay.holds = True
            # It asks, gets no answer, gives up, and cannot connect anew before the relay lets it.
            await relay.asked_again()
            ours.forget()
            relay.holds = False
            await _rings(ours)
            await _hears(ours, _OURS, telling)


async def test_a_connection_that_the_server_ends_without_hanging_up_is_made_anew(postgresql_url: str) -> None:
    async with _Relay(postgresql_url) as relay:
        signals = PostgreSQLSignals(relay.url, ping_seconds=0.2)
        with signals.listen(_OURS) as ours:
            await signals.start()
            await _rings(ours)
            relay.say(_FATAL)
            signals.notify(_THEIRS)
            await relay.asked_again()
            await _rings(ours)
        await signals.stop()


async def test_what_one_replica_commits_is_heard_at_another_by_hints_alone(
    way: Way, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without a hint they would look again only when the test has long failed.
    monkeypatch.setattr(tails, "_LOOK_AGAIN_SECONDS", (_NEVER, _NEVER))
    async with _started(way) as telling, _started(way) as hearing:
        here, there = Database(postgresql_url, telling), Database(postgresql_url, hearing)
        family = await new_organisation(here)
        async with asyncio.timeout(20), aclosing(follow(there, family, 0)) as following:
            for sequence in range(1, 11):
                await write(here, family)
                assert [entry.event.sequence for entry in await anext(following)] == [sequence]
        await here.close()
        await there.close()


async def test_nobody_waits_for_a_peer_that_is_not_there(way: Way) -> None:
    nowhere = make_url(way.url).set(host="127.0.0.1", port=free_port()).render_as_string(hide_password=False)
    signals = way.make(nowhere)
    await signals.start()
    with signals.listen(_OURS) as wakeup:
        signals.notify(_OURS)
        assert not await _is_silent(wakeup)
    await signals.stop()


async def test_a_process_ends_though_the_driver_of_hints_does_not_notice_at_once_that_it_is_told_to() -> None:
    signals = _HardOfHearing(ping_seconds=0.01)
    await signals.start()
    async with asyncio.timeout(20):
        await signals.asked.wait()
        await signals.stop()
    assert signals.is_over


class _HardOfHearing(CarriedSignals):
    """Hints by a driver that once takes no notice of being told to end, as `asyncio.wait_for` of Python 3.11 may."""

    def __init__(self, ping_seconds: float) -> None:
        super().__init__(ping_seconds)
        self.asked = asyncio.Event()
        self.is_over = False

    @asynccontextmanager
    async def connected(self) -> AsyncIterator["_HardOfHearing"]:
        try:
            yield self
        finally:
            self.is_over = True

    async def attend(self, _organisation_ids: Collection[UUID]) -> None:
        pass

    async def send(self, _organisation_ids: Sequence[UUID]) -> None:
        pass

    async def ping(self) -> None:
        if not self.asked.is_set():
            self.asked.set()
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()


class _Relay:
    """Passes bytes on to a server, until it holds them back."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._to = (address.hostname, address.port)
        self._from_url = make_url(url)
        self.holds = False
        self._connections = 0
        self._writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> "_Relay":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.url = self._from_url.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in self._writers:
            writer.close()

    def say(self, data: bytes) -> None:
        """Tell the client of the newest connection what its server has not said."""
        self._writers[-2].write(data)

    async def asked_again(self) -> None:
        before = self._connections
        async with asyncio.timeout(30):
            while self._connections == before:  # noqa: ASYNC110 - a connection is nobody's event
                await asyncio.sleep(0.01)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        far_reader, far_writer = await asyncio.open_connection(*self._to)
        self._writers += [writer, far_writer]
        with suppress(OSError):
            await asyncio.gather(self._pass_on(reader, far_writer), self._pass_on(far_reader, writer))

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            while self.holds:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.01)
            writer.write(data)
