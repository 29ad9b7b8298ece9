"""Requests that cannot be answered: each has its code, and none of them is a fault of ours."""

from typing import Any

import pytest

from tests.served_world import Server, terminal
from tests.world import World

_USER = "{ viewer { user { id } } }"
_DEEP = "query deep { viewer { memberships" + " { organisation { orders { nodes" * 7 + " { id }" + " } } }" * 7 + " } }"

PARSE_FAILED = {
    "cut off": "{ viewer ",
    "closed twice": "{ viewer { user { id } } } }",
    "blank": "   ",
    "a comment alone": "# nothing",
    "an empty argument list": "{ node() { id } }",
    "a text without end": '{ node(id: "x) { id } }',
    "half a surrogate pair": r'{ node(id: "\ud800") { id } }',
    "a NUL": "{ viewer\x00 { user { id } } }",
    "no GraphQL": "SELECT * FROM orders",
}
VALIDATION_FAILED = {
    "an unknown field": "{ viewer { password } }",
    "an unknown argument": '{ node(id: "x", type: "Order") { id } }',
    "a missing argument": "{ node { id } }",
    "no selection of an object": "{ viewer { user } }",
    "a selection of a scalar": "{ viewer { user { id { x } } } }",
    "an unknown type": "{ viewer { ... on Nobody { user { id } } } }",
    "a fragment that cannot apply": "{ viewer { ... on Order { title } } }",
    "a fragment of itself": "{ viewer { ...a } } fragment a on Viewer { ...b } fragment b on Viewer { ...a }",
    "an unknown fragment": "{ viewer { ...a } }",
    "an unused fragment": f"{_USER} fragment a on Viewer {{ user {{ id }} }}",
    "an unknown directive": "{ viewer @cached { user { id } } }",
    "an unused variable": "query($id: ID!) { viewer { user { id } } }",
    "an unknown variable": "{ node(id: $id) { id } }",
    "a variable of another type": "query($id: Int!) { node(id: $id) { id } }",
    "a literal of another type": '{ viewer { sharedOrders(first: "1") { totalCount } } }',
    "an integer of more than 32 bits": "{ viewer { sharedOrders(first: 2147483648) { totalCount } } }",
    "an integer of 5,000 digits": "{ viewer { sharedOrders(first: %s) { totalCount } } }" % ("9" * 5000),
    "an unknown word": "{ viewer { sharedOrders(box: STOLEN) { totalCount } } }",
    "an unknown input field": '{ organisation(id: "x") { orders(where: {colour: "red"}) { totalCount } } }',
    "an instant without zone": (
        '{ organisation(id: "x") { orders(where: {expiresBefore: "2026-11-22T09:30:00"}) { totalCount } } }'
    ),
    "a missing input field": "mutation { claimSharedOrder(input: {}) { userErrors { code } } }",
    "fields in conflict": "{ viewer { user { id id: name } } }",
    "two operations without names": f"{_USER} {_USER}",
    "two operations of one name": f"query a {_USER} query a {_USER}",
    "a mutation that is none": "mutation { deleteEverything { userErrors { code } } }",
    "an unknown operation type": "mutation { viewer { user { id } } }",
}


# Instants, each as the variable of an input that takes one.
NO_INSTANTS: dict[str, object] = {
    "a day": "2026-11-22",
    "no zone": "2026-11-22T09:30:00",
    "no seconds": "2026-11-22T09:30Z",
    "no separators": "20261122T093000Z",
    "a week": "2026-W47-7T09:30:00Z",
    "a word": "yesterday",
    "empty": "",
    "a number": 1763803800,
    "a fraction": 1763803800.5,
    "a truth": True,
    "an object": {},
    "the 30th of February": "2026-02-30T00:00:00Z",
    "the 25th hour": "2026-11-22T25:00:00Z",
    "hour 24": "2026-11-22T24:00:00Z",
    "a leap second": "2026-12-31T23:59:60Z",
    "the year 0": "0000-01-01T00:00:00Z",
    "the year 10000": "10000-01-01T00:00:00Z",
    "before the year 1 in UTC": "0001-01-01T00:00:00+14:00",
    "after the year 9999 in UTC": "9999-12-31T23:59:59-14:00",
    "a zone of a day": "2026-11-22T09:30:00+24:00",
    "a zone without colon": "2026-11-22T09:30:00+0530",
    "a zone by name": "2026-11-22T09:30:00 CET",
    "a comma": "2026-11-22T09:30:00,5Z",
    "ten digits": "2026-11-22T09:30:00.0123456789Z",
    "a dot alone": "2026-11-22T09:30:00.Z",
    "other digits": "٢٠٢٦-11-22T09:30:00Z",
    "a line break behind": "2026-11-22T09:30:00Z\n",
    "a blank before": " 2026-11-22T09:30:00Z",
    "a minus": "-2026-11-22T09:30:00Z",
}
INSTANTS = {
    "2999-11-22T09:30:00Z": "2999-11-22T09:30:00Z",
    "2999-11-22t09:30:00z": "2999-11-22T09:30:00Z",
    "2999-11-22 09:30:00Z": "2999-11-22T09:30:00Z",
    "2999-11-22T09:30:00-00:00": "2999-11-22T09:30:00Z",
    "2999-11-22T09:30:00+05:30": "2999-11-22T04:00:00Z",
    "2999-12-31T23:30:00-23:59": "3000-01-01T23:29:00Z",
    "2999-11-22T09:30:00.5Z": "2999-11-22T09:30:00.500000Z",
    "2999-11-22T09:30:00.123456789Z": "2999-11-22T09:30:00.123456Z",
    "2999-11-22T09:30:00.000000Z": "2999-11-22T09:30:00Z",
    "9999-12-31T23:59:59.999999Z": "9999-12-31T23:59:59.999999Z",
}

_TAKES_AN_ID = "query($it: ID!) { node(id: $it) { id } }"
_TAKES_A_SIZE = "query($it: Int) { viewer { sharedOrders(first: $it) { totalCount } } }"
_TAKES_A_BOX = "query($it: SharedOrderBox!) { viewer { sharedOrders(box: $it) { totalCount } } }"
_TAKES_A_FILTER = 'query($it: OrderFilter) { organisation(id: "x") { orders(where: $it) { totalCount } } }'
_TAKES_A_CURSOR = 'subscription($it: Cursor) { organisationEvents(organisationId: "x", after: $it) { sequence } }'
_TAKES_INPUT = "mutation($it: ClaimSharedOrderInput!) { claimSharedOrder(input: $it) { userErrors { code } } }"

NO_VALUES: dict[str, tuple[str, dict[str, Any]]] = {
    "a missing variable": (_TAKES_AN_ID, {}),
    "null where something must be": (_TAKES_AN_ID, {"it": None}),
    "an object for an id": (_TAKES_AN_ID, {"it": {}}),
    "a list for an id": (_TAKES_AN_ID, {"it": ["x"]}),
    "a truth for an id": (_TAKES_AN_ID, {"it": True}),
    "a fraction for an id": (_TAKES_AN_ID, {"it": 1.5}),
    "text for a number": (_TAKES_A_SIZE, {"it": "1"}),
    "a fraction for a number": (_TAKES_A_SIZE, {"it": 1.5}),
    "a truth for a number": (_TAKES_A_SIZE, {"it": True}),
    "a number of more than 32 bits": (_TAKES_A_SIZE, {"it": 2**31}),
    "a number of more than 64 bits": (_TAKES_A_SIZE, {"it": 2**64}),
    "an unknown word": (_TAKES_A_BOX, {"it": "STOLEN"}),
    "a word in small letters": (_TAKES_A_BOX, {"it": "received"}),
    "a number for a word": (_TAKES_A_BOX, {"it": 0}),
    "null for a word": (_TAKES_A_BOX, {"it": None}),
    "an unknown input field": (_TAKES_A_FILTER, {"it": {"colour": "red"}}),
    "text for an input": (_TAKES_A_FILTER, {"it": "red"}),
    "null in a list": (_TAKES_A_FILTER, {"it": {"types": ["A", None]}}),
    "a missing input field": (_TAKES_INPUT, {"it": {}}),
    "null for an input field": (_TAKES_INPUT, {"it": {"sharedOrderId": None}}),
}


def _code(body: dict[str, Any]) -> str:
    """Return the code of whatever went wrong, which must be all that a body tells."""
    assert body.get("data") is None, body
    assert all(error["message"] for error in body["errors"])
    [told] = {str(error["extensions"]) for error in body["errors"]}
    return told.removeprefix("{'code': '").removesuffix("'}")


async def test_a_document_that_is_no_graphql_fails_to_parse(world: World) -> None:
    answered = {kind: _code((await world.post("owner", text)).json()) for kind, text in PARSE_FAILED.items()}
    assert answered == dict.fromkeys(PARSE_FAILED, "GRAPHQL_PARSE_FAILED")


async def test_a_document_that_does_not_fit_the_schema_fails_validation(world: World) -> None:
    before = await world.dump()
    answered = {kind: _code((await world.post("owner", text)).json()) for kind, text in VALIDATION_FAILED.items()}
    assert answered == dict.fromkeys(VALIDATION_FAILED, "GRAPHQL_VALIDATION_FAILED")
    assert await world.dump() == before


async def test_variables_that_do_not_fit_are_bad_input(world: World) -> None:
    before, answered = await world.dump(), {}
    for kind, (document, variables) in NO_VALUES.items():
        body = (await world.post("owner", document, variables)).json()
        answered[kind] = _code(body)
        assert body["errors"][0]["message"].startswith("Variable '$it' has invalid value"), kind
    assert answered == dict.fromkeys(NO_VALUES, "BAD_USER_INPUT")
    assert await world.dump() == before


async def test_text_that_is_no_instant_is_bad_input(world: World) -> None:
    answered = {}
    for kind, value in NO_INSTANTS.items():
        body = (await world.post("owner", _TAKES_A_FILTER, {"it": {"expiresAfter": value}})).json()
        answered[kind] = _code(body)
        [error] = body["errors"]
        assert "A DateTime is RFC 3339 with a zone, such as 2026-11-22T09:30:00Z." in error["message"]
    assert answered == dict.fromkeys(NO_INSTANTS, "BAD_USER_INPUT")


async def test_an_instant_is_answered_in_utc_with_what_it_has_of_microseconds(world: World) -> None:
    [shared] = await world.share("recipient")
    answered = {}
    for text in INSTANTS:
        fields = "sharedOrder { claimWindow { closesAt } }"
        payload = await world.mutate("owner", "extendClaimWindow", fields, sharedOrderId=shared, closesAt=text)
        answered[text] = payload["sharedOrder"]["claimWindow"]["closesAt"]
    assert answered == INSTANTS


@pytest.mark.parametrize("value", [1, True, ["x"], {}])
async def test_a_log_cursor_that_is_no_text_is_bad_input(world: World, server: Server, value: object) -> None:
    async with terminal(server, world.token("owner")) as opened:
        await opened.subscribe(_TAKES_A_CURSOR, it=value)
        message = await opened.receive()
    assert message["type"] == "error"
    assert [error["extensions"] for error in message["payload"]] == [{"code": "BAD_USER_INPUT"}]


async def test_the_same_codes_come_over_a_socket_that_then_lives_on(world: World, server: Server) -> None:
    fields = "organisationEvents(organisationId: $it) { sequence }"
    bad: dict[str, tuple[str, dict[str, Any]]] = {
        "GRAPHQL_PARSE_FAILED": ("subscription { organisationEvents(", {}),
        "GRAPHQL_VALIDATION_FAILED": ("subscription { nothing }", {}),
        "BAD_USER_INPUT": (f"subscription($it: ID!) {{ {fields} }}", {"it": None}),
        "QUERY_TOO_COMPLEX": (f"subscription($it: ID!) {{ {fields} }} {_DEEP}", {"it": "x"}),
    }
    async with terminal(server, world.token("owner")) as opened:
        for code, (document, variables) in bad.items():
            await opened.subscribe(document, code, **variables)
            message = await opened.receive()
            assert (message["id"], message["type"]) == (code, "error")
            assert {error["extensions"]["code"] for error in message["payload"]} == {code}
        await opened.subscribe(_USER)
        assert set((await opened.next_data())["viewer"]["user"]) == {"id"}
