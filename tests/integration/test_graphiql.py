"""GraphiQL as the application serves it: from a list of files, under a policy, without a network."""

import re
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from graphql import build_schema, parse, validate
from starlette.applications import Starlette

from app.graphiql import GraphiQL
from app.graphiql_files import DIRECTORY, FILES
from tests.world import World

_REPOSITORY = Path(__file__).parents[2]
_SOURCES = _REPOSITORY / "app" / "pages" / "graphiql"
_BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
_SHIELDS = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}


def _client(graphiql: GraphiQL) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(Starlette(routes=graphiql.routes)), base_url="http://test")


def _text(graphiql: GraphiQL) -> str:
    return bytes(graphiql.page().body).decode()


def _addresses(page: str) -> list[str]:
    return [address for address in re.findall(r'(?:src|href)="([^"]*)"', page) if not address.startswith("data:")]


async def test_every_file_that_the_page_names_is_there_as_what_it_is() -> None:
    graphiql = GraphiQL()
    named = {address.removeprefix("/graphiql/") for address in _addresses(_text(graphiql))}
    assert named == {*(each.name for each in FILES), "page.css", "page.js"}
    imported = {name for source in _SOURCES.glob("*.js") for name in re.findall(r'from "\./(.*?)"', source.read_text())}
    assert imported == {"fetcher.js", "journey.js", "storage.js"}
    async with _client(graphiql) as client:
        for name in named | imported:
            answer = await client.get(f"/graphiql/{name}")
            kind = "text/css" if name.endswith(".css") else "text/javascript"
            assert (answer.status_code, answer.headers["content-type"]) == (200, f"{kind}; charset=utf-8"), name
            assert _SHIELDS.items() <= dict(answer.headers).items()


async def test_the_published_files_are_those_that_were_listed_and_may_be_kept_for_ever() -> None:
    async with _client(GraphiQL()) as client:
        for each in FILES:
            answer = await client.get(f"/graphiql/{each.name}")
            assert sha256(answer.content).hexdigest() == each.sha256
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert (await client.get("/graphiql/page.js")).headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "index.html",
        "PAGE.JS",
        "page.js/",
        "page.js%00",
        "published",
        "published/react-18.3.1.js",
        "/etc/passwd",
        "../graphiql.py",
        "..%2f..%2fgraphiql.py",
        "%2e%2e/%2e%2e/graphiql.py",
        "%252e%252e%252fgraphiql.py",
        "..%5c..%5cgraphiql.py",
    ],
)
async def test_nothing_else_can_be_reached(path: str) -> None:
    async with _client(GraphiQL()) as client:
        answer = await client.get(httpx.URL("http://test").copy_with(raw_path=f"/graphiql/{path}".encode()))
    assert answer.status_code in (307, 404)
    assert answer.content in (b"", b"Not Found", b"There is nothing here.\n")


def test_the_page_has_no_script_or_style_of_its_own_and_names_no_other_server() -> None:
    page = _text(GraphiQL())
    assert re.findall(r"<script(?![^>]* src=)|<style| style=| on\w+=|//", page) == []
    own = "".join(source.read_text() for source in _SOURCES.glob("*.[jc]s*"))
    assert re.findall(r"https?://|innerHTML|eval\(|document\.write|sessionStorage", own) == []


async def test_the_page_comes_with_a_policy_and_tells_of_no_people_where_there_are_none(world: World) -> None:
    answer = await world.http.get("/graphql", headers=_BROWSER)
    assert answer.headers["content-security-policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self' ws://test wss://test; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "font-src data:"
    )
    assert answer.headers["cache-control"] == "no-cache"
    assert _SHIELDS.items() <= dict(answer.headers).items()
    assert 'data-demonstration=""' in answer.text
    assert (await world.http.get(_addresses(answer.text)[0])).status_code == 200


def _integrities(page: str) -> list[str]:
    return sorted(re.findall(r'integrity="(sha256-[\w+/]{43}=)" crossorigin="anonymous"', page))


def test_a_browser_compares_each_published_file_wherever_it_comes_from() -> None:
    near, far = GraphiQL(), GraphiQL("https://cdn.example/npm/", directory=Path("nowhere"))
    assert _integrities(_text(near)) == _integrities(_text(far)) == sorted(each.integrity for each in FILES)
    foreign = {address for address in _addresses(_text(far)) if address.startswith("https:")}
    assert foreign == {f"https://cdn.example/npm/{each.package}@{each.version}/{each.path}" for each in FILES}
    assert "script-src 'self' https://cdn.example; " in far.page().headers["content-security-policy"]


def test_without_its_files_or_with_others_the_page_says_what_to_run(tmp_path: Path) -> None:
    def shown() -> tuple[int, bool]:
        page = GraphiQL(directory=tmp_path).page()
        return page.status_code, b"Run <code>make graphiql</code>" in bytes(page.body)

    assert shown() == (503, True)
    for each in FILES:
        (tmp_path / each.name).write_bytes((DIRECTORY / each.name).read_bytes())
    assert shown() == (200, False)
    (tmp_path / FILES[0].name).write_bytes(b"alert(1)")
    assert shown() == (503, True)


def test_the_documents_of_the_tabs_are_valid() -> None:
    schema = build_schema((_REPOSITORY / "schema.graphql").read_text())
    documents = re.findall(r"= `(#.*?)`;", (_SOURCES / "journey.js").read_text(), re.DOTALL)
    assert len(documents) == 6
    assert [fault.message for document in documents for fault in validate(schema, parse(document))] == []
