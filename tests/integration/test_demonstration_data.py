"""What the demonstration tells its own pages, and nobody else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from app.demonstration_data import DATA_PATH, DemonstrationData
from app.load_demonstration import load_demonstration
from app.server import create_app
from app.settings import Settings
from app.tokens import Tokens
from db.database import Database
from tests.world import SECRET

_HERE = "http://127.0.0.1:8000"
_SETTINGS = Settings(jwt_secret=SECRET)  # type: ignore[arg-type]  # pydantic makes it a SecretStr


@asynccontextmanager
async def _served(database: Database, peer: str = "127.0.0.1", base: str = _HERE) -> AsyncIterator[httpx.AsyncClient]:
    scene = await database.write(load_demonstration)
    tokens = Tokens(_SETTINGS)
    app = create_app(database, tokens, _SETTINGS, DemonstrationData(scene, tokens))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app, client=(peer, 1)), base_url=base) as client:
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


@pytest.mark.parametrize("base", [_HERE, "http://localhost:8000", "http://[::1]:8000"])
async def test_a_program_on_the_machine_may_ask_too(database: Database, base: str) -> None:
    async with _served(database, "::1", base) as client:
        assert (await client.get(DATA_PATH)).status_code == 200


async def test_a_server_that_is_no_demonstration_tells_nothing(database: Database) -> None:
    app = create_app(database, Tokens(_SETTINGS), _SETTINGS)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app, client=("127.0.0.1", 1)), base_url=_HERE) as client:
        assert (await client.get(DATA_PATH)).status_code == 404
