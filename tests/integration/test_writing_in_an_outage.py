"""Mutations and sign-in while the database is away: what was surely not done, and what may have been."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy
import websockets

from db.database import Database
from tests.integration.outage import outage
from tests.served_world import serving, terminal
from tests.servers import sqlite_url
from tests.world import World

_AWAY = "The database is not available: nothing was done. Send it again, a mutation with the same idempotency key."
_UNKNOWN = (
    "The connection to the database broke: whether this was done is not known."
    " Send it again, a mutation with the same idempotency key."
)
_CLAIM = """
  mutation($input: ClaimSharedOrderInput!) {
    claimSharedOrder(input: $input) { sharedOrder { status } userErrors { code } }
  }
"""
_DECLINE = _CLAIM.replace("laimSharedOrder", "eclineSharedOrder").replace("Ce", "De").replace("ce", "de", 1)
_ME = "{ viewer { user { reference } } }"
_BREAKS_COMMITS = """
  CREATE FUNCTION break_off() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
  CREATE CONSTRAINT TRIGGER breaks_off AFTER INSERT ON event
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION break_off();
"""
_MENDS_COMMITS = "DROP TRIGGER breaks_off ON event; DROP FUNCTION break_off();"


@pytest.fixture
async def shared(postgresql_url: str) -> AsyncIterator[tuple[World, str]]:
    """A small world whose database can be taken away, and an offer in it."""
    world = World(Database(postgresql_url))
    await world.populate()
    [offer] = await world.share("recipient")
    yield world, offer
    await world.http.aclose()
    await world.database.close()


async def _run(world: World, statements: str) -> None:
    async with world.database.engine.begin() as connection:
        raw = await connection.get_raw_connection()
        driver: Any = raw.driver_connection
        await driver.execute(statements)


@asynccontextmanager
async def _commits_break(world: World) -> AsyncIterator[None]:
    await _run(world, _BREAKS_COMMITS)
    try:
        yield
    finally:
        await _run(world, _MENDS_COMMITS)


def _is_told(response: httpx.Response, message: str) -> None:
    assert (response.status_code, response.headers["retry-after"]) == (503, "5")
    [error] = response.json()["errors"]
    assert (error["message"], error["extensions"]["code"]) == (message, "UNAVAILABLE")


@pytest.mark.parametrize("document", [_CLAIM, _DECLINE], ids=["together", "by a session"])
async def test_a_mutation_that_cannot_begin_says_that_nothing_was_done(
    shared: tuple[World, str], postgresql_server_url: str, postgresql_url: str, document: str
) -> None:
    world, offer = shared
    given = {"input": {"sharedOrderId": offer, "idempotencyKey": "again"}}
    await world.ask("recipient", _ME)
    before = await world.dump()
    async with outage(postgresql_server_url, postgresql_url):
        _is_told(await world.post("recipient", document, given), _AWAY)
    assert await world.dump() == before
    [payload] = (await world.ask("recipient", document, **given)).values()
    assert payload["userErrors"] == []


@pytest.mark.parametrize("document", [_CLAIM, _DECLINE], ids=["together", "by a session"])
async def test_a_mutation_whose_commit_breaks_off_says_that_its_outcome_is_not_known(
    shared: tuple[World, str], document: str
) -> None:
    world, offer = shared
    given = {"input": {"sharedOrderId": offer, "idempotencyKey": "again"}}
    before = await world.dump()
    async with _commits_break(world):
        _is_told(await world.post("recipient", document, given), _UNKNOWN)
    assert await world.dump() == before
    first = await world.ask("recipient", document, **given)
    done = await world.dump()
    assert await world.ask("recipient", document, **given) == first
    assert await world.dump() == done
    assert world.database.lent_connections == 0


async def test_who_comes_first_while_the_database_is_away_is_to_come_again(
    shared: tuple[World, str], postgresql_server_url: str, postgresql_url: str
) -> None:
    world, _ = shared
    await world.ask("owner", _ME)
    async with serving(world) as server:
        async with outage(postgresql_server_url, postgresql_url):
            for _ in range(2):
                response = await world.post("member", _ME)
                assert (response.status_code, response.headers["retry-after"]) == (503, "10")
                assert response.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
            async with websockets.connect(
                server.socket_url, subprotocols=[websockets.Subprotocol("graphql-transport-ws")]
            ) as socket:
                token = world.token("admin")
                await socket.send(f'{{"type":"connection_init","payload":{{"authorization":"Bearer {token}"}}}}')
                with pytest.raises(websockets.ConnectionClosed) as closed:
                    await socket.recv()
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == 1013
        assert "errors" not in (await world.post("member", _ME)).json()


async def test_an_operation_over_a_socket_is_told_as_an_error(
    shared: tuple[World, str], postgresql_server_url: str, postgresql_url: str
) -> None:
    world, _ = shared
    query = f'{{ organisation(id: "{await world.organisation_id()}") {{ name }} }}'
    follow = f'subscription {{ organisationEvents(organisationId: "{await world.organisation_id()}") {{ sequence }} }}'
    async with serving(world) as server, terminal(server, world.token("owner")) as opened:
        async with outage(postgresql_server_url, postgresql_url):
            await opened.subscribe(query)
            answer = await opened.receive()
            [error] = answer["payload"]["errors"]
            assert (answer["type"], error["extensions"]["code"]) == ("next", "UNAVAILABLE")
            assert (await opened.receive())["type"] == "complete"
            await opened.subscribe(follow)
            answer = await opened.receive()
            [error] = answer["payload"]
            assert (answer["type"], error["extensions"]["code"]) == ("error", "UNAVAILABLE")
        await opened.subscribe(query)
        assert await opened.next_data() == {"organisation": {"name": "Family"}}


async def test_a_file_that_cannot_be_opened_is_a_database_that_is_away(sqlite_world: Path, tmp_path: Path) -> None:
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    home.mkdir()
    shutil.copyfile(sqlite_world, home / "ordershare.db")
    world = World(Database(sqlite_url(home / "ordershare.db")))
    organisation = await world.organisation_id()
    document = f'{{ organisation(id: "{organisation}") {{ name }} }}'
    before = await world.ask("owner", document)
    await world.database.close()
    home.rename(elsewhere)
    _is_told(await world.post("owner", document), _AWAY)
    elsewhere.rename(home)
    assert await world.ask("owner", document) == before
    await world.http.aclose()
    await world.database.close()


async def test_a_full_disk_is_a_database_that_is_away_and_changes_nothing(sqlite_world: Path, tmp_path: Path) -> None:
    shutil.copyfile(sqlite_world, tmp_path / "ordershare.db")
    world = World(Database(sqlite_url(tmp_path / "ordershare.db")))
    organisation, before = await world.organisation_id(), await world.dump()

    def fill(connection: Any, _: object) -> None:
        cursor = connection.cursor()
        # Not more than there are already.
        cursor.execute("PRAGMA max_page_count = 1")
        cursor.close()

    engine = world.database.engine.sync_engine
    sqlalchemy.event.listen(engine, "connect", fill)
    await world.database.close()
    given = {"organisationId": organisation, "orders": [_order(number) for number in range(500)]}
    document = "mutation($input: ImportOrdersInput!) { importOrders(input: $input) { imported userErrors { code } } }"
    _is_told(await world.post("admin", document, {"input": given}), _AWAY)
    sqlalchemy.event.remove(engine, "connect", fill)
    await world.database.close()
    assert await world.dump() == before
    answer = await world.ask("admin", document, input=given)
    assert answer == {"importOrders": {"imported": 500, "userErrors": []}}
    await world.http.aclose()
    await world.database.close()


def _order(number: int) -> dict[str, Any]:
    return {
        "reference": f"N-{number}",
        "ownerReference": "owner",
        "type": "HOSPITAL",
        "title": f"Cover {number}",
        "premium": {"amountMinor": 1250, "currency": "EUR"},
        "status": "IN_FORCE",
        "effectiveAt": "2026-01-01T00:00:00Z",
        "maxShares": 2,
    }


async def test_a_pool_without_a_free_connection_is_a_database_that_is_away(world: World) -> None:
    document = f'{{ organisation(id: "{await world.organisation_id()}") {{ name }} }}'
    before = await world.ask("owner", document)
    database, pool = world.database, world.database.engine.pool
    held = [
        await database._at_hand.take("a test") for _ in range(30 if database.engine.dialect.name != "sqlite" else 20)
    ]
    usual, pool._timeout = pool._timeout, 0.01  # type: ignore[attr-defined]  # nobody is to wait here
    try:
        _is_told(await world.post("owner", document), _AWAY)
    finally:
        pool._timeout = usual  # type: ignore[attr-defined]  # as it was
        for each in held:
            await database._at_hand.give_back(each)
    assert await world.ask("owner", document) == before
