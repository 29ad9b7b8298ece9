"""gql, a client for Python: queries and mutations by its HTTPX transport, subscriptions over its WebSockets."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest
from gql import Client, GraphQLRequest
from gql.client import AsyncClientSession
from gql.transport.exceptions import TransportConnectionFailed, TransportQueryError
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport
from websockets.exceptions import ConnectionClosed
from websockets.frames import Close

from tests.clients.wire import Wire
from tests.listening import Ear, head, log_cursor
from tests.served_world import Server
from tests.world import World

_ORDERS = """
query($search: String) { viewer { memberships { organisation {
  id logCursor
  orders(where: { shareable: true, search: $search }) { totalCount nodes { id status version } }
  members(search: "recipient") { nodes { user { id } } }
} } } }
"""
_SHARE = """
mutation($input: ShareOrderInput!) { shareOrder(input: $input) { sharedOrders { id status } userErrors { code } } }
"""
_CLAIM = """
mutation($input: ClaimSharedOrderInput!) { claimSharedOrder(input: $input) {
  sharedOrder { status } userErrors { code }
} }
"""
_PROCESS = """
mutation($input: ProcessOrderInput!) { processOrder(input: $input) {
  order { id status version }
  userErrors { code ... on VersionConflictError { currentVersion currentStatus } }
} }
"""
_EVENTS = """
subscription($organisation: ID!, $after: Cursor) { organisationEvents(organisationId: $organisation, after: $after) {
  sequence cursor
  ... on SharedOrderChanged { shareStatus: status sharedOrder { id } }
  ... on OrderStatusChanged { orderStatus: status order { id version } reason { via action } }
} }
"""
_WHO = "{ viewer { user { reference } } }"


@asynccontextmanager
async def _over_http(server: Server, token: str) -> AsyncIterator[AsyncClientSession]:
    transport = HTTPXAsyncTransport(server.http_url, headers={"Authorization": f"Bearer {token}"})
    async with Client(transport=transport) as session:
        yield session


@asynccontextmanager
async def _over_socket(server: Server, token: str) -> AsyncIterator[AsyncClientSession]:
    transport = WebsocketsTransport(
        server.socket_url,
        init_payload={"authorization": f"Bearer {token}"},
        subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL],
    )
    async with Client(transport=transport) as session:
        yield session


@asynccontextmanager
async def _listening(server: Server, token: str, place: dict[str, Any]) -> AsyncIterator[AsyncIterator[Any]]:
    # A session that is left while it listens waits for the subscription's end: so that is ended first.
    async with (
        _over_socket(server, token) as session,
        aclosing(session.subscribe(GraphQLRequest(_EVENTS, variable_values=place))) as results,
    ):
        yield results


async def _heard(results: AsyncIterator[Any]) -> dict[str, Any]:
    event: dict[str, Any] = (await anext(results))["organisationEvents"]
    return event


async def _ask(session: AsyncClientSession, document: str, **variables: Any) -> dict[str, Any]:
    return await session.execute(GraphQLRequest(document, variable_values=variables))


async def _is_refused(session: AsyncClientSession, document: str, **variables: Any) -> tuple[list[str], Any]:
    """Return the codes of a request's errors, and the data beside them."""
    with pytest.raises(TransportQueryError) as refused:
        await _ask(session, document, **variables)
    return [error["extensions"]["code"] for error in refused.value.errors or ()], refused.value.data


async def _found(session: AsyncClientSession, order: str) -> tuple[dict[str, Any], str]:
    """Find the order, and return where the log ended then, and with whom to share it."""
    [membership] = (await _ask(session, _ORDERS, search="O-owner"))["viewer"]["memberships"]
    organisation = membership["organisation"]
    assert organisation["orders"] == {"totalCount": 1, "nodes": [{"id": order, "status": "IN_FORCE", "version": 1}]}
    [recipient] = organisation["members"]["nodes"]
    return {"organisation": organisation["id"], "after": organisation["logCursor"]}, recipient["user"]["id"]


async def _claimed_and_processed(session: AsyncClientSession, offer: str, order: str) -> None:
    """Claim an offer, and report a loss."""
    claimed = (await _ask(session, _CLAIM, input={"sharedOrderId": offer}))["claimSharedOrder"]
    assert claimed == {"sharedOrder": {"status": "CLAIMED"}, "userErrors": []}
    result = {"orderId": offer, "action": "REPORT_LOSS", "expectedVersion": 1}
    processed = (await _ask(session, _PROCESS, input=result))["processOrder"]
    assert processed == {"order": {"id": order, "status": "LOSS_REPORTED", "version": 2}, "userErrors": []}


async def test_it_goes_the_whole_way(world: World, server: Server) -> None:
    ear, before, order = Ear(world), await head(world), await world.order_id()
    owner, recipient = world.token("owner"), world.token("recipient")
    async with _over_http(server, owner) as first, _over_http(server, recipient) as second:
        place, recipient_id = await _found(first, order)
        async with (
            _listening(server, owner, place) as first_hears,
            _listening(server, recipient, place) as second_hears,
        ):
            instruction = {"orderId": order, "recipientIds": [recipient_id], "permission": "PROCESS"}
            shared = (await _ask(first, _SHARE, input=instruction))["shareOrder"]
            assert ([each["status"] for each in shared["sharedOrders"]], shared["userErrors"]) == (["OFFERED"], [])
            offer = (await _heard(second_hears))["sharedOrder"]["id"]
            assert [each["id"] for each in shared["sharedOrders"]] == [offer]
            await _claimed_and_processed(second, offer, order)
            heard = [await _heard(first_hears) for _ in range(3)]
        assert [event["sequence"] for event in heard] == [before + 1, before + 2, before + 3]
        assert [event["shareStatus"] for event in heard[:2]] == ["OFFERED", "CLAIMED"]
        assert heard[2]["orderStatus"] == "LOSS_REPORTED"
        assert heard[2]["order"] == {"id": order, "version": 2}
        assert heard[2]["reason"] == {"via": "SHARED_ORDER", "action": "REPORT_LOSS"}
        late = {"orderId": order, "action": "ENDORSE", "expectedVersion": 1}
        refusal = {"code": "VERSION_CONFLICT", "currentVersion": 2, "currentStatus": "LOSS_REPORTED"}
        assert (await _ask(first, _PROCESS, input=late))["processOrder"] == {"order": None, "userErrors": [refusal]}
    await ear.is_left_by_all()


async def test_it_understands_what_failed(world: World, server: Server) -> None:
    organisation = await world.organisation_id()
    in_part = f"query($id: ID!) {{ {_WHO[2:-2]} organisation(id: $id) {{ orders(first: 0) {{ totalCount }} }} }}"
    me = {"viewer": {"user": {"reference": "member"}}}
    for over in (_over_http, _over_socket):
        async with over(server, world.token("member")) as session:
            assert await _ask(session, _WHO) == me
            assert await _is_refused(session, "{ nonsense }") == (["GRAPHQL_VALIDATION_FAILED"], None)
            assert await _is_refused(session, in_part) == (["BAD_USER_INPUT"], None)
            failed_in_part = await _is_refused(session, in_part, id=organisation)
            assert failed_in_part == (["BAD_USER_INPUT"], {**me, "organisation": None})
            assert await _ask(session, _WHO) == me
    async with _over_http(server, "garbage") as session:
        assert await _is_refused(session, _WHO) == (["UNAUTHENTICATED"], None)
    with pytest.raises(TransportConnectionFailed) as closed:
        async with _over_socket(server, "garbage"):
            pass
    assert isinstance(closed.value.__cause__, ConnectionClosed)
    assert closed.value.__cause__.rcvd == Close(4403, "Forbidden")


async def _hear_until_cut(wire: Wire, world: World, place: dict[str, Any], heard: list[int]) -> None:
    async with _listening(wire, world.token("member"), place) as results:
        while True:
            event = await _heard(results)
            heard.append(event["sequence"])
            place["after"] = event["cursor"]
            wire.cut()


async def test_it_goes_on_after_its_cursor_when_the_connection_is_cut(world: World, server: Server) -> None:
    before, order = await head(world), await world.order_id()
    place = {"organisation": await world.organisation_id(), "after": await log_cursor(world, "member")}
    heard: list[int] = []
    async with Wire(server) as wire:
        for _ in range(4):
            assert (await world.process("owner", order, "ENDORSE"))["codes"] == []
            with pytest.raises(TransportConnectionFailed):
                await _hear_until_cut(wire, world, place, heard)
    assert heard == [before + 1, before + 2, before + 3, before + 4]
