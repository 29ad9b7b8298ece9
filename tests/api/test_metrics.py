"""`/metrics`: what is counted, by which labels, and who may ask."""

import math
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import pytest

import db.tails
from db.database import Database
from schema.global_id import decode_node_id
from tests.integration.outage import outage
from tests.listening import EVENTS, SHARES, Ear, document, first_cursor, hear
from tests.metrics_reader import Read, metrics
from tests.served_world import Server, terminal
from tests.streaming import stream
from tests.world import World

_ME = "query Me { viewer { user { reference } } }"


@pytest.fixture
async def production(database: Database) -> AsyncIterator[World]:
    """A world that other machines can reach, with a token for its metrics."""
    world = World(database, mode="production", metrics_token="let me see the metrics")
    yield world
    await world.http.aclose()


async def test_requests_are_counted_by_method_and_class_of_status(world: World) -> None:
    for _ in range(3):
        await world.ask("owner", _ME)
    await world.post(None, _ME)
    await world.http.get("/graphql", params={"query": _ME}, headers={"Authorization": f"Bearer {world.token('owner')}"})
    await world.http.put("/graphql")
    await world.http.request("BREW", "/graphql")
    await world.http.get("/healthz")
    assert (await metrics(world)).all("http_requests_total") == {
        ("POST", "2xx"): 3,
        ("POST", "4xx"): 1,
        ("GET", "2xx"): 1,
        ("other", "4xx"): 2,
    }


async def test_operations_are_counted_by_kind_name_transport_and_outcome(world: World, server: Server) -> None:
    for _ in range(2):
        await world.ask("owner", _ME)
    await world.post("owner", "{ nothing }")
    await world.post("owner", "{")
    pages = "query Pages($id: ID!) { organisation(id: $id) { members(first: 101) { totalCount } } }"
    await world.post("owner", pages, {"id": await world.organisation_id()})
    await world.post("owner", "query Bad($id: ID!) { order(id: $id) { title } }", {"id": [1]})
    async with terminal(server, world.token("owner")) as opened:
        await opened.subscribe(_ME)
        assert await opened.next_data() == {"viewer": {"user": {"reference": "owner"}}}
        assert (await opened.receive())["type"] == "complete"
        await opened.subscribe(f"subscription Listen {document(EVENTS).removeprefix('subscription')}", organisation="x")
        assert (await opened.receive())["type"] == "error"
    read = await metrics(world)
    assert read.all("operations_total") == {
        ("query", "Me", "OK", "http"): 2,
        ("query", "Me", "OK", "socket"): 1,
        ("unknown", "other", "GRAPHQL_VALIDATION_FAILED", "http"): 1,
        ("unknown", "other", "GRAPHQL_PARSE_FAILED", "http"): 1,
        ("query", "Pages", "BAD_USER_INPUT", "http"): 1,
        ("query", "Bad", "BAD_USER_INPUT", "http"): 1,
        ("subscription", "Listen", "NOT_FOUND", "socket"): 1,
    }
    assert read.all("operation_seconds_count")["query", "Me"] == 3
    assert read.one("operation_seconds_bucket", kind="query", name="Me", le="+Inf") == 3
    assert 0 < read.one("operation_seconds_sum", kind="query", name="Me") < 60
    # `viewer` and `user` are two objects.
    assert read.one("operation_cost_total", kind="query", name="Me") == 3 * 2


async def test_an_operation_of_a_kind_that_its_transport_does_not_take_is_counted_as_refused(world: World) -> None:
    headers = {"Authorization": f"Bearer {world.token('owner')}"}
    mutation = 'mutation Claim { claimSharedOrder(input: {sharedOrderId: ""}) { userErrors { code } } }'
    # The schema, with the documents that it knows, is that of all tests of the process.
    mutation += f" # {world.database.engine.dialect.name}"
    for _ in range(2):
        answer = await world.http.get("/graphql", params={"query": mutation}, headers=headers)
        assert answer.status_code == 405
    await world.ask("owner", mutation)
    answer = await world.http.get("/graphql", params={"query": mutation}, headers=headers)
    assert answer.status_code == 405
    assert (await metrics(world)).all("operations_total") == {
        ("mutation", "other", "BAD_USER_INPUT", "http"): 2,
        ("mutation", "Claim", "OK", "http"): 1,
        ("mutation", "Claim", "BAD_USER_INPUT", "http"): 1,
    }


async def test_names_are_the_clients_so_only_the_first_few_and_short_ones_are_told(world: World) -> None:
    await world.ask("owner", _ME.replace("Me", "A" * 65))
    await world.post("owner", "query NotValid { nothing }")
    for number in range(201):
        await world.ask("owner", _ME.replace("Me", f"Name{number}"))
    await world.ask("owner", _ME.replace("query Me", ""))
    names = {name: count for (_, name, _, _), count in (await metrics(world)).all("operations_total").items()}
    # A document that is not valid, one whose name is too long, and two that came when there were 200 names.
    kinds = (await metrics(world)).all("operations_total")
    assert kinds["query", "other", "OK", "http"] == 3
    assert kinds["unknown", "other", "GRAPHQL_VALIDATION_FAILED", "http"] == 1
    assert names.keys() == {"other", *(f"Name{number}" for number in range(200))}


async def test_an_operation_without_a_name_is_anonymous(world: World) -> None:
    await world.ask("owner", "{ viewer { user { reference } } }")
    assert (await metrics(world)).all("operations_total") == {("query", "anonymous", "OK", "http"): 1}


async def test_claims_are_counted_by_what_became_of_them(world: World) -> None:
    [offer] = await world.share("recipient")
    await world.claim("recipient", offer)
    await world.claim("recipient", offer, idempotencyKey="again")
    await world.claim("member", offer)
    # Claims are had whole, or in the usual way: with more than the row of the shared order.
    await world.mutate("sender", "claimSharedOrder", "sharedOrder { order { title } }", sharedOrderId=offer)
    assert (await metrics(world)).all("claims_total") == {("CLAIMED",): 2, ("NOT_FOUND",): 2}


async def test_it_is_told_how_operations_were_executed(world: World) -> None:
    before = (await metrics(world)).all("executions_total")
    await world.ask("owner", _ME)
    [offer] = await world.share("recipient")
    await world.claim("recipient", offer)
    after = (await metrics(world)).all("executions_total")
    assert {way: after[way] - before[way] for way in after} == {("compiled",): 2, ("whole",): 1, ("interpreted",): 0}


async def _endorse(world: World) -> None:
    assert (await world.process("owner", await world.order_id(), "ENDORSE"))["codes"] == []


def _open(read: Read) -> tuple[float, ...]:
    return tuple(read.one(name) for name in ("sockets", "streams", "subscriptions", "audiences"))


async def test_sockets_streams_subscriptions_and_audiences_are_told_as_they_are_now(
    world: World, server: Server
) -> None:
    ear, organisation = Ear(world), await world.organisation_id()
    assert _open(await metrics(world)) == (0, 0, 0, 0)
    async with AsyncExitStack() as sockets:
        first, opened = [
            await sockets.enter_async_context(terminal(server, world.token(name))) for name in ("owner", "member")
        ]
        for each in (first, opened):
            await ear.subscribe(each, document(EVENTS), organisation=organisation)
        await ear.subscribe(opened, document(SHARES), "2", organisation=organisation)
        assert _open(await metrics(world)) == (2, 0, 3, 2)
        async with stream(server, world.token("sender"), document(EVENTS), organisation=organisation) as listening:
            await ear.tails.begun.acquire()
            assert _open(await metrics(world)) == (2, 1, 4, 2)
            await _endorse(world)
            await listening.event()
            await hear(opened, EVENTS, 0)
    await ear.is_left_by_all()
    read = await metrics(world)
    assert _open(read) == (0, 0, 0, 0)
    assert read.one("deliveries_total") == 3


@pytest.mark.parametrize("fields", ["sequence", "sequence order { availableActions }"])
async def test_how_late_an_event_is_told_is_counted_once_for_each_audience_and_not_for_what_was_missed(
    world: World, server: Server, fields: str
) -> None:
    ear, organisation = Ear(world), await world.organisation_id()
    await _endorse(world)
    async with AsyncExitStack() as sockets:
        heard = []
        for name in ("owner", "member", "admin"):
            opened = await sockets.enter_async_context(terminal(server, world.token(name)))
            after = await first_cursor(world)
            await ear.subscribe(opened, document(EVENTS, fields), organisation=organisation, after=after)
            heard.append(opened)
        # The log has the import of five members and five orders, and one result.
        for opened in heard:
            await hear(opened, EVENTS, 11)
        assert (await metrics(world)).one("deliveries_total") == 3 * 11
        assert (await metrics(world)).one("delivery_lag_seconds_count") == 0
        for sequence in (12, 13):
            await _endorse(world)
            for opened in heard:
                await hear(opened, EVENTS, sequence)
        read = await metrics(world)
        assert read.one("deliveries_total") == 3 * 13
        assert read.one("delivery_lag_seconds_count") == 2
        assert read.one("delivery_lag_seconds_bucket", le="+Inf") == 2
        assert 0 <= read.one("delivery_lag_seconds_sum") < 20


async def test_the_log_that_is_furthest_ahead_of_its_tail_tells_the_lag(
    world: World, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db.tails, "_LOOK_AGAIN_SECONDS", (3600.0, 3600.0))
    _, organisation_id = decode_node_id(await world.organisation_id())
    _, other_id = decode_node_id(await world.organisation_id("strangers"))
    following = [world.database.tails.begin(each) for each in (organisation_id, other_id)]
    for tail in following:
        await tail.after(0)
    assert (await metrics(world)).one("log_lag_events") == 0
    # Nobody tells the tails of what another process commits.
    writer = World(Database(database_url))
    for _ in range(3):
        await _endorse(writer)
    assert (await metrics(world)).one("log_lag_events") == 3
    await world.database.tails.look()
    assert (await metrics(world)).one("log_lag_events") == 0
    for tail in following:
        world.database.tails.end(tail)
    await world.database.tails.finish()
    await writer.http.aclose()
    await writer.database.close()


async def test_connections_to_the_database_are_in_use_or_idle(world: World) -> None:
    await world.database.close()
    assert (await metrics(world)).all("database_connections") == {("idle",): 0, ("in_use",): 0}
    async with world.database.read() as session:
        await session.connection()
        assert (await metrics(world)).all("database_connections") == {("idle",): 0, ("in_use",): 1}
    assert (await metrics(world)).all("database_connections") == {("idle",): 1, ("in_use",): 0}


async def test_without_its_database_a_server_tells_everything_but_how_long_the_logs_are(
    postgresql_server_url: str, postgresql_url: str
) -> None:
    world = World(Database(postgresql_url))
    await world.populate()
    _, organisation_id = decode_node_id(await world.organisation_id())
    tail = world.database.tails.begin(organisation_id)
    async with outage(postgresql_server_url, postgresql_url):
        read = await metrics(world)
    assert math.isnan(read.one("log_lag_events"))
    assert read.one("sockets") == 0
    world.database.tails.end(tail)
    await world.http.aclose()
    await world.database.close()


async def test_where_other_machines_can_connect_metrics_need_a_token_or_are_not_there(
    production: World, database: Database
) -> None:
    async def ask(**headers: str) -> httpx.Response:
        return await production.http.get("/metrics", headers=headers)

    for given in (
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer let me see the metric"},
        {"Authorization": "let me see the metrics"},
    ):
        answer = await ask(**given)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert answer.text == "A valid bearer token is needed.\n"
    user = await ask(Authorization=f"Bearer {production.token('owner')}")
    assert user.status_code == 401
    assert (await metrics(production, Authorization="Bearer let me see the metrics")).one("sockets") == 0
    without = World(database, mode="production")
    assert (await without.http.get("/metrics")).status_code == 404
    await without.http.aclose()
