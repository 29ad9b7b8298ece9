"""Subscriptions over HTTP, as Server-Sent Events and in parts: what they say, how they resume and how they end."""

import asyncio
import gc
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.listening import EVENTS, SHARES, Ear, document, head, log_cursor
from tests.served_world import Server
from tests.streaming import EVENT_STREAM, PARTS, stream
from tests.world import World


async def _endorse(world: World, name: str = "owner") -> None:
    assert (await world.process(name, await world.order_id(f"O-{name}"), "ENDORSE"))["codes"] == []


async def _listens(ear: Ear) -> None:
    await ear.tails.begun.acquire()


async def test_each_event_comes_with_its_cursor_as_id(world: World, server: Server) -> None:
    ear, before, organisation = Ear(world), await head(world), await world.organisation_id()
    async with stream(server, world.token("member"), document(EVENTS), organisation=organisation) as opened:
        assert opened.response.status_code == 200
        assert opened.response.headers["content-type"].startswith("text/event-stream")
        assert opened.response.headers["cache-control"] == "no-store"
        await _listens(ear)
        for step in (1, 2):
            await _endorse(world)
            event = await opened.event()
            cursor = await log_cursor(world, "member")
            assert event.keys() == {"event", "id", "data"}
            assert (event["event"], event["id"]) == ("next", cursor)
            assert json.loads(event["data"]) == {"data": {EVENTS: {"sequence": before + step, "cursor": cursor}}}
    await ear.is_left_by_all()


async def test_parts_come_as_soon_as_their_event(world: World, server: Server) -> None:
    ear, before, organisation = Ear(world), await head(world), await world.organisation_id()
    fields = "sequence"
    async with stream(
        server, world.token("member"), document(EVENTS, fields), PARTS, organisation=organisation
    ) as opened:
        content_type = opened.response.headers["content-type"]
        assert content_type == 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0'
        assert await opened.until(b"--graphql") == b""
        await _listens(ear)
        for step in (1, 2):
            await _endorse(world)
            assert await opened.part() == {"payload": {"data": {EVENTS: {"sequence": before + step}}}}


async def test_the_last_event_id_resumes_whatever_the_document_says(world: World, server: Server) -> None:
    organisation, old = await world.organisation_id(), await log_cursor(world, "member")
    await _endorse(world)
    last = await log_cursor(world, "member")
    await _endorse(world)
    await _endorse(world, "sender")
    end = await head(world)
    for after in (old, None):
        headers = {"Last-Event-ID": last}
        variables: dict[str, Any] = {"organisation": organisation, "after": after}
        async with stream(server, world.token("member"), document(EVENTS), headers=headers, **variables) as opened:
            heard = [json.loads((await opened.event())["data"])["data"][EVENTS]["sequence"] for _ in range(2)]
            assert heard == [end - 1, end]


async def test_a_last_event_id_of_no_log_is_refused(world: World, server: Server) -> None:
    organisation = await world.organisation_id()
    headers = {"Last-Event-ID": "garbage"}
    async with stream(
        server, world.token("member"), document(EVENTS), headers=headers, organisation=organisation
    ) as opened:
        event = await opened.event()
        [error] = json.loads(event["data"])["errors"]
        assert error["extensions"]["code"] == "CURSOR_INVALID"
        assert await opened.event() == {"event": "complete", "data": ""}
        assert await opened.rest() == b""


@pytest.mark.parametrize("accept", [EVENT_STREAM, PARTS])
async def test_a_removed_members_stream_ends_at_their_removal(world: World, server: Server, accept: str) -> None:
    ear, organisation = Ear(world), await world.organisation_id()
    token = world.token("recipient")
    async with stream(server, token, document(SHARES, "status"), accept, organisation=organisation) as opened:
        await _listens(ear)
        await world.share("recipient")
        user = await world.user_id("recipient")
        removed = await world.mutate("admin", "removeMember", "", organisationId=organisation, userId=user)
        assert removed["codes"] == []
        await world.share("sender")
        expected: list[Any] = [{"data": {SHARES: {"status": status}}} for status in ("OFFERED", "REVOKED")]
        message = "You are no longer a member of this organisation."
        expected.append({"data": None, "errors": [{"message": message, "extensions": {"code": "ACCESS_ENDED"}}]})
        if accept == EVENT_STREAM:
            assert [json.loads((await opened.event())["data"]) for _ in expected] == expected
            assert await opened.event() == {"event": "complete", "data": ""}
            assert await opened.rest() == b""
        else:
            await opened.until(b"--graphql")
            assert [(await opened.part())["payload"] for _ in expected] == expected
            assert await opened.rest() == b"--\r\n"


async def test_a_stream_ends_when_its_token_expires(world: World, server: Server) -> None:
    organisation = await world.organisation_id()
    token = world.token("member", timedelta(seconds=2))
    async with stream(server, token, document(EVENTS), organisation=organisation) as opened:
        [error] = json.loads((await opened.event())["data"])["errors"]
        assert error["extensions"] == {"code": "UNAUTHENTICATED"}
        assert await opened.event() == {"event": "complete", "data": ""}


async def test_who_accepts_a_stream_and_asks_a_query_gets_json(world: World, server: Server) -> None:
    who = "{ viewer { user { reference } } }"
    cost = {"requested": 2, "allowed": 35_000}
    answer = {"data": {"viewer": {"user": {"reference": "owner"}}}, "extensions": {"cost": cost}}
    several = "application/graphql-response+json, application/json, text/event-stream, multipart/mixed"
    async with stream(server, world.token("owner"), who, several) as opened:
        assert opened.response.headers["content-type"] == "application/graphql-response+json; charset=utf-8"
        assert json.loads(await opened.rest()) == answer
    async with stream(server, world.token("owner"), who) as opened:
        assert json.loads((await opened.event())["data"]) == answer
        assert await opened.event() == {"event": "complete", "data": ""}
    async with stream(server, world.token("owner"), who, PARTS) as opened:
        assert opened.response.headers["content-type"].startswith("multipart/mixed")
        await opened.until(b"--graphql")
        assert await opened.part() == {"payload": answer}
        assert await opened.rest() == b"--\r\n"


async def test_of_several_streams_the_one_that_is_wanted_most_is_taken(world: World, server: Server) -> None:
    organisation = await world.organisation_id()
    for accept, expected in (
        ("application/json, Text/Event-Stream;q=0.2, multipart/mixed;q=0.8", "multipart/mixed"),
        ("application/json, text/event-stream, multipart/mixed", "text/event-stream"),
        ("multipart/mixed;q=0, text/event-stream", "text/event-stream"),
    ):
        async with stream(server, world.token("owner"), document(EVENTS), accept, organisation=organisation) as opened:
            assert opened.response.headers["content-type"].startswith(expected)


async def test_without_a_token_nothing_is_streamed(world: World, server: Server) -> None:
    async with stream(server, "garbage", document(EVENTS), organisation=await world.organisation_id()) as opened:
        assert opened.response.status_code == 401


async def test_a_client_that_cuts_the_connection_is_listened_to_no_more(world: World, server: Server) -> None:
    ear, organisation = Ear(world), await world.organisation_id()
    async with httpx.AsyncClient() as client:
        body = {"query": document(EVENTS), "variables": {"organisation": organisation}}
        headers = {"Authorization": f"Bearer {world.token('owner')}", "Accept": EVENT_STREAM}
        async with client.stream("POST", server.http_url, json=body, headers=headers):
            await _listens(ear)
            assert ear.tails.listening == 1
    await ear.is_left_by_all()


@pytest.mark.parametrize("messages", [1, 2, 3], ids=["the head", "the first chunk", "nothing"])
async def test_a_client_that_goes_while_it_is_sent_something_leaves_nothing_behind(world: World, messages: int) -> None:
    document = (
        f'subscription {{ organisationEvents(organisationId: "{await world.organisation_id()}") {{ sequence }} }}'
    )
    taken = [{"type": "http.request", "body": json.dumps({"query": document}).encode(), "more_body": False}]
    sent: list[str] = []
    waits, gone = asyncio.Event(), asyncio.Event()

    async def receive() -> dict[str, Any]:
        if taken:
            return taken.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message["type"])
        if len(sent) == min(messages, 2):
            waits.set()
        if len(sent) == messages:
            # The client reads no more.
            await asyncio.Event().wait()

    headers = {"accept": EVENT_STREAM, "content-type": "application/json", "host": "test"}
    headers["authorization"] = f"Bearer {world.token('owner')}"
    request = httpx.Request("POST", "http://test/graphql", headers=headers)
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "POST",
        "path": "/graphql",
        "query_string": b"",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
    }
    sockets = world.app.sockets
    gc.disable()
    try:
        answering = asyncio.create_task(world.app(scope, receive, send))
        await waits.wait()
        gone.set()
        await answering
        assert (sockets.streams, sockets.broadcast_groups.listeners, len(sockets.broadcast_groups)) == (0, 0, 0)
        assert sockets.connection_quota._held_by_all == 0
    finally:
        gc.enable()
