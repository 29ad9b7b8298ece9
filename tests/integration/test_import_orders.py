"""What an import does to orders."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.sweeper import sweep
from domain.vocabulary import OrderStatus, StatusCause
from tests.integration.imports import CHANGED, IMPORTED, Entry, counts, import_as, log_of, order, user_uuid
from tests.world import BEGAN, World

LATER = datetime(2028, 1, 1, tzinfo=UTC)


async def test_a_new_order_comes_at_version_one_and_is_logged_once(world: World) -> None:
    before = len(await log_of(world.database))

    answer = await import_as(world, "admin", order("NEW-1", expires_at=LATER))

    assert counts(answer) == (1, 0, 0)
    assert (await log_of(world.database))[before:] == [Entry(IMPORTED, "NEW-1", 1, "admin", {})]
    row = await world.order_row("NEW-1")
    assert (row.version, row.status, row.reason_cause) == (1, OrderStatus.IN_FORCE, StatusCause.IMPORTED)
    assert (row.owner_id, row.reason_actor_id) == (await user_uuid(world, "owner"), await user_uuid(world, "admin"))
    assert (row.title, row.search_title, row.search_reference) == ("Cover NEW-1", "cover new-1", "new-1")
    assert (row.effective_at, row.expires_at, row.max_shares) == (BEGAN, LATER, 2)
    assert (row.type_code, row.type_priority, row.premium_minor, row.currency) == ("HOSPITAL", 10, 1250, "EUR")
    assert row.created_at == row.updated_at == row.reason_at


async def test_a_row_equal_to_the_one_imported_last_changes_nothing(world: World) -> None:
    before = await world.dump()

    assert counts(await import_as(world, "admin", order())) == (0, 0, 1)

    assert await world.dump() == before


async def test_the_same_instant_in_another_zone_is_an_equal_row(world: World) -> None:
    before = await world.dump()
    elsewhere = BEGAN.astimezone(tz=datetime.fromisoformat("2026-01-01T00:00:00+08:00").tzinfo)

    assert counts(await import_as(world, "admin", order(effective_at=elsewhere))) == (0, 0, 1)

    assert await world.dump() == before


@pytest.mark.parametrize(
    ("change", "becomes"),
    [
        ({"title": "Ärztliche Hilfe"}, {"title": "Ärztliche Hilfe", "search_title": "ärztliche hilfe"}),
        ({"premium_minor": 0}, {"premium_minor": 0}),
        ({"currency": "CNY"}, {"currency": "CNY"}),
        ({"type": "DENTAL"}, {"type_code": "DENTAL", "type_priority": 20}),
        ({"max_shares": 0}, {"max_shares": 0}),
        ({"effective_at": LATER}, {"effective_at": LATER, "newest_first": -1_830_297_600_000_000}),
        ({"expires_at": LATER}, {"expires_at": LATER, "expires_last": 1_830_297_600_000_000}),
    ],
    ids="-".join,
)
async def test_a_field_that_differs_is_applied_and_no_other(
    world: World, change: dict[str, Any], becomes: dict[str, Any]
) -> None:
    before, logged = (await world.order_row()).model_dump(), len(await log_of(world.database))

    assert counts(await import_as(world, "admin", order(**change))) == (0, 1, 0)

    after = (await world.order_row()).model_dump()
    assert after.pop("updated_at") > before.pop("updated_at")
    assert after == before | becomes | {"version": 2}
    assert (await log_of(world.database))[logged:] == [Entry(IMPORTED, "O-owner", 2, "admin", {})]


async def test_another_status_is_logged_as_a_change_of_status_with_its_cause(world: World) -> None:
    logged = len(await log_of(world.database))

    assert counts(await import_as(world, "admin", order(status=OrderStatus.LOSS_REPORTED))) == (0, 1, 0)

    row = await world.order_row()
    assert (row.status, row.version, row.reason_cause) == (OrderStatus.LOSS_REPORTED, 2, StatusCause.IMPORTED)
    [event] = (await log_of(world.database))[logged:]
    assert event == Entry(
        CHANGED,
        "O-owner",
        2,
        "admin",
        {
            "previous_status": "IN_FORCE",
            "status": "LOSS_REPORTED",
            "reason": {
                "cause": "IMPORTED",
                "action": None,
                "actor_id": str(await user_uuid(world, "admin")),
                "via": None,
                "at": row.reason_at.isoformat(),
            },
        },
    )


async def test_an_import_by_the_operator_names_no_actor(world: World) -> None:
    logged = len(await log_of(world.database))

    await import_as(world, None, order(status=OrderStatus.SUSPENDED))

    [event] = (await log_of(world.database))[logged:]
    assert (event.actor, event.payload["reason"]["actor_id"]) == (None, None)


async def test_a_row_that_changes_status_and_title_counts_as_one_change(world: World) -> None:
    logged = len(await log_of(world.database))

    await import_as(world, "admin", order(status=OrderStatus.SUSPENDED, title="Resting"))

    row = await world.order_row()
    assert (row.version, row.status, row.title) == (2, OrderStatus.SUSPENDED, "Resting")
    assert [(event.kind, event.version) for event in (await log_of(world.database))[logged:]] == [(CHANGED, 2)]


async def test_the_platform_never_undoes_a_result(world: World) -> None:
    await world.process("owner", await world.order_id(), "SUSPEND")
    before = await world.dump()

    assert counts(await import_as(world, "admin", order())) == (0, 0, 1)
    assert await world.dump() == before

    assert counts(await import_as(world, "admin", order(title="Another title"))) == (0, 1, 0)
    row = await world.order_row()
    assert (row.title, row.version) == ("Another title", 3)
    assert (row.status, row.reason_cause) == (OrderStatus.SUSPENDED, StatusCause.PROCESSED)


async def test_a_new_end_from_a_result_outlives_news_about_the_title(world: World) -> None:
    await world.process("owner", await world.order_id(), "RENEW", newExpiresAt=LATER.isoformat())

    await import_as(world, "admin", order(title="Another title"))

    assert (await world.order_row()).expires_at == LATER


async def test_a_row_that_catches_up_with_a_result_renews_only_what_the_next_is_compared_with(world: World) -> None:
    await world.process("owner", await world.order_id(), "SUSPEND")
    caught_up = order(status=OrderStatus.SUSPENDED)
    before = await world.dump()

    assert counts(await import_as(world, "admin", caught_up)) == (0, 0, 1)

    after = await world.dump()
    assert after.pop("imported_order") != before.pop("imported_order")
    assert after == before
    assert counts(await import_as(world, "admin", replace(caught_up, status=OrderStatus.IN_FORCE))) == (0, 1, 0)
    assert (await world.order_row()).status is OrderStatus.IN_FORCE


async def test_two_rows_about_one_order_apply_one_after_the_other(world: World) -> None:
    logged = len(await log_of(world.database))

    answer = await import_as(
        world,
        "admin",
        order("NEW-1"),
        order("NEW-1", title="Second"),
        order("NEW-1", title="Second"),
        order("NEW-1", title="Second", status=OrderStatus.PENDING),
    )

    assert counts(answer) == (1, 2, 1)
    row = await world.order_row("NEW-1")
    assert (row.version, row.title, row.status) == (3, "Second", OrderStatus.PENDING)
    assert [event[:3] for event in (await log_of(world.database))[logged:]] == [
        (IMPORTED, "NEW-1", 1),
        (IMPORTED, "NEW-1", 2),
        (CHANGED, "NEW-1", 3),
    ]


async def test_a_row_that_takes_back_an_earlier_row_of_the_same_call_is_applied(world: World) -> None:
    assert counts(await import_as(world, "admin", order(title="Other"), order())) == (0, 2, 0)

    row = await world.order_row()
    assert (row.version, row.title) == (3, "Cover O-owner")


async def test_a_renewal_on_the_platform_brings_back_what_time_had_moved_on(world: World) -> None:
    await import_as(world, "admin", order(expires_at=datetime.now(UTC) - timedelta(hours=1)))
    await sweep(world.database)
    assert (await world.order_row()).status is OrderStatus.GRACE_PERIOD

    answer = await import_as(world, "admin", order(expires_at=datetime.now(UTC) + timedelta(days=365)))

    renewed = await world.order_row()
    assert (answer.updated, renewed.status, renewed.reason_cause) == (1, OrderStatus.IN_FORCE, StatusCause.IMPORTED)


async def test_a_new_end_on_the_platform_does_not_undo_a_result(world: World) -> None:
    await world.process("owner", await world.order_id(), "SUSPEND")

    await import_as(world, "admin", order(expires_at=datetime.now(UTC) + timedelta(days=365)))

    assert (await world.order_row()).status is OrderStatus.SUSPENDED
