"""What the demonstration tells its own pages, and nobody else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from app.demonstration_data import ACCESS_PATH, CODE_HEADER, DATA_PATH, DemonstrationData
from app.load_demonstration import load_demonstration
from app.server import create_app
from app.settings import Settings
from app.tokens import Tokens
from db.database import Database
from tests.world import SECRET

_HERE = "http://127.0.0.1:8000"
_CODE = "q8Zr0yWb2nTf"
_SETTINGS = Settings(jwt_secret=SECRET)  # type: ignore[arg-type]  # pydantic makes it a SecretStr


@asynccontextmanager
async def _served(database: Database, peer: str = "127.0.0.1", base: str = _HERE) -> AsyncIterator[httpx.AsyncClient]:
    scene = await database.write(load_demonstration)
    tokens = Tokens(_SETTINGS)
    app = create_app(database, tokens, _SETTINGS, DemonstrationData(scene, tokens, _CODE))
    transport = httpx.ASGITransport(app, client=(peer, 1))
    async with httpx.AsyncClient(transport=transport, base_url=base, headers={CODE_HEADER: _CODE}) as client:
        yield client


async def test_it_tells_everybody_with_a_token_that_holds_and_the_ids_to_try_things_with(database: Database) -> None:
    async with _served(database) as client:
        answer = await client.get(DATA_PATH, headers={"Sec-Fetch-Site": "same-origin"})
        assert answer.headers["cache-control"] == "no-store"
        told = answer.json()
        people = [(each["reference"], each["role"]) for each in told["people"]]
        assert people[:2] == [("mei@lin.example", "ADMIN"), ("wei@lin.example", "MEMBER")]
        assert len(people) == 6
        document = (
            "query($o: ID!, $s: ID!) { viewer { user { id } } order(id: $o) { title } sharedOrder(id: $s) { id } }"
        )
        variables = {"o": told["orders"]["LIN-106"], "s": told["sharedOrder"]}
        for person in told["people"][:2]:
            headers = {"Authorization": f"Bearer {person['token']}"}
            body = {"query": document, "variables": variables}
            data = (await client.post("/graphql", json=body, headers=headers)).json()["data"]
            assert data["viewer"]["user"]["id"] == person["id"]
            assert data["order"]["title"]
            assert data["sharedOrder"] == {"id": told["sharedOrder"]}


@pytest.mark.parametrize(
    ("peer", "base", "headers"),
    [
        ("192.0.2.7", _HERE, {}),
        ("127.0.0.1", "http://rebound.example:8000", {}),
        ("127.0.0.1", "http://localhost.rebound.example", {}),
        ("127.0.0.1", _HERE, {"Sec-Fetch-Site": "cross-site"}),
        ("127.0.0.1", _HERE, {"Sec-Fetch-Site": "same-site"}),
        ("127.0.0.1", _HERE, {"Host": ""}),
    ],
)
async def test_it_tells_nobody_else(database: Database, peer: str, base: str, headers: dict[str, str]) -> None:
    async with _served(database, peer, base) as client:
        answer = await client.get(DATA_PATH, headers=headers)
    assert (answer.status_code, list(answer.json())) == (403, ["detail"])


@pytest.mark.parametrize(
    "given",
    [
        [],
        [(CODE_HEADER, "")],
        [(CODE_HEADER, _CODE[:-1])],
        [(CODE_HEADER, f"{_CODE}x")],
        [(CODE_HEADER, "ÿ")],
        [(CODE_HEADER, _CODE), (CODE_HEADER, _CODE)],
        [("Authorization", f"Bearer {_CODE}")],
        [("Cookie", f"code={_CODE}")],
    ],
)
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000"])
async def test_a_tunnel_that_asks_by_a_local_name_is_told_nothing_without_the_code(
    database: Database, given: list[tuple[str, str]], host: str
) -> None:
    async with _served(database) as client:
        client.headers = httpx.Headers([("Host", host), *given], encoding="latin-1")
        for query in ("", f"?code={_CODE}"):
            answer = await client.get(DATA_PATH + query)
            assert answer.status_code == 403
            assert answer.json() == {"detail": "Open the address that the server printed when it started."}
            assert answer.headers["cache-control"] == "no-store"


async def test_the_module_that_asks_has_no_code_in_it(database: Database) -> None:
    async with _served(database) as client:
        answer = await client.get(ACCESS_PATH)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert _CODE not in answer.text
        pages = [await client.get(path, headers={"Accept": "text/html"}) for path in ("/", "/graphql")]
        assert [page.headers["referrer-policy"] for page in pages] == ["no-referrer"] * 2
        assert not any(_CODE in page.text for page in pages)
        assert f'data-demonstration="{ACCESS_PATH}"' in pages[1].text


@pytest.mark.parametrize("base", [_HERE, "http://localhost:8000", "http://[::1]:8000"])
async def test_a_program_on_the_machine_may_ask_too(database: Database, base: str) -> None:
    async with _served(database, "::1", base) as client:
        assert (await client.get(DATA_PATH)).status_code == 200


async def test_a_server_that_is_no_demonstration_tells_nothing(database: Database) -> None:
    app = create_app(database, Tokens(_SETTINGS), _SETTINGS)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app, client=("127.0.0.1", 1)), base_url=_HERE) as client:
        assert (await client.get(DATA_PATH)).status_code == 404
