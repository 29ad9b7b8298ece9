"""Who may open a socket, and for how long."""

import json
from datetime import timedelta
from typing import Any

import pytest
import websockets
from sqlalchemy import text

from app.settings import Settings
from app.tokens import Tokens
from tests.listening import EVENTS, Ear, document, hears_no_more
from tests.served_world import Server, Terminal, terminal
from tests.world import SECRET, World

_PROTOCOL = websockets.Subprotocol("graphql-transport-ws")
_MINUTE = timedelta(minutes=1)


def _socket(server: Server, **options: Any) -> websockets.connect:
    return websockets.connect(server.socket_url, **{"subprotocols": [_PROTOCOL], **options})


async def _is_closed(socket: websockets.ClientConnection, code: int, reason: str) -> None:
    """Show that a socket says no more before it closes."""
    with pytest.raises(websockets.ConnectionClosed) as closed:
        await Terminal(socket).receive()
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (code, reason)


async def _is_forbidden(server: Server, message: dict[str, Any]) -> None:
    async with _socket(server) as socket:
        await Terminal(socket).send(type="connection_init", **message)
        await _is_closed(socket, 4403, "Forbidden")


def _bearer(token: str) -> dict[str, Any]:
    return {"payload": {"authorization": f"Bearer {token}"}}


async def test_a_socket_without_a_token_is_forbidden(world: World, server: Server) -> None:
    messages: list[dict[str, Any]] = [{}, {"payload": {}}, {"payload": {"token": world.token("owner")}}]
    for message in messages:
        await _is_forbidden(server, message)


async def test_a_socket_with_a_token_that_does_not_verify_is_forbidden(world: World, server: Server) -> None:
    good = world.token("owner")
    strange = Tokens(Settings(jwt_secret=SECRET[::-1])).sign("owner", _MINUTE)  # type: ignore[arg-type]  # a SecretStr
    for token in ("", "garbage", "a.b.c", strange, good[:-2], f"{good}x", f"{good} {good}", "ﬀ"):
        await _is_forbidden(server, _bearer(token))
    no_bearer: list[Any] = [good, f"Basic {good}", f"Bearer{good}", "Bearer", "", 7, None, [f"Bearer {good}"], {}]
    for authorization in no_bearer:
        await _is_forbidden(server, {"payload": {"authorization": authorization}})


async def test_a_socket_with_an_expired_token_is_forbidden(world: World, server: Server) -> None:
    await _is_forbidden(server, _bearer(world.token("owner", -timedelta(seconds=1))))


async def test_a_socket_of_an_unknown_user_is_forbidden(world: World, server: Server) -> None:
    for stranger in ("nobody", "Owner", "owner ", "", "owner\x00", "\ud800", "x" * 10_000):
        await _is_forbidden(server, _bearer(world.token(stranger)))


async def test_a_socket_whose_payload_is_no_object_is_closed(world: World, server: Server) -> None:
    payloads: list[Any] = [None, [], "Bearer", 7]
    for payload in payloads:
        async with _socket(server) as socket:
            await Terminal(socket).send(type="connection_init", payload=payload)
            await _is_closed(socket, 4400, "Invalid connection init payload")


async def test_the_token_is_found_under_its_name_in_any_case(world: World, server: Server) -> None:
    for name, scheme in zip(
        ("authorization", "Authorization", "AUTHORIZATION", "aUTHORIZATION"),
        ("Bearer", "bearer", "BEARER", "bEARER"),
        strict=True,
    ):
        async with _socket(server) as socket:
            opened = Terminal(socket)
            await opened.send(type="connection_init", payload={name: f"{scheme} {world.token('owner')}"})
            assert await opened.receive() == {"type": "connection_ack"}
            await opened.subscribe("{ viewer { user { reference } } }")
            assert await opened.next_data() == {"viewer": {"user": {"reference": "owner"}}}


async def test_the_token_may_come_with_the_handshake_instead(world: World, server: Server) -> None:
    handshake = {"Authorization": f"Bearer {world.token('owner')}"}
    async with _socket(server, additional_headers=handshake) as socket:
        opened = Terminal(socket)
        await opened.send(type="connection_init")
        assert await opened.receive() == {"type": "connection_ack"}
    # What the payload says comes first: a bad token is not made good by another one.
    async with _socket(server, additional_headers=handshake) as socket:
        await Terminal(socket).send(type="connection_init", **_bearer("garbage"))
        await _is_closed(socket, 4403, "Forbidden")


async def test_each_socket_is_its_own_viewers(world: World, server: Server) -> None:
    who = "{ viewer { user { reference } } }"
    async with terminal(server, world.token("owner")) as first, terminal(server, world.token("member")) as second:
        for _ in range(2):
            for opened, reference in ((first, "owner"), (second, "member")):
                await opened.subscribe(who)
                assert await opened.next_data() == {"viewer": {"user": {"reference": reference}}}
                assert (await opened.receive())["type"] == "complete"


async def test_nothing_is_answered_before_the_socket_is_open(world: World, server: Server) -> None:
    async with _socket(server) as socket:
        await Terminal(socket).subscribe("{ viewer { user { reference } } }")
        await _is_closed(socket, 4401, "Unauthorized")


async def test_a_socket_is_opened_once(world: World, server: Server) -> None:
    async with terminal(server, world.token("owner")) as opened:
        await opened.send(type="connection_init", **_bearer(world.token("owner")))
        await _is_closed(opened.socket, 4429, "Too many initialisation requests")


async def test_a_socket_closes_when_its_token_expires(world: World, server: Server) -> None:
    ear = Ear(world)
    organisation, order = await world.organisation_id(), await world.order_id()
    async with (
        terminal(server, world.token("member", timedelta(seconds=3))) as short,
        terminal(server, world.token("member")) as long,
    ):
        for opened in (short, long):
            await ear.subscribe(opened, document(EVENTS, "orderVersion"), organisation=organisation)
        await _is_closed(short.socket, 4403, "Token expired")
        # The operations of the closed socket are over; others hear on.
        while ear.tails.listening > 1:
            await hears_no_more(long)
        assert (await world.process("owner", order, "ENDORSE"))["codes"] == []
        assert (await long.next_data())[EVENTS] == {"orderVersion": 2}


async def test_a_token_that_holds_for_centuries_opens_a_socket(world: World, server: Server) -> None:
    async with terminal(server, world.token("owner", timedelta(days=365 * 5000))) as opened:
        await hears_no_more(opened)


async def test_a_user_who_is_no_more_is_forbidden(world: World, server: Server) -> None:
    organisation = await world.organisation_id()
    added = {"organisationId": organisation, "reference": "brief", "name": "Brief"}
    assert (await world.mutate("admin", "addMember", "", **added))["codes"] == []
    async with world.database.engine.begin() as connection:
        await connection.execute(text("UPDATE app_user SET reference = 'gone' WHERE reference = 'brief'"))
    await _is_forbidden(server, _bearer(world.token("brief")))


async def test_another_protocol_is_refused(world: World, server: Server) -> None:
    for subprotocols in (["graphql-ws"], ["mqtt"], None):
        async with _socket(server, subprotocols=subprotocols) as socket:
            assert socket.subprotocol is None
            await _is_closed(socket, 4406, "Subprotocol not acceptable")


async def test_of_the_legacy_protocol_and_ours_ours_is_chosen(world: World, server: Server) -> None:
    async with _socket(server, subprotocols=["graphql-ws", _PROTOCOL]) as socket:
        assert socket.subprotocol == _PROTOCOL
        await socket.send(json.dumps({"type": "connection_init", **_bearer(world.token("owner"))}))
        assert await Terminal(socket).receive() == {"type": "connection_ack"}
