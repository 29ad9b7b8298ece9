"""Automatic persisted queries: a client sends a hash instead of a document that the server knows already."""

from typing import Any

import pytest

from tests.clients.programs import program
from tests.served_world import Server
from tests.world import World

# What is tested is how requests are read and answers written, on whichever database.
pytestmark = [pytest.mark.usefixtures("node"), pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


async def _said(world: World, server: Server, client: str) -> list[Any]:
    given = {"API": server.http_url, "FIRST_TOKEN": world.token("member")}
    async with program(f"persisted/{client}.js", **given) as running:
        return [_without_answer(line) for line in await running.rest()]


def _without_answer(line: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in line.items() if name != "answer"}


def _asked(method: str, *codes: str, query: bool = False) -> dict[str, Any]:
    return {"method": method, "query": query, "hash": True, "codes": list(codes)}


_UNKNOWN = "PERSISTED_QUERY_NOT_FOUND"


async def test_apollo(world: World, server: Server) -> None:
    assert await _said(world, server, "apollo") == [
        _asked("POST", _UNKNOWN),
        _asked("POST", query=True),
        {"user": "member"},
        _asked("POST"),
        {"user": "member"},
        _asked("GET"),
        {"user": "member"},
        _asked("POST", _UNKNOWN),
        _asked("POST", query=True),
        {"codes": ["NOT_FOUND"]},
    ]


async def test_urql(world: World, server: Server) -> None:
    assert await _said(world, server, "urql") == [
        _asked("GET", _UNKNOWN),
        _asked("GET", query=True),
        {"user": "member"},
        _asked("GET"),
        {"user": "member"},
        _asked("POST"),
        {"user": "member"},
        _asked("POST", _UNKNOWN),
        _asked("POST", query=True),
        {"codes": ["NOT_FOUND"]},
    ]
