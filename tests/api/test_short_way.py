"""The short way answers what the long way would, and only what has come that way before."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.people import Viewer
from schema.build import build_schema
from schema.context import ConnectionContext
from schema.global_id import decode_node_id
from tests.statements import statements
from tests.world import World, body_of

_ORDER = "query Shown($id: ID!, $deep: Boolean = false) { order(id: $id) { title owner @include(if: $deep) { name } } }"


class _Counted:
    """The long way, which counts who comes along."""

    def __init__(self, way: ASGIApp) -> None:
        self.requests = 0
        self._way = way

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.requests += 1
        await self._way(scope, receive, send)


class Asker:
    """Sends requests with one token, and tells which way they went."""

    def __init__(self, world: World, viewer: str) -> None:
        """Take a token for the viewer."""
        self._world = world
        self._long_way = world.app.long_way = _Counted(world.app.long_way)
        self.headers = {"Authorization": f"Bearer {world.token(viewer)}", "Content-Type": "application/json"}

    async def ask(self, body: Any, way: str = "/graphql", **headers: str) -> tuple[str, httpx.Response]:
        """Return which way a request went, and its answer."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        before = self._long_way.requests
        answer = await self._world.http.post(way, content=content, headers={**self.headers, **headers})
        return ("long" if self._long_way.requests > before else "short"), answer


@pytest.fixture
def asker(world: World) -> Asker:
    """The owner of O-owner, with one token."""
    return Asker(world, "owner")


async def test_what_was_answered_once_is_answered_alike_by_the_short_way(world: World, asker: Asker) -> None:
    order, foreign = await world.order_id(), await world.order_id("O-outsider")
    seen = {"title": "Cover O-owner"}
    for variables, data in (
        ({"id": order}, {"order": seen}),
        ({"id": order, "deep": True}, {"order": {**seen, "owner": {"name": "Owner"}}}),
        ({"id": order, "deep": None}, {"order": None}),
        ({"id": foreign}, {"order": None}),
        ({"id": "nonsense"}, {"order": None}),
        ({"id": [1]}, None),
        ({}, None),
    ):
        body = {"query": f"{_ORDER} # {len(asker.headers)}", "variables": variables, "operationName": "Shown"}
        _, first = await asker.ask(body)
        way, again = await asker.ask(body)
        assert (way, again.status_code, again.headers) == ("short", 200, first.headers)
        left, right = first.json(), again.json()
        for error in left.get("errors", []) + right.get("errors", []):
            error["extensions"].pop("requestId", None)
        assert left == right
        assert left.get("data") == data


async def test_the_only_operation_need_not_be_named(world: World, asker: Asker) -> None:
    body = {"query": _ORDER, "variables": {"id": await world.order_id()}}
    await asker.ask(body)
    way, answer = await asker.ask(body)
    assert (way, body_of(answer)) == ("short", {"data": {"order": {"title": "Cover O-owner"}}})
    unknown = await asker.ask({**body, "operationName": "Other"})
    assert (unknown[0], unknown[1].json()["errors"][0]["extensions"]) == ("long", {"code": "BAD_USER_INPUT"})


async def test_a_mutation_is_done_once_by_either_way(world: World, asker: Asker) -> None:
    mutation = """mutation($input: ProcessOrderInput!) { processOrder(input: $input) {
      order { status version } userErrors { code } } }"""
    order = await world.order_id()
    ways = []
    for version, action in ((1, "REPORT_LOSS"), (1, "REJECT_LOSS"), (2, "REJECT_LOSS")):
        given = {"orderId": order, "action": action, "expectedVersion": version}
        way, answer = await asker.ask({"query": mutation, "variables": {"input": given}})
        assert "errors" not in answer.json(), answer.json()
        ways.append((way, answer.json()["data"]["processOrder"]["userErrors"]))
    assert ways[1:] == [("short", [{"code": "VERSION_CONFLICT"}]), ("short", [])]
    assert (await world.order_row()).version == 3


@pytest.mark.parametrize(
    ("changes", "headers", "status"),
    [
        ({"extensions": {}}, {}, 200),
        ({"surplus": 1}, {}, 200),
        ({"extensions": []}, {}, 400),
        ({"variables": []}, {}, 400),
        ({"operationName": 1}, {}, 400),
        ({"query": None}, {}, 400),
        ({}, {"Content-Type": "text/plain"}, 415),
        ({}, {"Content-Type": "application/json; charset=latin-1"}, 415),
        ({}, {"Accept": "text/html"}, 406),
        ({}, {"Accept": "application/json;q=0"}, 406),
    ],
)
async def test_what_is_irregular_is_told_so_though_its_document_is_known(
    world: World, asker: Asker, changes: dict[str, Any], headers: dict[str, str], status: int
) -> None:
    body = {"query": _ORDER, "variables": {"id": await world.order_id()}}
    await asker.ask(body)
    assert (await asker.ask(body))[0] == "short"
    _, answer = await asker.ask({**body, **changes}, **headers)
    assert answer.status_code == status


async def test_a_body_that_comes_in_pieces_is_put_together(world: World, asker: Asker) -> None:
    body = {"query": _ORDER, "variables": {"id": await world.order_id()}}
    _, whole = await asker.ask(body)
    text = json.dumps(body).encode()

    async def pieces() -> AsyncIterator[bytes]:
        yield text[:20]
        yield text[20:]

    for _ in range(2):
        answer = await world.http.post("/graphql", content=pieces(), headers=asker.headers)
        assert answer.json() == whole.json()


async def test_a_body_that_is_too_large_is_refused_though_its_document_is_known(world: World, asker: Asker) -> None:
    body = json.dumps({"query": _ORDER, "variables": {"id": await world.order_id()}}).encode()
    filled = 256 * 1024 - len(body)
    assert (await asker.ask(body + b" " * filled))[1].status_code == 200
    assert (await asker.ask(body + b" " * filled))[0] == "short"
    _, refused = await asker.ask(body + b" " * (filled + 1))
    assert refused.status_code == 413
    assert refused.json()["errors"][0]["message"] == "The body is too long; at most 262144 bytes are allowed."


async def test_a_member_who_is_removed_is_refused_at_once_though_their_token_is_remembered(world: World) -> None:
    asker = Asker(world, "recipient")
    body = {"query": _ORDER, "variables": {"id": await world.order_id()}}
    await asker.ask(body)
    place = {"organisationId": await world.organisation_id(), "userId": await world.user_id("recipient")}
    assert (await world.mutate("admin", "removeMember", "organisation { id }", **place))["codes"] == []
    way, answer = await asker.ask(body)
    assert (way, body_of(answer)) == ("short", {"data": {"order": None}})


async def test_a_token_is_verified_before_it_is_remembered(world: World, asker: Asker) -> None:
    body = {"query": _ORDER, "variables": {"id": await world.order_id()}}
    await asker.ask(body)
    for authorization in ("Bearer nonsense", asker.headers["Authorization"] + "x", "", "Basic eDp5"):
        for _ in range(2):
            _, answer = await asker.ask(body, Authorization=authorization)
            assert answer.status_code == 401


async def test_a_user_who_is_new_is_let_in_with_the_token_that_was_refused_before(world: World) -> None:
    asker = Asker(world, "newcomer")
    body = {"query": "{ viewer { user { reference } } }"}
    assert (await asker.ask(body))[1].status_code == 401
    person = {"organisationId": await world.organisation_id(), "reference": "newcomer", "name": "Newcomer"}
    assert (await world.mutate("admin", "addMember", "membership { role }", **person))["codes"] == []
    assert body_of((await asker.ask(body))[1]) == {"data": {"viewer": {"user": {"reference": "newcomer"}}}}


async def test_a_fault_of_a_known_operation_itself_is_told_by_a_request_id_and_nothing_else(world: World) -> None:
    schema = build_schema()
    query = "query Faulty { viewer { user { reference } } }"
    await world.ask("owner", query)
    known = schema.known(query, "Faulty")
    assert known is not None
    broken = replace(known, conditions=("a condition of no document",), selections={})
    _, user_id = decode_node_id(await world.user_id("owner"))
    connection = ConnectionContext(world.database, Viewer(user_id))

    told = await schema.execute_known(known, {}, connection)
    assert (told.data, told.errors) == ({"viewer": {"user": {"reference": "owner"}}}, None)

    # It has no document to be interpreted by, either.
    result = await schema.execute_known(replace(broken, document=None), {}, connection)  # type: ignore[arg-type]  # broken on purpose
    assert result.data is None
    [error] = result.errors or []
    assert error.message == "Something failed on our side."
    assert error.extensions is not None
    assert error.extensions.keys() == {"code", "requestId"}
    assert error.extensions["code"] == "INTERNAL"


async def test_a_first_token_with_a_known_document_is_looked_up_once_and_remembered(world: World) -> None:
    query = "query First { viewer { user { reference } } }"
    await world.ask("admin", query)
    asker = Asker(world, "sender")
    with statements(world.database) as sent:
        answers = [await world.http.post("/graphql", json={"query": query}, headers=asker.headers) for _ in range(2)]
    assert [answer.json()["data"]["viewer"]["user"]["reference"] for answer in answers] == ["sender"] * 2
    assert len([each for each in sent if "WHERE app_user.reference " in each.text]) == 1
