"""What an operation may cost, what the answer tells of it, and what becomes of who has spent too much."""

from typing import Any
from uuid import uuid4

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import Close

from db.database import Database
from tests.listening import Ear
from tests.served_world import Server, serving, terminal
from tests.world import World, body_of

_WHO = "{ viewer { user { reference } } }"
_ORDERS = "query($id: ID!, $first: Int) { organisation(id: $id) { orders(first: $first) { nodes { id } } } }"


async def test_an_answer_tells_what_was_asked_for_and_what_is_allowed(world: World) -> None:
    told = []
    for size in (1, 50, 100, 1):
        variables = {"id": await world.organisation_id(), "first": size}
        told.append((await world.post("owner", _ORDERS, variables)).json()["extensions"])
    assert told == [{"cost": {"requested": 2 + size, "allowed": 35_000}} for size in (1, 50, 100, 1)]


async def test_what_may_cost_too_much_is_refused_before_anything_is_done(database: Database) -> None:
    world = World(database, max_cost=40)
    await world.populate()
    [shared] = await world.share("recipient")
    before = await world.dump()
    claim = f'claimSharedOrder(input: {{sharedOrderId: "{shared}"}}) {{ sharedOrder {{ id }} }}'
    for _ in range(2):
        refused = await world.post("recipient", f"mutation {{ a: {claim} b: {claim} c: {claim} d: {claim} }}")
        assert refused.json() == {
            "errors": [
                {
                    "message": "The operation may cost 48; at most 40 is allowed. Ask for smaller pages.",
                    "extensions": {"code": "QUERY_TOO_COMPLEX"},
                }
            ],
            "extensions": {"cost": {"requested": 48, "allowed": 40}},
        }
    assert await world.dump() == before
    assert (await world.claim("recipient", shared))["codes"] == []
    await world.http.aclose()


async def test_a_known_operation_is_judged_by_the_variables_of_each_request(database: Database) -> None:
    world = World(database, max_cost=30)
    await world.populate()
    organisation = await world.organisation_id()
    codes = []
    for size in (20, 100, 20, 29):
        body = (await world.post("owner", _ORDERS, {"id": organisation, "first": size})).json()
        codes.append([error["extensions"]["code"] for error in body.get("errors", [])])
    assert codes == [[], ["QUERY_TOO_COMPLEX"], [], ["QUERY_TOO_COMPLEX"]]
    await world.http.aclose()


async def _populated(database: Database, **settings: Any) -> World:
    """Return a world whose server knows the small document: nobody there pays for its preparation."""
    world = World(database, **settings)
    await world.populate()
    await _make_known(database, _WHO)
    return world


async def _make_known(database: Database, *documents: str) -> None:
    """Have documents executed for a user without a budget."""
    world = World(database, user_budget="")
    async with serving(world) as server, terminal(server, world.token("admin")) as opened:
        for number, document in enumerate((*documents, _WHO)):
            await opened.subscribe(document, str(number))
        while (await opened.receive())["id"] != str(len(documents)):
            pass
    await world.http.aclose()


@pytest.mark.parametrize(
    ("document", "price", "code"),
    [
        ("{ viewer { user { nam: reference } } }", 1_000 + 250 * 11 + 2 * 38, None),
        ("{ viewer { user { nothing } } }", 1_000 + 250 * 9 + 2 * 31, "GRAPHQL_VALIDATION_FAILED"),
        ('{ viewer { user("', 1_000 + 250 * 6 + 2 * 17, "GRAPHQL_PARSE_FAILED"),
        ("#" * 65_537, 1_000, "QUERY_TOO_COMPLEX"),
    ],
)
async def test_a_document_that_is_not_known_is_paid_for_before_it_is_prepared_whatever_becomes_of_it(
    database: Database, document: str, price: int, code: str | None
) -> None:
    document = document.replace("nam", f"n{uuid4().hex[:2]}") if code is None else document
    world = await _populated(database, user_budget="9999 per hour")
    answer = (await world.post("owner", document)).json()
    assert [error["extensions"]["code"] for error in answer.get("errors", [])] == ([] if code is None else [code])
    executed = answer["extensions"]["cost"]["requested"] if code is None else 0
    assert executed == (2 if code is None else 0)
    left = (await world.post("owner", _WHO)).json()["extensions"]["cost"]["remaining"]
    assert left == 9_999 - price - executed - 2
    await world.http.aclose()


async def test_what_the_budget_does_not_suffice_for_is_not_prepared(database: Database) -> None:
    world = await _populated(database, user_budget="2500 per hour")
    refused = await world.post("owner", "{ viewer { nothing } }")
    seconds = int(refused.headers["retry-after"])
    assert refused.status_code == 429
    assert refused.json() == {
        "errors": [
            {
                "message": f"The budget does not suffice for a cost of 2544; try again in {seconds} seconds.",
                "extensions": {"code": "RATE_LIMITED", "retryAfter": seconds},
            }
        ],
    }
    await world.http.aclose()


async def test_who_has_spent_their_budget_is_told_when_it_is_full_again_and_others_are_served(
    database: Database,
) -> None:
    world = await _populated(database, user_budget="5 per hour")
    answers = [await world.post("owner", _WHO) for _ in range(2)]
    assert [answer.json()["extensions"]["cost"]["remaining"] for answer in answers] == [3, 1]
    for _ in range(2):
        refused = await world.post("owner", _WHO)
        seconds = int(refused.headers["retry-after"])
        assert refused.status_code == 429
        assert 3_590 < seconds <= 3_600
        assert refused.json() == {
            "errors": [
                {
                    "message": f"The budget does not suffice for a cost of 2; try again in {seconds} seconds.",
                    "extensions": {"code": "RATE_LIMITED", "retryAfter": seconds},
                }
            ],
            "extensions": {"cost": {"requested": 2, "allowed": 35_000, "remaining": 0}},
        }
    other = await world.post("member", _WHO)
    assert body_of(other) == {"data": {"viewer": {"user": {"reference": "member"}}}}
    await world.http.aclose()


async def test_the_users_of_an_organisation_share_its_budget_and_another_one_has_its_own(database: Database) -> None:
    world = await _populated(database, organisation_budget="5 per hour")
    statuses = [(await world.post(name, _WHO)).status_code for name in ("owner", "member", "admin", "outsider")]
    assert statuses == [200, 200, 429, 200]
    await world.http.aclose()


async def test_a_refused_mutation_of_a_spent_budget_changes_nothing(database: Database) -> None:
    world = await _populated(database, user_budget="")
    [shared] = await world.share("recipient")
    before = await world.dump()
    spent = World(database, user_budget="1 per hour")
    claim = f'mutation {{ claimSharedOrder(input: {{sharedOrderId: "{shared}"}}) {{ sharedOrder {{ id }} }} }}'
    for _ in range(2):
        assert (await spent.post("recipient", claim)).status_code == 429
    assert await world.dump() == before
    await world.http.aclose()
    await spent.http.aclose()


async def test_a_budget_holds_over_a_socket_too(database: Database) -> None:
    world = await _populated(database, user_budget="3 per hour")
    async with serving(world) as server, terminal(server, world.token("owner")) as opened:
        answers = []
        for number in range(2):
            await opened.subscribe(_WHO, str(number))
            answers.append(await opened.receive())
            if answers[-1]["type"] == "next":
                assert await opened.receive() == {"id": str(number), "type": "complete"}
        events = f'subscription {{ organisationEvents(organisationId: "{await world.organisation_id()}") {{ id }} }}'
        await opened.subscribe(events, "events")
        answers.append(await opened.receive())
    assert [answer["type"] for answer in answers] == ["next", "error", "error"]
    assert answers[0]["payload"]["extensions"] == {"cost": {"requested": 2, "allowed": 35_000, "remaining": 1}}
    assert [answer["payload"][0]["extensions"]["code"] for answer in answers[1:]] == ["RATE_LIMITED"] * 2
    await world.http.aclose()


async def test_one_socket_has_so_many_operations_under_way_and_one_user_so_many_sockets(database: Database) -> None:
    world = await _populated(database, max_subscriptions_per_socket=2, max_sockets_per_user=2)
    events = f'subscription {{ organisationEvents(organisationId: "{await world.organisation_id()}") {{ id }} }}'
    async with serving(world) as server, terminal(server, world.token("owner")) as first:
        for number in range(3):
            await first.subscribe(events, str(number))
        refused = await first.receive()
        assert (refused["id"], refused["type"]) == ("2", "error")
        assert refused["payload"][0]["extensions"] == {"code": "RATE_LIMITED"}
        await first.send(id="0", type="complete")
        await first.subscribe(_WHO, "3")
        assert (await first.next_data())["viewer"] == {"user": {"reference": "owner"}}
        async with terminal(server, world.token("owner")):
            assert await _is_turned_away(server, world, "owner")
            assert not await _is_turned_away(server, world, "member")
        assert not await _is_turned_away(server, world, "owner")
    await world.http.aclose()


async def _is_turned_away(server: Server, world: World, viewer: str) -> bool:
    """Return whether a socket closes with 1013 instead of being opened."""
    try:
        async with terminal(server, world.token(viewer)):
            return False
    except ConnectionClosed as closed:
        return closed.rcvd == Close(1013, "Too many sockets of this user")


@pytest.mark.parametrize(("budget", "paid_for"), [("5 per hour", 4), ("", 8)])
async def test_one_who_listens_pays_for_events_until_their_budget_is_spent(
    database: Database, budget: str, paid_for: int
) -> None:
    world = await _populated(database, user_budget=budget)
    events = f'subscription {{ organisationEvents(organisationId: "{await world.organisation_id()}") {{ sequence }} }}'
    await _make_known(database, events)
    other = World(database, user_budget="")
    ear = Ear(world)
    async with serving(world) as server, terminal(server, world.token("admin")) as opened:
        await ear.subscribe(opened, events)
        heard: list[int] = []
        for action in ("REPORT_LOSS", "REJECT_LOSS") * 4:
            assert (await other.process("owner", await other.order_id(), action))["codes"] == []
            if len(heard) < paid_for:
                heard.append((await opened.next_data())["organisationEvents"]["sequence"])
        await opened.subscribe(_WHO, "2")
        message = await opened.receive()
    # Events are charged to the budget of operations.
    assert (message["id"], message["type"]) == ("2", "error" if budget else "next")
    assert heard == list(range(heard[0], heard[0] + paid_for))
    await world.http.aclose()
    await other.http.aclose()


async def test_a_document_that_is_named_and_not_known_is_paid_for_too(database: Database) -> None:
    world = await _populated(database, user_budget="9999 per hour")
    asked = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}}
    answer = await world.http.post("/graphql", json=asked, headers={"Authorization": f"Bearer {world.token('owner')}"})
    assert [error["extensions"]["code"] for error in answer.json()["errors"]] == ["PERSISTED_QUERY_NOT_FOUND"]
    left = (await world.post("owner", _WHO)).json()["extensions"]["cost"]["remaining"]
    assert left == 9_999 - 1_000 - 2
    await world.http.aclose()


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"query": "{ viewer { user { id } } }"}', "text/plain", 415),
        (b" " * 300_000, "application/json", 413),
    ],
    ids=["no JSON", "no object", "another type", "too long"],
)
async def test_a_request_that_cannot_be_read_is_paid_for_until_the_budget_is_spent(
    database: Database, body: bytes, content_type: str, status: int
) -> None:
    world = await _populated(database, user_budget="2500 per hour")

    async def send(viewer: str) -> tuple[int, list[str]]:
        headers = {"Authorization": f"Bearer {world.token(viewer)}", "Content-Type": content_type}
        answer = await world.http.post("/graphql", content=body, headers=headers)
        return answer.status_code, [error["extensions"]["code"] for error in answer.json()["errors"]]

    assert [await send("owner") for _ in range(3)] == [*[(status, ["BAD_USER_INPUT"])] * 2, (429, ["RATE_LIMITED"])]
    assert await send("member") == (status, ["BAD_USER_INPUT"])
    await world.http.aclose()
