"""Each client understands an answer that failed in part, a request that cannot be answered, and the end of a socket."""

from typing import Any

import pytest

from tests.clients.programs import program
from tests.listening import Ear
from tests.served_world import Server
from tests.world import World

# What is tested is how requests are read and answers written, on whichever database.
pytestmark = [pytest.mark.usefixtures("node"), pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

JSON = "application/graphql-response+json; charset=utf-8"


async def _said(world: World, server: Server, client: str) -> list[Any]:
    ear = Ear(world)
    given = {"API": server.http_url, "FIRST_TOKEN": world.token("member")}
    async with program(f"errors/{client}.js", await world.organisation_id(), **given) as running:
        said = await running.rest()
    await ear.is_left_by_all()
    return said


async def test_graphql_ws(world: World, server: Server) -> None:
    assert await _said(world, server, "graphql_ws") == [
        {"malformed": [4400, "WebSocket message must be valid JSON"]},
        {"unknown": [4400, "Unknown message type: start"]},
        {"introducedTwice": [4429, "Too many initialisation requests"]},
        {"badToken": [4403, "Forbidden"]},
        {"noToken": [4403, "Forbidden"]},
        {"notIntroduced": [4401, "Unauthorized"]},
        {"idInUse": [[4409, "Subscriber for the same already exists"]] * 2},
        {"syntax": ["GRAPHQL_PARSE_FAILED"]},
        {"unknownField": ["GRAPHQL_VALIDATION_FAILED"]},
        {"noVariables": ["BAD_USER_INPUT"]},
        {"nowhere": ["NOT_FOUND"]},
        {"noCursor": ["CURSOR_INVALID"]},
        {"good": "member", "sockets": 1},
    ]


async def test_graphql_sse(world: World, server: Server) -> None:
    refusal = {"message": "A valid bearer token is needed.", "extensions": {"code": "UNAUTHENTICATED"}}
    assert await _said(world, server, "graphql_sse") == [
        {"query": [{"viewer": {"user": {"reference": "member"}}}]},
        {"unknownField": [["GRAPHQL_VALIDATION_FAILED"]]},
        {"nowhere": [["NOT_FOUND"]]},
        {"noCursor": [["CURSOR_INVALID"]]},
        {"badToken": {"refused": 401, "says": {"errors": [refusal]}}},
    ]


def _answer(asked: str, status: int = 200, **more: Any) -> dict[str, Any]:
    return {"asked": asked, "status": status, "type": JSON, **more}


async def test_apollo(world: World, server: Server) -> None:
    thrown = "CombinedGraphQLErrors"
    assert await _said(world, server, "apollo") == [
        _answer("who", user="member"),
        _answer("in part, all of it", user="member", organisation=None, fault=thrown, codes=["BAD_USER_INPUT"]),
        _answer("in part, whole or not", thrown=thrown, codes=["BAD_USER_INPUT"]),
        _answer("unknown field", 400, thrown=thrown, codes=["GRAPHQL_VALIDATION_FAILED"]),
        _answer("no variable", 400, thrown=thrown, codes=["BAD_USER_INPUT"]),
        _answer("bad token", 401, thrown=thrown, codes=["UNAUTHENTICATED"]),
    ]


async def test_urql(world: World, server: Server) -> None:
    assert await _said(world, server, "urql") == [
        answer
        for method in ("GET", "POST")
        for answer in (
            _answer("who", method=method, user="member"),
            _answer("in part", method=method, user="member", organisation=None, codes=["BAD_USER_INPUT"]),
            _answer("unknown field", 400, method=method, codes=["GRAPHQL_VALIDATION_FAILED"]),
            _answer("no variable", 400, method=method, codes=["BAD_USER_INPUT"]),
            _answer("bad token", 401, method=method, codes=["UNAUTHENTICATED"]),
        )
    ]
