"""Null, which a client may give for a variable that has a default, at a place that takes none: it is told so.

https://spec.graphql.org/draft/#sec-All-Variable-Usages-Are-Allowed lets such a variable stand there.
"""

import asyncio
from typing import Any

import httpx
import pytest
from graphql import GraphQLError, execute, parse, subscribe, validate
from strawberry.execution import optimized_is_awaitable
from strawberry.utils.await_maybe import await_maybe

from domain.people import Viewer
from schema.build import build_schema
from schema.context import ConnectionContext, OperationContext
from schema.global_id import decode_node_id
from tests.api.places_of_values import PlaceOfValue, places_of_values
from tests.served_world import Server, terminal
from tests.streaming import EVENT_STREAM, PARTS, stream
from tests.world import World

_SCHEMA = build_schema()
_CORE = _SCHEMA._schema
_CLAIM = (
    'mutation($it: ClaimSharedOrderInput = {sharedOrderId: "nothing"})'
    " { claimSharedOrder(input: $it) { userErrors { code } } }"
)
_CLAIM_REFUSED = "Argument 'input' has invalid value: Expected variable '$it' provided to non-null type"
_SUBSCRIBE = 'subscription($it: ID = "nothing") { organisationEvents(organisationId: $it) { sequence } }'
_LIST = "organisation(id: $id) { orders(first: 2%s) { nodes { reference } } }"

# What is had whole, or subscribed to for real, takes other ways.
_OTHERWISE_MADE = {
    "an organisation had whole": 'query($it: ID = "nothing") { ' + (_LIST % "").replace("$id", "$it") + " }",
    "its sorting": "query($id: ID!, $it: OrderSort = PREMIUM_DESC) { " + _LIST % " orderBy: $it" + " }",
    "its statuses": "query($id: ID!, $it: OrderStatus = PENDING) { " + _LIST % " where: {statuses: [$it]}" + " }",
    "a claim had whole": _CLAIM,
    "a subscription": _SUBSCRIBE,
    "a condition of a field": "query($it: Boolean = true) { viewer { user { name @skip(if: $it) } } }",
    "a condition of a root field": "query($it: Boolean = true) { viewer @include(if: $it) { user { name } } }",
    "a condition of a part": "query($it: Boolean = true) { ... @include(if: $it) { viewer { user { name } } } }",
    "a condition of a fragment": (
        "query($it: Boolean = true) { ...all @skip(if: $it) } fragment all on Query { viewer { user { name } } }"
    ),
    "a condition of a mutation": _CLAIM.replace("$it: ClaimSharedOrderInput =", "$it: Boolean = true, $input: X =")
    .replace("X", "ClaimSharedOrderInput")
    .replace("input: $it)", "input: $input) @skip(if: $it)"),
    "a condition of a subscription": (
        "subscription($it: Boolean = true, $id: ID!) { organisationEvents(organisationId: $id)"
        " { sequence @skip(if: $it) } }"
    ),
}


def _told(errors: Any) -> list[tuple[str, Any, Any]]:
    return sorted((each.message, tuple(each.path or ()), tuple(each.locations or ())) for each in errors or ())


class _Asking:
    """Asks the schema, and graphql-core alone."""

    def __init__(self, world: World, viewer: Viewer, organisation: str) -> None:
        self._world = world
        self._viewer = viewer
        self._organisation = organisation

    async def told(self, document: str) -> list[GraphQLError]:
        """Return the errors of an operation whose variable is null, the same for the first and the next request."""
        found = []
        for _ in range(2):
            connection = ConnectionContext(self._world.database, self._viewer)
            result = await _SCHEMA.begin(document, self._given(document), connection, None)
            found.append(list(result.errors or ()))
        first, second = found
        assert _told(first) == _told(second)
        return second

    async def judged(self, document: str) -> list[GraphQLError]:
        """Return the errors of graphql-core."""
        context = OperationContext(self._world.database, self._viewer)
        begins = subscribe if document.startswith("subscription") else execute
        try:
            answer = await await_maybe(
                begins(
                    _CORE,
                    parse(document),
                    context_value=context,
                    variable_values=self._given(document),
                    is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]  # it tells the same
                    executor_class=_SCHEMA.execution_context_class,
                )
            )
        finally:
            await context.close()
        return list(getattr(answer, "errors", None) or ())

    def _given(self, document: str) -> dict[str, Any]:
        return {"it": None, "id": self._organisation} if "$id" in document else {"it": None}


@pytest.fixture
async def asking(world: World) -> _Asking:
    viewer = Viewer(decode_node_id(await world.user_id("owner"))[1])
    return _Asking(world, viewer, await world.organisation_id())


async def _check(asking: _Asking, place: PlaceOfValue) -> None:
    assert validate(_CORE, parse(place.document)) == [], place
    told = await asking.told(place.document)
    codes = {(each.extensions or {}).get("code") for each in told}
    if place.takes_null:
        # It may be refused for what it means, and is no fault of ours.
        assert codes <= {"BAD_USER_INPUT", "CURSOR_INVALID", "NOT_FOUND"}, (place, told)
    else:
        assert codes == {"BAD_USER_INPUT"}, (place, told)
        assert _told(told) == _told(await asking.judged(place.document)), place


async def test_null_is_answered_as_the_place_takes_it_wherever_a_value_is_expected(
    world: World, asking: _Asking
) -> None:
    [shared] = await world.share("recipient")
    ids = {"organisation": await world.organisation_id(), "order": await world.order_id(), "sharedOrder": shared}
    before = await world.dump()
    places = list(places_of_values(_CORE, {name: f'"{text}"' for name, text in ids.items()}))
    assert len(places) > 100
    for place in places:
        await _check(asking, place)
    assert await world.dump() == before


@pytest.mark.parametrize("name", _OTHERWISE_MADE)
async def test_null_is_refused_on_every_way_of_execution(world: World, asking: _Asking, name: str) -> None:
    before = await world.dump()
    document = _OTHERWISE_MADE[name]
    assert validate(_CORE, parse(document)) == []
    told = await asking.told(document)
    assert {(each.extensions or {}).get("code") for each in told} == {"BAD_USER_INPUT"}
    if name != "a condition of a subscription":
        # graphql-core would let it begin, and fail at each event.
        assert _told(told) == _told(await asking.judged(document))
    assert await world.dump() == before


@pytest.mark.parametrize(("document", "message"), [(_CLAIM, _CLAIM_REFUSED), (_SUBSCRIBE, "Argument 'organisationId'")])
async def test_null_is_refused_over_every_transport(world: World, server: Server, document: str, message: str) -> None:
    token = world.token("owner")
    found: list[dict[str, Any]] = []
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as client:
        for accept in (*["application/json"] * 3, "application/graphql-response+json"):
            if document is _CLAIM:
                body = {"query": document, "variables": {"it": None}}
                response = await client.post(server.http_url, json=body, headers={"Accept": accept})
                found.append(response.json())
    for _ in range(2):
        async with stream(server, token, document, EVENT_STREAM, it=None) as events:
            [data] = [line for line in (await events.rest()).decode().split("\n") if line.startswith("data: {")]
            found.append(httpx.Response(200, content=data.removeprefix("data: ")).json())
        async with stream(server, token, document, PARTS, it=None) as parts:
            part = await parts.part()
            found.append(part.get("payload", part))
        async with terminal(server, token) as opened, asyncio.timeout(10):
            await opened.subscribe(document, it=None)
            answer = (await opened.receive())["payload"]
            found.append(answer if isinstance(answer, dict) else {"errors": answer})
    for each in found:
        [error] = each["errors"]
        assert error["message"].startswith(message), each
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
