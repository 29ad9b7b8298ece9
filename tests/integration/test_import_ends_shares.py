"""What an import of an order does to what is shared of it."""

from sqlmodel import col, select

from db.people_tables import UserRow
from db.sharing_tables import SharedOrderRow
from domain.vocabulary import ErrorCode, OrderStatus, SharedOrderStatus
from tests.integration.imports import CHANGED, IMPORTED, SHARED, counts, import_as, log_of, order, refusals, user_uuid
from tests.world import World

OFFERED, CLAIMED = SharedOrderStatus.OFFERED, SharedOrderStatus.CLAIMED
REVOKED = SharedOrderStatus.REVOKED


async def shares(world: World) -> dict[str, SharedOrderStatus]:
    async with world.database.read() as session:
        statement = select(UserRow.reference, col(SharedOrderRow.status)).join(
            SharedOrderRow, col(SharedOrderRow.recipient_id) == col(UserRow.id)
        )
        return dict((await session.exec(statement)).all())


async def offer_and_claim(world: World) -> None:
    """Let one member hold the order and another have an offer of it."""
    [claimed, _] = await world.share("recipient", "member")
    await world.claim("recipient", claimed)


async def test_an_order_that_is_cancelled_revokes_its_offers_and_keeps_its_claimed_shares(world: World) -> None:
    await offer_and_claim(world)
    logged = len(await log_of(world.database))

    assert counts(await import_as(world, "admin", order(status=OrderStatus.CANCELLED))) == (0, 1, 0)

    assert await shares(world) == {"recipient": CLAIMED, "member": REVOKED}
    assert (await world.order_row()).shares_claimed == 1
    told = (await log_of(world.database))[logged:]
    assert [(entry.kind, entry.version, entry.actor) for entry in told] == [
        (CHANGED, 2, "admin"),
        (SHARED, 2, "admin"),
    ]
    assert told[1].payload == {"previous_status": "OFFERED", "status": "REVOKED"}


async def test_an_order_that_lapses_and_comes_back_in_one_call_has_lost_its_offers(world: World) -> None:
    await offer_and_claim(world)

    lapsed = order(status=OrderStatus.LAPSED)
    assert counts(await import_as(world, "admin", lapsed, order())) == (0, 2, 0)

    assert await shares(world) == {"recipient": CLAIMED, "member": REVOKED}
    assert (await world.order_row()).status is OrderStatus.IN_FORCE


async def test_an_order_that_is_suspended_keeps_its_offers(world: World) -> None:
    await offer_and_claim(world)

    await import_as(world, "admin", order(status=OrderStatus.SUSPENDED))

    assert await shares(world) == {"recipient": CLAIMED, "member": OFFERED}


async def test_a_recipient_who_becomes_the_owner_gives_their_seat_back(world: World) -> None:
    await offer_and_claim(world)
    logged = len(await log_of(world.database))

    assert counts(await import_as(world, "admin", order(owner="recipient"))) == (0, 1, 0)

    row = await world.order_row()
    assert (row.owner_id, row.shares_claimed, row.version) == (await user_uuid(world, "recipient"), 0, 2)
    assert await shares(world) == {"recipient": REVOKED, "member": OFFERED}
    told = (await log_of(world.database))[logged:]
    assert [(entry.kind, entry.version) for entry in told] == [(IMPORTED, 2), (SHARED, 2)]
    assert told[1].payload == {"previous_status": "CLAIMED", "status": "REVOKED"}


async def test_the_seat_that_the_new_owner_gives_back_does_not_count_as_taken(world: World) -> None:
    await offer_and_claim(world)

    assert counts(await import_as(world, "admin", order(owner="recipient", max_shares=0))) == (0, 1, 0)

    row = await world.order_row()
    assert (row.max_shares, row.shares_claimed) == (0, 0)


async def test_a_seat_of_anybody_else_counts_as_taken_when_the_owner_changes(world: World) -> None:
    await offer_and_claim(world)
    before = await world.dump()

    answer = await import_as(world, "admin", order(owner="member", max_shares=0))

    assert refusals(answer) == [(ErrorCode.INVALID_INPUT, ("orders", "0", "max_shares"))]
    assert await world.dump() == before


async def test_the_owner_who_is_named_again_keeps_what_others_hold(world: World) -> None:
    await offer_and_claim(world)

    await import_as(world, "admin", order(title="Other"))

    assert await shares(world) == {"recipient": CLAIMED, "member": OFFERED}
    assert (await world.order_row()).shares_claimed == 1
