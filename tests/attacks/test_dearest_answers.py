"""The dearest answers that are allowed, over thousands of orders and shares, leave others served."""

from datetime import UTC, datetime, timedelta
from typing import Any

from db.sharing_tables import SharedOrderRow
from domain.vocabulary import SharePermission
from schema.global_id import decode_node_id
from tests.attacks.harness import withstands
from tests.attacks.raw_client import Answer, connected
from tests.attacks.served import Served
from tests.world import World, row

_ORDERS = 2_000
_SHARED = 100
_MEMBERS = 21


async def _fill(world: World) -> None:
    """Make many orders, and share the dearest hundred of them with everybody."""
    people = [f"person-{number:02}" for number in range(_MEMBERS)]
    rows = [row(f"D-{number:04}", people[number % _MEMBERS], premium_minor=2**30 - number) for number in range(_ORDERS)]
    await world.import_rows(*rows)
    users = {name: decode_node_id(await world.user_id(name))[1] for name in people}
    orders = [await world.order_row(f"D-{number:04}") for number in range(_SHARED)]
    now = datetime.now(UTC)

    async def share(session: Any) -> None:
        for order in orders:
            for recipient in users.values():
                if recipient != order.owner_id:
                    session.add(
                        SharedOrderRow(
                            organisation_id=order.organisation_id,
                            order_id=order.id,
                            sender_id=order.owner_id,
                            recipient_id=recipient,
                            permission=SharePermission.VIEW,
                            opens_at=now,
                            closes_at=now + timedelta(days=1),
                            created_at=now,
                        )
                    )

    await world.database.write(share)


_ORDER = "id title status version availableActions viewerCanShare owner { id name } type { code name }"
_SHARE = "id status message permission availableActions sender { name } recipient { name }"
_DEAREST = {
    "pages of pages": (
        f"orders(first: 100, orderBy: PREMIUM_DESC) {{ nodes {{ {_ORDER} sharedOrders(first: 70) {{"
        f" nodes {{ {_SHARE} }} }} }} }}"
    ),
    "pages side by side": " ".join(
        f"x{each}: orders(first: 100, orderBy: PREMIUM_DESC) {{ nodes {{ {_ORDER}"
        f" sharedOrders(first: {20 + each}) {{ nodes {{ {_SHARE} }} }} }} }}"
        for each in range(3)
    ),
    "many pages of orders": " ".join(
        f"x{each}: orders(first: {100 - each % 5}) {{ nodes {{ {_ORDER} organisation {{ name }} }} }}"
        for each in range(36)
    ),
    "counts": " ".join(f'x{each}: orders(where: {{search: "{each % 10}"}}) {{ totalCount }}' for each in range(90)),
}


async def test_the_dearest_answers_leave_others_served(world: World, serves_world: Served) -> None:
    await _fill(world)
    organisation = await world.organisation_id()
    for name, fields in _DEAREST.items():

        def attack(number: int, fields: str = fields) -> Answer:
            with connected(serves_world.port, serves_world.token("admin")) as client:
                return client.ask(
                    f"#{number}\nquery($id: ID!) {{ organisation(id: $id) {{ {fields} }} }}", {"id": organisation}
                )

        answer = withstands(serves_world, attack, within=None)
        assert (answer.status, answer.codes) == (200, set()), (name, answer.body[:300])
