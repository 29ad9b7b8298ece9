"""What a server that other machines can reach shows, and to which web pages: nothing, unless it is told to."""

from typing import Any

import httpx
import pytest
import websockets

from app.settings import Settings, SettingsError
from db.database import Database
from tests.served_world import serving
from tests.world import World, body_of

_BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
_SCHEMA = '{ __schema { queryType { name } } __type(name: "Order") { name } }'


async def _shown(world: World) -> tuple[bool, bool, bool]:
    """Return whether GraphiQL, the schema and what a misspelled name was meant to be are shown."""
    page = await world.http.get("/graphql", headers=_BROWSER)
    schema = await world.post("owner", _SCHEMA)
    misspelled = [
        await world.post("owner", "{ viewr { user { id } } }"),
        await world.post("owner", "query($it: OrderFilte) { viewer { user { id } } }"),
        await world.post("owner", '{ organisation(idd: "") { orders(orderBy: TYPE_PRIORIT) { totalCount } } }'),
        await world.post(
            "owner",
            'query($it: OrderSort!) { organisation(id: "") { orders(orderBy: $it) { totalCount } } }',
            {"it": "TYPE_PRIORIT"},
        ),
    ]
    hints = {"Did you mean" in answer.text for answer in misspelled}
    assert len(hints) == 1
    return "GraphiQL" in page.text, "data" in schema.json(), hints.pop()


@pytest.mark.parametrize(
    ("settings", "shown"),
    [
        ({}, (True, True, True)),
        ({"host": "127.0.0.1"}, (True, True, True)),
        ({"host": "::1"}, (True, True, True)),
        ({"host": "localhost"}, (True, True, True)),
        ({"host": "0.0.0.0"}, (False, False, False)),
        ({"host": "api.example"}, (False, False, False)),
        ({"mode": "production"}, (False, False, False)),
        ({"host": "0.0.0.0", "mode": "development"}, (True, True, True)),
        ({"mode": "production", "introspection": True}, (False, True, True)),
        ({"mode": "production", "graphiql": True}, (True, False, False)),
        ({"introspection": False, "graphiql": False}, (False, False, False)),
    ],
)
async def test_what_only_developers_need_is_not_shown_to_other_machines(
    database: Database, settings: dict[str, Any], shown: tuple[bool, bool, bool]
) -> None:
    world = World(database, **settings)
    await world.populate()
    assert await _shown(world) == shown
    answer = await world.post("owner", "{ __typename viewer { __typename user { reference } } }")
    assert body_of(answer)["data"]["viewer"] == {"__typename": "Viewer", "user": {"reference": "owner"}}
    await world.http.aclose()


async def test_the_pages_of_other_sites_may_not_use_the_api(world: World) -> None:
    asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
    preflight = await world.http.options("/graphql", headers=asked)
    assert (preflight.status_code, preflight.headers.get("access-control-allow-origin")) == (405, None)
    answer = await _ask_from(world, "https://app.example")
    assert "access-control-allow-origin" not in answer.headers


async def test_the_pages_of_sites_that_are_named_may_use_it(database: Database) -> None:
    world = World(database, origins="https://app.example, https://other.example/")
    await world.populate()
    asked = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type, last-event-id",
    }
    preflight = await world.http.options("/graphql", headers=asked)
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == "https://app.example"
    assert "access-control-allow-credentials" not in preflight.headers
    for origin, allowed in (
        ("https://app.example", "https://app.example"),
        ("https://other.example", "https://other.example"),
        ("https://evil.example", None),
    ):
        for _ in range(2):
            answer = await _ask_from(world, origin)
            assert answer.status_code == 200
            assert answer.headers.get("access-control-allow-origin") == allowed
    await world.http.aclose()


async def _ask_from(world: World, origin: str) -> httpx.Response:
    headers = {"Origin": origin, "Authorization": f"Bearer {world.token('owner')}"}
    return await world.http.post("/graphql", json={"query": "{ viewer { user { id } } }"}, headers=headers)


@pytest.mark.parametrize(
    ("origins", "origin", "opens"),
    [
        ("", None, True),
        ("", "http://{host}", True),
        ("", "HTTP://{host}", True),
        ("", "https://evil.example", False),
        ("", "http://{host}.evil.example", False),
        ("", "null", False),
        ("", "", False),
        ("https://app.example", "https://app.example", True),
        ("https://app.example", "https://app.example.evil", False),
        ("https://app.example", "http://app.example", False),
        ("*", "https://evil.example", True),
    ],
)
async def test_a_page_may_open_a_socket_where_it_is_the_servers_own_or_named(
    database: Database, origins: str, origin: str | None, opens: bool
) -> None:
    world = World(database, origins=origins)
    async with serving(world) as server:
        named = None if origin is None else origin.format(host=f"127.0.0.1:{server.port}")
        headers = {} if named is None else {"Origin": named}
        subprotocol = websockets.Subprotocol("graphql-transport-ws")
        connecting = websockets.connect(server.socket_url, subprotocols=[subprotocol], additional_headers=headers)
        if opens:
            async with connecting as socket:
                assert socket.subprotocol == subprotocol
        else:
            with pytest.raises(websockets.InvalidStatus) as refused:
                await connecting
            assert refused.value.response.status_code == 403
    await world.http.aclose()


@pytest.mark.parametrize("origins", ["app.example", "ftp://app.example", "https://app.example/path", "https://", "**"])
def test_what_is_no_origin_is_named(origins: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings(origins=origins).checked_origins()
    assert str(refused.value) == "Set ORDERSHARE_ORIGINS to origins, such as https://app.example, separated by commas."
