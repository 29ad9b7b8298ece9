"""The files of the demonstration's page: exactly those that are listed, and what a browser is told with them."""

from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from app.server import create_app
from app.settings import Settings
from app.terminals_page import FILES, PAGE, terminals_routes
from app.tokens import Tokens
from db.database import Database
from tests.world import SECRET

_HERE = "http://127.0.0.1:8000"
_FOLDER = Path(__file__).parents[2] / "app" / "pages" / "terminals"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


def _browser(base: str = _HERE) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(Starlette(routes=terminals_routes())), base_url=base)


def test_every_file_of_the_page_is_listed_and_no_other() -> None:
    assert sorted([PAGE, *FILES]) == sorted(path.name for path in _FOLDER.iterdir())


@pytest.mark.parametrize("name", FILES)
async def test_a_listed_file_is_served_as_it_is_with_its_type(name: str) -> None:
    async with _browser() as browser:
        answer = await browser.get(f"/terminals/{name}")
    assert answer.status_code == 200
    assert answer.content == (_FOLDER / name).read_bytes()
    assert answer.headers["content-type"] == _TYPES[Path(name).suffix]
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "nothing.js",
        "PAGE.JS",
        "page.js/",
        "../../server.py",
        "..%2F..%2Fserver.py",
        "%2Fetc%2Fpasswd",
        "page.js%00",
    ],
)
async def test_nothing_else_is_there(path: str) -> None:
    async with _browser() as browser:
        answer = await browser.get(f"/terminals/{path}")
    assert answer.status_code in (307, 404)
    assert answer.content in (b"", b"Not Found", b"There is nothing here.\n")


async def test_the_page_may_run_its_own_files_and_ask_its_own_server_and_nothing_else() -> None:
    async with _browser() as browser:
        answer = await browser.get("/")
    assert answer.content == (_FOLDER / "index.html").read_bytes()
    assert answer.headers["content-security-policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self' ws://127.0.0.1:8000 wss://127.0.0.1:8000; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("host", ["evil.example; script-src *", "a b", "evil.example,other", "*"])
async def test_a_host_that_is_none_does_not_come_into_the_policy(host: str) -> None:
    async with _browser() as browser:
        answer = await browser.get("/", headers={"Host": host})
    assert "connect-src 'self'; base-uri" in answer.headers["content-security-policy"]


async def test_a_server_that_is_no_demonstration_has_no_such_page(database: Database) -> None:
    settings = Settings(jwt_secret=SECRET)  # type: ignore[arg-type]  # pydantic makes it a SecretStr
    app = create_app(database, Tokens(settings), settings)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=_HERE) as browser:
        answers = [(await browser.get(path)).status_code for path in ("/", "/terminals/page.js")]
    assert answers == [404, 404]
