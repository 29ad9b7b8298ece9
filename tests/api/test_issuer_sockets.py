"""Sockets and streams of those who come in by a token of an issuer: until it expires or its key vanishes."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import websockets

from tests.issuer import BAD, NEW, OLD, Gate, Issuer, SigningKey
from tests.listening import EVENTS, Ear, document, hears_no_more
from tests.served_world import Terminal, serving, terminal
from tests.streaming import stream


def _short(key: SigningKey) -> str:
    return key.token(exp=datetime.now(UTC) + timedelta(seconds=3))


async def _is_closed(opened: Terminal, code: int, reason: str) -> None:
    with pytest.raises(websockets.ConnectionClosed) as closed:
        await opened.receive()
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (code, reason)


async def test_a_socket_closes_when_its_token_expires_or_its_key_vanishes(gate: Gate, issuer: Issuer) -> None:
    issuer.publish(OLD, NEW)
    async with (
        serving(gate.world) as server,
        terminal(server, _short(NEW)) as short,
        terminal(server, OLD.token()) as old,
        terminal(server, NEW.token()) as new,
    ):
        issuer.publish(NEW)
        await gate.refresh()
        await _is_closed(old, 4403, "Token withdrawn")
        await _is_closed(short, 4403, "Token expired")
        await hears_no_more(new)


async def test_a_socket_is_refused_or_told_to_come_again(gate: Gate, issuer: Issuer) -> None:
    await issuer.go_away()
    async with serving(gate.world) as server:
        for token, code, reason in (
            (OLD.token(), 1013, "Try again later"),
            ("garbage", 4403, "Forbidden"),
            (None, 4403, "Forbidden"),
        ):
            await _is_turned_away(server.socket_url, token, code, reason)
        await issuer.come()
        gate.seconds += 10
        async with terminal(server, OLD.token()) as opened:
            await hears_no_more(opened)
        await _is_turned_away(server.socket_url, BAD.token(), 4403, "Forbidden")


async def _is_turned_away(url: str, token: str | None, code: int, reason: str) -> None:
    async with websockets.connect(url, subprotocols=[websockets.Subprotocol("graphql-transport-ws")]) as socket:
        payload: dict[str, Any] = {} if token is None else {"authorization": f"Bearer {token}"}
        await Terminal(socket).send(type="connection_init", payload=payload)
        await _is_closed(Terminal(socket), code, reason)


async def test_a_stream_ends_when_its_key_vanishes(gate: Gate, issuer: Issuer) -> None:
    ear = Ear(gate.world)
    organisation = await gate.world.organisation_id()
    async with (
        serving(gate.world) as server,
        stream(server, OLD.token(), document(EVENTS), organisation=organisation) as opened,
    ):
        await ear.tails.begun.acquire()
        issuer.publish(NEW)
        await gate.refresh()
        [error] = json.loads((await opened.event())["data"])["errors"]
        assert error == {"message": "Token withdrawn.", "extensions": {"code": "UNAUTHENTICATED"}}
        assert await opened.event() == {"event": "complete", "data": ""}
        await ear.is_left_by_all()
