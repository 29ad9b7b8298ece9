"""`verify`: all is well after a busy run, and each kind of damage is found and named."""

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import text

from app.sweeper import sweep
from tests.integration.command_line import CommandLine, Ended
from tests.integration.time_travel import HOUR, close_window, end_cover
from tests.log_reader import findings, nothing_changes
from tests.world import World, row

# Family: five members and their orders; the strangers: one.
_EVENTS = 10


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], database_url: str
) -> Callable[[], "asyncio.Future[Ended]"]:
    """`python -m app verify`, beside the test's own event loop."""
    command_line = CommandLine(monkeypatch, capsys, database_url=database_url)

    def verify() -> "asyncio.Future[Ended]":
        return asyncio.ensure_future(asyncio.to_thread(command_line, "verify"))

    return verify


async def _damage(world: World, *statements: str) -> None:
    async with world.database.engine.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement))


async def _busy_run(world: World) -> None:
    """Let everything that changes a log, a version or a seat happen, several things at once."""
    await world.import_rows(*(row(f"B-{number}", "owner", max_shares=3) for number in range(12)))

    async def use(number: int) -> None:
        order = await world.order_id(f"B-{number}")
        everybody = ("recipient", "member", "sender", "admin")
        shares = await world.share(*everybody, order=f"B-{number}", permission="PROCESS")
        await asyncio.gather(*(world.claim(name, shared) for name, shared in zip(everybody, shares, strict=True)))
        await asyncio.gather(
            world.process("owner", order, "REPORT_LOSS"),
            world.process("recipient", shares[0], "SUSPEND"),
            world.process("admin", order, "ENDORSE", expectedVersion=1),
            world.mutate("member", "releaseSharedOrder", "", sharedOrderId=shares[1]),
            world.mutate("owner", "revokeSharedOrder", "", sharedOrderId=shares[2]),
            world.mutate("sender", "declineSharedOrder", "", sharedOrderId=shares[2]),
            world.process("owner", order, "CANCEL"),
        )

    await asyncio.gather(*(use(number) for number in range(12)))
    [late] = await world.share("recipient")
    await close_window(world, late)
    await end_cover(world, 31 * 24 * HOUR, "O-owner", "O-member", "B-3")
    organisation = await world.organisation_id()
    await asyncio.gather(
        sweep(world.database),
        world.import_rows(*(row(f"B-{number}", "owner", max_shares=4, title="New") for number in range(12))),
        world.mutate("admin", "setSharePolicy", "", organisationId=organisation, sharePolicy="OWNER_AND_ADMINS"),
        world.mutate("admin", "removeMember", "", organisationId=organisation, userId=await world.user_id("recipient")),
    )


async def test_all_is_well_after_a_busy_run(world: World, command: Callable[[], "asyncio.Future[Ended]"]) -> None:
    await _busy_run(world)
    async with nothing_changes(world):
        assert await command() == Ended(0, "All is well in 2 organisations.\n", "")


async def test_all_is_well_in_an_empty_database(
    database_url: str, command: Callable[[], "asyncio.Future[Ended]"]
) -> None:
    assert await command() == Ended(0, "All is well in 0 organisations.\n", "")


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        (
            "DELETE FROM event WHERE kind = 'MEMBERSHIP_CHANGED' AND sequence = 3",
            "family: the log's 9 events do not run without a gap up to its head",
        ),
        (
            "DELETE FROM event WHERE kind = 'MEMBERSHIP_CHANGED' AND sequence = 1 AND organisation_id = "
            "(SELECT id FROM organisation WHERE reference = 'family')",
            "family: the log's 9 events do not run without a gap up to its head",
        ),
        (
            "UPDATE event SET sequence = 99 WHERE kind = 'MEMBERSHIP_CHANGED' AND sequence = 4",
            "family: the log's 10 events do not run without a gap up to its head",
        ),
        (
            "UPDATE stream SET head = head + 1 WHERE head = 10",
            "family: the log's 10 events do not run without a gap up to its head",
        ),
        (
            "UPDATE stream SET head = head - 1 WHERE head = 2",
            "strangers: the log's 2 events do not run without a gap up to its head",
        ),
        (
            "UPDATE stream SET first_sequence = 2 WHERE head = 10",
            "family: the log's 10 events do not run without a gap up to its head",
        ),
        (
            "UPDATE orders SET version = 2 WHERE reference = 'O-owner'",
            "family: order O-owner is at version 2, and the log has 1 changes of it",
        ),
        (
            "UPDATE event SET order_version = 3 WHERE order_id = (SELECT id FROM orders WHERE reference = 'O-owner')",
            "family: order O-owner is at version 1, and the log has 1 changes of it",
        ),
        (
            "UPDATE orders SET shares_claimed = 1 WHERE reference = 'O-outsider'",
            "strangers: order O-outsider counts 1 seats taken, and 0 shared orders are claimed",
        ),
    ],
)
async def test_damage_is_found_and_named(
    world: World, command: Callable[[], "asyncio.Future[Ended]"], statement: str, finding: str
) -> None:
    assert await findings(world.database) == []
    await _damage(world, statement)
    async with nothing_changes(world):
        assert await command() == Ended(1, f"{finding}\n", "")


async def test_the_last_event_of_an_order_that_is_deleted_is_missed_by_log_and_order(
    world: World, command: Callable[[], "asyncio.Future[Ended]"]
) -> None:
    await world.process("owner", await world.order_id(), "ENDORSE")
    await _damage(world, f"DELETE FROM event WHERE sequence = {_EVENTS + 1}")
    assert await command() == Ended(
        1,
        "family: the log's 10 events do not run without a gap up to its head\n"
        "family: order O-owner is at version 2, and the log has 1 changes of it\n",
        "",
    )


async def test_a_claimed_share_without_its_seat_is_found(
    world: World, command: Callable[[], "asyncio.Future[Ended]"]
) -> None:
    [shared, other] = await world.share("recipient", "member")
    await world.claim("recipient", shared)
    await world.claim("member", other)
    await _damage(world, "UPDATE shared_order SET status = 'REVOKED' WHERE status = 'CLAIMED'")
    finding = "family: order O-owner counts 2 seats taken, and 0 shared orders are claimed\n"
    assert await command() == Ended(1, finding, "")


async def test_a_whole_log_that_is_lost_is_found(world: World, command: Callable[[], "asyncio.Future[Ended]"]) -> None:
    await _damage(world, "DELETE FROM event")
    ended = await command()
    assert ended.code == 1
    assert ended.printed.splitlines()[:2] == [
        "family: the log's 0 events do not run without a gap up to its head",
        "strangers: the log's 0 events do not run without a gap up to its head",
    ]
    # And each of the six orders is at a version that nothing tells of.
    assert len(ended.printed.splitlines()) == 8


async def test_all_damage_is_listed_at_once(world: World, command: Callable[[], "asyncio.Future[Ended]"]) -> None:
    await _damage(
        world,
        "UPDATE stream SET head = head + 1",
        "UPDATE orders SET version = 5, shares_claimed = 2 WHERE reference IN ('O-owner', 'O-outsider')",
    )
    assert await command() == Ended(
        1,
        "family: the log's 10 events do not run without a gap up to its head\n"
        "strangers: the log's 2 events do not run without a gap up to its head\n"
        "family: order O-owner is at version 5, and the log has 1 changes of it\n"
        "strangers: order O-outsider is at version 5, and the log has 1 changes of it\n"
        "family: order O-owner counts 2 seats taken, and 0 shared orders are claimed\n"
        "strangers: order O-outsider counts 2 seats taken, and 0 shared orders are claimed\n",
        "",
    )
