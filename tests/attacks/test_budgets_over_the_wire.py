"""Budgets as clients meet them: who has spent theirs is refused, and nobody else."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.attacks.raw_client import Answer, connected
from tests.attacks.redis_server import RedisServer
from tests.attacks.served import Served, served
from tests.served_world import terminal
from tests.world import World

# With full pages it costs more than 10,000; to have this and the small one prepared fits well into 100,000.
_PAGES = "orders(first: 100) { nodes { sharedOrders(first: 100) { nodes { id } } } }"
_DEAR = f"query($id: ID!) {{ organisation(id: $id) {{ {_PAGES} }} }}"
_SMALL = "{ viewer { user { reference } } }"


@pytest.fixture
def store() -> Iterator[RedisServer]:
    """A store that servers share."""
    server = RedisServer()
    yield server
    server.kill()


def _ask(server: Served, viewer: str, organisation: str) -> Answer:
    with connected(server.port, server.token(viewer)) as client:
        return client.ask(_DEAR, {"id": organisation})


def _spend(server: Served, viewer: str, organisation: str) -> Answer:
    """Ask until the budget is spent; return the refusal."""
    for _ in range(20):
        answer = _ask(server, viewer, organisation)
        if answer.status != 200:
            return answer
    raise AssertionError("the budget is not spent")


def _is_refused(answer: Answer) -> None:
    assert (answer.status, answer.codes) == (429, {"RATE_LIMITED"})
    assert 0 < int(answer.headers["retry-after"]) <= 3_600
    assert "data" not in answer.json


async def test_a_user_who_has_spent_their_budget_is_refused_and_another_is_served(
    world: World, database_url: str, tmp_path: Path
) -> None:
    organisation = await world.organisation_id()
    with served(database_url, tmp_path / "log", user_budget="100000 per hour") as server:
        _is_refused(_spend(server, "owner", organisation))
        assert _ask(server, "member", organisation).status == 200
        async with terminal(server, server.token("owner")) as opened:
            await opened.subscribe(_SMALL)
            message = await opened.receive()
            assert (message["type"], message["id"]) == ("error", "1")
            assert [error["extensions"]["code"] for error in message["payload"]] == ["RATE_LIMITED"]
        async with terminal(server, server.token("member")) as opened:
            await opened.subscribe(_SMALL)
            assert await opened.next_data() == {"viewer": {"user": {"reference": "member"}}}
        assert "Traceback" not in server.log()


async def test_an_organisation_that_has_spent_its_budget_is_refused_and_another_is_served(
    world: World, database_url: str, tmp_path: Path
) -> None:
    organisation, strangers = await world.organisation_id(), await world.organisation_id("strangers")
    with served(database_url, tmp_path / "log", organisation_budget="100000 per hour") as server:
        _is_refused(_spend(server, "owner", organisation))
        _is_refused(_ask(server, "member", organisation))
        assert _ask(server, "outsider", strangers).status == 200


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_servers_count_together_where_they_share_a_store_and_by_themselves_where_it_is_away(
    world: World, database_url: str, tmp_path: Path, store: RedisServer
) -> None:
    organisation = await world.organisation_id()
    settings = {"user_budget": "100000 per hour", "budget_store_url": store.url}
    with ExitStack() as running:
        first, second = (
            running.enter_context(served(database_url, tmp_path / name, **settings)) for name in ("log 1", "log 2")
        )
        _is_refused(_spend(first, "owner", organisation))
        _is_refused(_ask(second, "owner", organisation))
        assert _ask(second, "member", organisation).status == 200
        store.kill()
        # Each begins to count anew, for itself.
        for server in (first, second):
            assert _ask(server, "owner", organisation).status == 200
            _is_refused(_spend(server, "owner", organisation))
            assert _ask(server, "member", organisation).status == 200
            server.wait_for_log("the store of budgets is away")
            assert "Traceback" not in server.log()
