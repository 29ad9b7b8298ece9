"""Imports of a thousand rows, by many at once: they are paid for by row, and others are served meanwhile."""

from concurrent.futures import ThreadPoolExecutor

from tests.attacks.harness import withstands
from tests.attacks.raw_client import Answer, connected
from tests.attacks.served import Served
from tests.world import World

_IMPORT = "mutation($input: ImportOrdersInput!) { importOrders(input: $input) { imported userErrors { code } } }"
_CLIENTS = 4


def _row(number: int) -> dict[str, object]:
    return {
        "reference": f"N-{number}",
        "ownerReference": "owner",
        "type": "HOSPITAL",
        "title": f"Cover {number}",
        "premium": {"amountMinor": 1250, "currency": "EUR"},
        "status": "IN_FORCE",
        "effectiveAt": "2026-01-01T00:00:00Z",
        "expiresAt": None,
        "maxShares": 2,
    }


async def test_imports_of_a_thousand_rows_by_a_member_who_may_not_leave_others_served(
    world: World, serves_world: Served
) -> None:
    place, before = await world.organisation_id(), await world.dump()
    given = {"input": {"organisationId": place, "orders": [_row(number) for number in range(1_000)]}}

    def send(_: int) -> list[Answer]:
        with connected(serves_world.port, serves_world.token("owner")) as client:
            return [client.ask(_IMPORT, given) for _ in range(5)]

    def attack(_: int) -> list[Answer]:
        with ThreadPoolExecutor(_CLIENTS) as pool:
            return [answer for answers in pool.map(send, range(_CLIENTS)) for answer in answers]

    for answer in withstands(serves_world, attack, within=None):
        assert answer.json == {
            "data": {"importOrders": {"imported": 0, "userErrors": [{"code": "FORBIDDEN"}]}},
            "extensions": {"cost": {**answer.json["extensions"]["cost"], "requested": 11 + 10 + 10 * 990}},
        }
    assert await world.dump() == before
