"""Which orders an import refuses, and that a refused one changes nothing."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from domain.errors import DomainError
from domain.vocabulary import ErrorCode
from tests.integration.imports import counts, import_as, order, refusals
from tests.world import BEGAN, World

INVALID, NOT_A_MEMBER = ErrorCode.INVALID_INPUT, ErrorCode.NOT_A_MEMBER
MICROSECOND = timedelta(microseconds=1)
FIRST_DAY = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))
LAST_DAY = datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-12)))


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"type": "UNKNOWN"}, INVALID, ("type",)),
        ({"type": "hospital"}, INVALID, ("type",)),
        ({"type": "NUL\x00"}, INVALID, ("type",)),
        ({"owner": "nobody"}, NOT_A_MEMBER, ("owner_reference",)),
        ({"owner": "outsider"}, NOT_A_MEMBER, ("owner_reference",)),
        ({"owner": "NUL\x00"}, INVALID, ("owner_reference",)),
        ({"owner": "\ud800"}, INVALID, ("owner_reference",)),
        ({"reference": ""}, INVALID, ("reference",)),
        ({"reference": "R" * 201}, INVALID, ("reference",)),
        ({"title": " padded"}, INVALID, ("title",)),
        ({"premium_minor": -1}, INVALID, ("premium", "amount_minor")),
        ({"premium_minor": 2**31}, INVALID, ("premium", "amount_minor")),
        ({"currency": "eur"}, INVALID, ("premium", "currency")),
        ({"max_shares": -1}, INVALID, ("max_shares",)),
        ({"max_shares": 10_001}, INVALID, ("max_shares",)),
        ({"expires_at": BEGAN - MICROSECOND}, INVALID, ("expires_at",)),
        ({"effective_at": FIRST_DAY}, INVALID, ("effective_at",)),
        ({"expires_at": LAST_DAY}, INVALID, ("expires_at",)),
    ],
)
async def test_a_row_that_cannot_hold_is_refused_by_its_position_and_changes_nothing(
    world: World, change: dict[str, Any], code: ErrorCode, field: tuple[str, ...]
) -> None:
    before = await world.dump()

    answer = await import_as(world, "admin", order(), order(**{"reference": "NEW-1"} | change))

    assert refusals(answer) == [(code, ("orders", "1", *field))]
    assert (answer.imported, answer.updated, answer.unchanged) == (0, 0, 1)
    assert await world.dump() == before


async def test_rows_beside_a_refused_one_are_kept(world: World) -> None:
    answer = await import_as(
        world,
        "admin",
        order("NEW-1", type="UNKNOWN"),
        order("NEW-2"),
        order("NEW-3", owner="nobody"),
        order(title="Other"),
    )

    assert refusals(answer) == [(INVALID, ("orders", "0", "type")), (NOT_A_MEMBER, ("orders", "2", "owner_reference"))]
    assert (answer.imported, answer.updated, answer.unchanged) == (1, 1, 0)
    assert (await world.order_row("NEW-2")).version == 1


async def test_a_refused_row_does_not_count_as_imported(world: World) -> None:
    await import_as(world, "admin", order(title="Other", max_shares=10_001))

    assert counts(await import_as(world, "admin", order())) == (0, 0, 1)


async def test_the_end_of_the_cover_is_judged_by_the_order_as_it_would_be(world: World) -> None:
    renewed = datetime(2028, 1, 1, tzinfo=UTC)
    await world.process("owner", await world.order_id(), "RENEW", newExpiresAt=renewed.isoformat())
    before = await world.dump()

    answer = await import_as(world, "admin", order(effective_at=renewed + MICROSECOND))

    assert refusals(answer) == [(INVALID, ("orders", "0", "expires_at"))]
    assert await world.dump() == before


async def test_fewer_seats_than_are_taken_are_refused(world: World) -> None:
    for recipient in ("recipient", "member"):
        [shared] = await world.share(recipient)
        await world.claim(recipient, shared)
    before = await world.dump()

    answer = await import_as(world, "admin", order(max_shares=1, title="Other"))

    assert refusals(answer) == [(INVALID, ("orders", "0", "max_shares"))]
    assert await world.dump() == before
    assert counts(await import_as(world, "admin", order(max_shares=3))) == (0, 1, 0)
    assert counts(await import_as(world, "admin", order(max_shares=2))) == (0, 1, 0)


@pytest.mark.parametrize(
    ("viewer", "code"), [("member", ErrorCode.FORBIDDEN), ("outsider", ErrorCode.NOT_FOUND)], ids=["member", "outsider"]
)
async def test_only_an_admin_of_the_organisation_imports(world: World, viewer: str, code: ErrorCode) -> None:
    before = await world.dump()

    with pytest.raises(DomainError) as refused:
        await import_as(world, viewer, order("NEW-1"))

    assert (refused.value.code, refused.value.path) == (code, ("organisation_id",))
    assert await world.dump() == before


async def test_more_than_a_thousand_orders_at_once_are_refused_as_a_whole(world: World) -> None:
    before = await world.dump()

    with pytest.raises(DomainError) as refused:
        await import_as(world, "admin", *(order(f"NEW-{number}") for number in range(1001)))

    assert (refused.value.code, refused.value.path) == (INVALID, ("orders",))
    assert await world.dump() == before


async def test_an_order_of_another_organisation_is_out_of_reach_by_its_reference(world: World) -> None:
    before = await world.order_row("O-outsider")

    assert counts(await import_as(world, "admin", order("O-outsider", title="Mine"))) == (1, 0, 0)

    async with world.database.read() as session:
        assert (await session.get_one(type(before), before.id)).title == "Cover O-outsider"


async def test_news_about_the_order_of_a_removed_owner_is_applied_but_they_get_no_new_one(world: World) -> None:
    await world.mutate(
        "admin",
        "removeMember",
        "organisation { id }",
        organisationId=await world.organisation_id(),
        userId=await world.user_id("owner"),
    )

    answer = await import_as(world, "admin", order(), order("NEW-1"))
    assert (answer.unchanged, refusals(answer)) == (1, [(NOT_A_MEMBER, ("orders", "1", "owner_reference"))])

    assert counts(await import_as(world, "admin", order(title="Other"))) == (0, 1, 0)
    assert (await world.order_row()).title == "Other"
