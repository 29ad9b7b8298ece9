"""A server that is killed between commit and answer, and a client that goes away: what was decided is done once."""

import asyncio
import json
import logging
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from db.database import Database
from db.driver import statement_log
from db.order_tables import OrderRow
from tests.integration.log_replay import the_log_explains_everything
from tests.integration.served_demonstration import REPOSITORY, environment
from tests.log_reader import head, told
from tests.ports import free_port
from tests.served_world import Server, terminal
from tests.world import SECRET, World, body_of

_CLAIM = """mutation($input: ClaimSharedOrderInput!) {
  claimSharedOrder(input: $input) { sharedOrder { id status claimedAt } userErrors { code } }
}"""
_CLAIMED = ["recipient: O-owner v1 from owner to recipient OFFERED > CLAIMED"]


@contextmanager
def _process(database_url: str, port: int, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Serve in a process of its own, which is gone at the end."""
    settings = environment(
        ORDERSHARE_DATABASE_URL=database_url, ORDERSHARE_JWT_SECRET=SECRET, ORDERSHARE_PORT=str(port)
    )
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "app", "serve"],
            cwd=REPOSITORY,
            env=settings,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


async def _until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await condition():  # noqa: ASYNC110 - another process has no event for it
            await asyncio.sleep(0.01)


async def _ready(process: "subprocess.Popen[bytes]", port: int) -> None:
    async with httpx.AsyncClient() as client:

        async def answers() -> bool:
            assert process.poll() is None
            try:
                return (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200
            except httpx.TransportError:
                return False

        await _until(answers)


def _request(world: World, given: dict[str, Any]) -> bytes:
    body = json.dumps({"query": _CLAIM, "variables": {"input": given}}).encode()
    lines = (
        "POST /graphql HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        f"Authorization: Bearer {world.token('recipient')}",
        f"Content-Length: {len(body)}",
        "",
        "",
    )
    return "\r\n".join(lines).encode() + body


async def _is_claimed(world: World) -> bool:
    return (await world.order_row()).shares_claimed == 1


async def test_a_claim_that_a_crash_left_unanswered_is_answered_when_its_key_is_sent_again(
    world: World, database_url: str, tmp_path: Path
) -> None:
    [shared] = await world.share("recipient")
    since = await head(world)
    given = {"sharedOrderId": shared, "idempotencyKey": "claim once"}
    port, log = free_port(), tmp_path / "server.log"
    with _process(database_url, port, log) as process:
        await _ready(process, port)
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(_request(world, given))
        await _until(lambda: _is_claimed(world))
        process.kill()
        process.wait()
        writer.close()
    with _process(database_url, port, log) as process:
        await _ready(process, port)
        sent = {"query": _CLAIM, "variables": {"input": given}}
        bearer = {"Authorization": f"Bearer {world.token('recipient')}"}
        async with httpx.AsyncClient(headers=bearer) as client:
            answers = [(await client.post(f"http://127.0.0.1:{port}/graphql", json=sent)) for _ in range(2)]
    found = "query($id: ID!) { sharedOrder(id: $id) { id status claimedAt } }"
    stored = await world.ask("recipient", found, id=shared)
    assert [body_of(answer) for answer in answers] == [{"data": {"claimSharedOrder": {**stored, "userErrors": []}}}] * 2
    assert stored["sharedOrder"]["status"] == "CLAIMED"
    assert await told(world, since) == _CLAIMED
    await the_log_explains_everything(world.database)


async def test_a_crash_before_the_commit_leaves_no_trace_and_the_key_does_it_then(
    world: World, database_url: str, tmp_path: Path
) -> None:
    [shared] = await world.share("recipient")
    since = await head(world)
    before = await world.dump()
    given = {"sharedOrderId": shared, "idempotencyKey": "claim once"}
    port, log = free_port(), tmp_path / "server.log"
    with _process(database_url, port, log) as process:
        await _ready(process, port)
        async with _order_held(world.database):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(_request(world, given))
            # Whoever comes later is answered, so the claim has begun; it cannot end.
            await _ready(process, port)
            process.kill()
            process.wait()
        writer.close()
    assert await world.dump() == before
    assert (await world.claim("recipient", shared, idempotencyKey="claim once"))["codes"] == []
    assert await told(world, since) == _CLAIMED


@asynccontextmanager
async def _order_held(database: Database) -> AsyncIterator[None]:
    """Keep the order locked inside, so that what changes it has begun and cannot end."""
    held, released = asyncio.Event(), asyncio.Event()

    async def work(session: AsyncSession) -> None:
        await session.exec(select(OrderRow).where(col(OrderRow.reference) == "O-owner").with_for_update())
        held.set()
        await released.wait()

    holder = asyncio.create_task(database.write(work))
    await held.wait()
    try:
        async with asyncio.timeout(30):
            yield
    finally:
        released.set()
        await holder


class _AtBegin(logging.Handler):
    def __init__(self, begun: asyncio.Event) -> None:
        super().__init__()
        self._begun = begun

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage().startswith("BEGIN"):
            self._begun.set()


@contextmanager
def _next_writer() -> Iterator[asyncio.Event]:
    """Return an event that is set when the next group of claims is about to begin its transaction."""
    handler, level = _AtBegin(begun := asyncio.Event()), statement_log.level
    statement_log.addHandler(handler)
    statement_log.setLevel(logging.DEBUG)
    try:
        yield begun
    finally:
        statement_log.removeHandler(handler)
        statement_log.setLevel(level)


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[Database]:
    """The same database, as another process opens it."""
    opened = Database(database_url)
    yield opened
    await opened.close()


async def test_a_mutation_goes_on_when_its_client_disconnects(world: World, server: Server, other: Database) -> None:
    [shared] = await world.share("recipient")
    since = await head(world)
    url = httpx.URL(server.http_url)
    async with _order_held(other):
        with _next_writer() as begun:
            reader, writer = await asyncio.open_connection(url.host, url.port)
            writer.write(_request(world, {"sharedOrderId": shared}))
            await begun.wait()
        writer.write_eof()
        # The server has noticed that nobody waits for the answer.
        assert await reader.read() == b""
        writer.close()
        assert not await _is_claimed(world)
    await _until(lambda: _is_claimed(world))
    assert await told(world, since) == _CLAIMED


async def test_a_mutation_is_done_though_its_client_hangs_up_as_soon_as_it_is_sent(
    world: World, server: Server
) -> None:
    [shared] = await world.share("recipient")
    since = await head(world)
    url = httpx.URL(server.http_url)
    _, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(_request(world, {"sharedOrderId": shared}))
    writer.close()
    await _until(lambda: _is_claimed(world))
    assert await told(world, since) == _CLAIMED


@pytest.mark.parametrize("leave", ["unsubscribes", "closes the socket"])
async def test_a_mutation_over_a_socket_goes_on_when_its_client_leaves(
    world: World, server: Server, other: Database, leave: str
) -> None:
    [shared] = await world.share("recipient")
    since = await head(world)
    async with _order_held(other), terminal(server, world.token("recipient")) as client:
        with _next_writer() as begun:
            await client.subscribe(_CLAIM, input={"sharedOrderId": shared})
            await begun.wait()
        if leave == "unsubscribes":
            await client.send(id="1", type="complete")
            await client.send(type="ping")
            assert (await client.receive())["type"] == "pong"
        else:
            await client.socket.close()
        assert not await _is_claimed(world)
    await _until(lambda: _is_claimed(world))
    assert await told(world, since) == _CLAIMED
