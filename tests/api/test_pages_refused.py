"""Page arguments that no list accepts: sizes, both ends at once, and cursors of something else."""

import base64
import json
from typing import Any

import pytest

from tests.world import World

# Each list that has pages, as a field with `%s` where its arguments go; `$id` is an organisation or an order.
_IN_ORGANISATION = "query($id: ID!) { organisation(id: $id) { list: %s { nodes { __typename } } } }"
_IN_ORDER = "query($id: ID!) { order(id: $id) { list: %s { nodes { __typename } } } }"
_IN_VIEWER = "query { viewer { list: %s { nodes { __typename } } } }"
LISTS = {
    "orders": _IN_ORGANISATION,
    "members": _IN_ORGANISATION,
    "sharedOrders": _IN_ORDER,
    "processingResults": _IN_ORDER,
    "history": _IN_ORDER,
    "viewer's sharedOrders": _IN_VIEWER,
}


async def _errors(world: World, name: str, arguments: str) -> list[dict[str, Any]]:
    outer, variables = LISTS[name], {}
    if outer != _IN_VIEWER:
        variables["id"] = await (world.organisation_id() if outer == _IN_ORGANISATION else world.order_id())
    body = (await world.post("owner", outer % f"{name.rsplit(maxsplit=1)[-1]}({arguments})", variables)).json()
    errors: list[dict[str, Any]] = body.get("errors", [])
    return [{key: error[key] for key in ("message", "path", "extensions")} for error in errors]


def _bad_input(name: str, message: str) -> list[dict[str, Any]]:
    parent = {_IN_ORGANISATION: "organisation", _IN_ORDER: "order", _IN_VIEWER: "viewer"}[LISTS[name]]
    return [{"message": message, "path": [parent, "list"], "extensions": {"code": "BAD_USER_INPUT"}}]


@pytest.mark.parametrize("name", LISTS)
async def test_a_page_holds_one_to_a_hundred_entries(world: World, name: str) -> None:
    for size in (0, -1, 101, 2**31 - 1, -(2**31)):
        assert await _errors(world, name, f"first: {size}") == _bad_input(name, "`first` must be 1 to 100.")
    for size in (1, 100):
        assert await _errors(world, name, f"first: {size}") == []
    assert await _errors(world, name, "first: null, after: null") == []


async def test_the_last_page_holds_one_to_a_hundred_entries(world: World) -> None:
    for size in (0, -1, 101):
        assert await _errors(world, "orders", f"last: {size}") == _bad_input("orders", "`last` must be 1 to 100.")
    for size in (1, 100):
        assert await _errors(world, "orders", f"last: {size}, first: null, before: null") == []


async def test_first_and_last_together_are_refused(world: World) -> None:
    refused = _bad_input("orders", "Give `first` or `last`, not both.")
    for arguments in ("first: 1, last: 1", "first: 101, last: 0", "last: 5, first: 5, orderBy: EXPIRES_AT"):
        assert await _errors(world, "orders", arguments) == refused


def cursor(*content: Any) -> str:
    """Return text of the form of a page cursor."""
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


ID = "01900000000070008000000000000000"
KEYS: dict[str, tuple[Any, ...]] = {
    "orders": ("TYPE_PRIORITY", 1, 1, ID),
    "members": ("members", ID),
    "sharedOrders": ("shared-orders", ID),
    "processingResults": ("results", 1),
    "history": ("history", 1),
    "viewer's sharedOrders": ("shared-orders", ID),
}
NO_CURSORS = {
    "empty": "",
    "no base64": "not a cursor!",
    "not ASCII": "💥",
    "no JSON": base64.b64encode(b"{").decode(),
    "not UTF-8": base64.b64encode(b'["orders", "\xff"]').decode(),
    "JSON of another kind": base64.b64encode(b"1").decode(),
    "an object": base64.b64encode(b'{"name": 1}').decode(),
    "nothing in it": cursor(),
    "a deep list": base64.b64encode(b"[" * 3000 + b"]" * 3000).decode(),
    "a number for a name": cursor(1, 1, 1),
    "a list for a name": cursor(["orders"], 1),
    "another list": cursor("EXPIRES_AT", 1, ID),
}


def _spoilt(keys: tuple[Any, ...]) -> dict[str, str]:
    """Return cursors that are almost right."""
    name, *places = keys
    last = places[-1]
    return {
        "a key too many": cursor(*keys, 1),
        "a key too few": cursor(*keys[:-1]),
        "null": cursor(*keys[:-1], None),
        "a truth": cursor(*keys[:-1], True),
        "a fraction": cursor(*keys[:-1], 1.5),
        "a list": cursor(*keys[:-1], [last]),
        "no UUID": cursor(*keys[:-1], "nonsense"),
        "a number too large for any database": cursor(name, *(2**63 for _ in places)),
        "a number too small for any database": cursor(name, *(-(2**63) - 1 for _ in places)),
        "a number without end": cursor(name, *(10**400 for _ in places)),
        "kinds of keys exchanged": cursor(name, *(1 if isinstance(key, str) else ID for key in places)),
        "NUL": cursor(name, *("\x00" for _ in places)),
    }


@pytest.mark.parametrize("name", LISTS)
async def test_a_cursor_that_is_none_of_this_list_is_refused(world: World, name: str) -> None:
    assert await _errors(world, name, f'after: "{cursor(*KEYS[name])}"') == []
    refused = _bad_input(name, "`after` is not a cursor of this list.")
    for kind, text in {**NO_CURSORS, **_spoilt(KEYS[name])}.items():
        assert await _errors(world, name, f"after: {json.dumps(text, ensure_ascii=False)}") == refused, kind
    for other, keys in KEYS.items():
        if keys[0] != KEYS[name][0]:
            assert await _errors(world, name, f'after: "{cursor(*keys)}"') == refused, other


async def test_what_is_no_cursor_after_is_none_before_either(world: World) -> None:
    refused = _bad_input("orders", "`before` is not a cursor of this list.")
    for kind, text in NO_CURSORS.items():
        before = json.dumps(text, ensure_ascii=False)
        assert await _errors(world, "orders", f"last: 1, before: {before}") == refused, kind


async def test_a_cursor_of_another_sort_is_refused(world: World) -> None:
    sorts = {
        "TYPE_PRIORITY": (1, 1, ID),
        "EXPIRES_AT": (1, ID),
        "EFFECTIVE_AT_DESC": (1, ID),
        "PREMIUM_DESC": (1, ID),
    }
    refused = _bad_input("orders", "`after` is not a cursor of this list.")
    for by in sorts:
        for of, keys in sorts.items():
            errors = await _errors(world, "orders", f'orderBy: {by}, after: "{cursor(of, *keys)}"')
            assert errors == ([] if of == by else refused), (by, of)


async def test_a_cursor_at_either_end_of_64_bits_is_a_place_like_any_other(world: World) -> None:
    document = "query($id: ID!, $after: String) { organisation(id: $id) { orders(after: $after) { nodes { id } } } }"
    organisation = await world.organisation_id()
    for newest_first, count in ((-(2**63), 5), (2**63 - 1, 0)):
        after = cursor("TYPE_PRIORITY", 10, newest_first, ID)
        asked = await world.ask("owner", document, id=organisation, after=after)
        assert len(asked["organisation"]["orders"]["nodes"]) == count


async def test_a_cursor_with_a_priority_that_no_type_can_have_is_no_fault_of_ours(world: World) -> None:
    for priority in (2**31, -(2**31) - 1, 2**63 - 1, -(2**63)):
        errors = await _errors(world, "orders", f'after: "{cursor("TYPE_PRIORITY", priority, 0, ID)}"')
        assert errors in ([], _bad_input("orders", "`after` is not a cursor of this list."))
