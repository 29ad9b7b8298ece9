"""Bodies and addresses that carry no request: 400 with a code, whatever they hold."""

import json

import httpx

from tests.world import World, body_of

_USER = "{ viewer { user { reference } } }"
_ANSWER = {"data": {"viewer": {"user": {"reference": "owner"}}}}


def _signed_in(world: World, **headers: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {world.token('owner')}", **headers}


BODIES: dict[str, bytes] = {
    "nothing": b"",
    "cut off": b'{"query": "{ viewer',
    "no JSON": b"{ viewer { user { id } } }",
    "a number": b"1",
    "null": b"null",
    "a truth": b"true",
    "a text": b'"{ viewer { user { id } } }"',
    "an empty list": b"[]",
    "a batch": b'[{"query": "{ viewer { user { id } } }"}]',
    "an empty object": b"{}",
    "no query": b'{"variables": {}}',
    "a query of null": b'{"query": null}',
    "an empty query": b'{"query": ""}',
    "a query of another kind": b'{"query": 1}',
    "variables in a list": b'{"query": "{ viewer { user { id } } }", "variables": []}',
    "variables in a text": b'{"query": "{ viewer { user { id } } }", "variables": "{}"}',
    "an operation name of another kind": b'{"query": "{ viewer { user { id } } }", "operationName": {}}',
    "extensions of another kind": b'{"query": "{ viewer { user { id } } }", "extensions": 1}',
    "not UTF-8": b'{"query": "\xff"}',
    "half a surrogate pair": b'{"query": "{ viewer { user { id } } }", "variables": {"it": "\\ud83e"}}',
    "the other half": b'{"query": "{ viewer { user { id } } }", "variables": {"it": "\\udd80"}}',
    "a number of 5,000 digits": b'{"query": "{ viewer { user { id } } }", "variables": {"it": ' + b"9" * 5000 + b"}}",
    "nested 5,000 times": b'{"query": "{ viewer { user { id } } }", "variables": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    "not a number": b'{"query": "{ viewer { user { id } } }", "variables": {"it": NaN}}',
    "a byte order mark alone": b"\xef\xbb\xbf",
}
CONTENT_TYPES = ("text/plain", "application/x-www-form-urlencoded", "application/graphql", "application/xml", "")


def _refused(response: httpx.Response, status: int = 400) -> None:
    assert response.json().keys() == {"errors"}
    [error] = response.json()["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}
    assert error["message"]
    assert response.status_code == status


async def test_a_body_that_is_no_request_is_refused(world: World) -> None:
    headers = _signed_in(world, **{"Content-Type": "application/json"})
    answered = {
        kind: await world.http.post("/graphql", content=content, headers=headers) for kind, content in BODIES.items()
    }
    assert {kind: response.status_code for kind, response in answered.items()} == dict.fromkeys(BODIES, 400)
    for response in answered.values():
        _refused(response)


async def test_a_body_of_another_content_type_is_refused(world: World) -> None:
    content = json.dumps({"query": _USER}).encode()
    for content_type in CONTENT_TYPES:
        headers = _signed_in(world, **{"Content-Type": content_type})
        _refused(await world.http.post("/graphql", content=content, headers=headers), 415)


async def test_a_document_without_the_operation_that_is_meant_is_refused(world: World) -> None:
    for body in ({"query": _USER, "operationName": "nobody"}, {"query": "fragment a on Viewer { user { id } }"}):
        for media_type, status in (("application/json", 200), ("application/graphql-response+json", 400)):
            headers = _signed_in(world, Accept=media_type)
            answer = await world.http.post("/graphql", json=body, headers=headers)
            _refused(answer, status)
            assert answer.headers["content-type"] == f"{media_type}; charset=utf-8"


async def test_a_subscription_needs_a_stream(world: World) -> None:
    document = (
        f'subscription {{ organisationEvents(organisationId: "{await world.organisation_id()}") {{ sequence }} }}'
    )
    for _ in range(2):
        answer = await world.http.post("/graphql", json={"query": document}, headers=_signed_in(world))
        _refused(answer, 406)


async def test_two_operations_need_a_name_and_the_named_one_is_run(world: World) -> None:
    document = "query a { viewer { user { name } } } query b { viewer { user { reference } } }"
    body = {"query": document, "operationName": "b"}
    response = await world.http.post("/graphql", json=body, headers=_signed_in(world))
    assert body_of(response) == _ANSWER
    del body["operationName"]
    unnamed = (await world.http.post("/graphql", json=body, headers=_signed_in(world))).json()
    assert unnamed.get("data") is None
    assert [error["extensions"]["code"] for error in unnamed["errors"]] == ["BAD_USER_INPUT"]


async def test_a_query_may_come_by_get_but_nothing_that_changes_anything(world: World) -> None:
    def get(**parameters: str) -> httpx.Request:
        return world.http.build_request("GET", "/graphql", params=parameters, headers=_signed_in(world))

    assert body_of(await world.http.send(get(query=_USER))) == _ANSWER
    [shared] = await world.share("recipient")
    before = await world.dump()
    revoke = f'mutation {{ revokeSharedOrder(input: {{sharedOrderId: "{shared}"}}) {{ userErrors {{ code }} }} }}'
    both = f"query a {_USER} {revoke.replace('mutation', 'mutation b')}"
    for refused in (get(query=revoke), get(query=both, operationName="b")):
        answer = await world.http.send(refused)
        _refused(answer, 405)
        assert answer.headers["allow"] == "POST"
    _refused(await world.http.send(get(query=_USER, variables="x")))
    _refused(await world.http.send(get(query=_USER, variables="[1]")))
    assert await world.dump() == before


async def test_other_methods_are_not_allowed(world: World) -> None:
    for method in ("PUT", "PATCH", "DELETE"):
        response = await world.http.request(method, "/graphql", json={"query": _USER}, headers=_signed_in(world))
        _refused(response, 405)
        assert response.headers["allow"] == "GET, POST"
