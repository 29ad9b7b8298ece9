"""Each change that time brings happens once and is told once: whoever sweeps, together or cut off in the middle."""

import asyncio
import logging
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from app.sweeper import sweep, sweep_for_ever
from db.database import Database
from db.sharing_tables import SharedOrderRow
from domain.vocabulary import SharePermission
from resolvers.sweep_organisation import BATCH
from schema.global_id import decode_node_id
from tests.integration.outage import outage
from tests.integration.time_travel import HOUR, close_window, end_cover
from tests.log_reader import findings, head, nothing_changes, told
from tests.world import World, row

_OFFER = "O-owner v1 from owner to recipient"
_IN_GRACE = "v2 IN_FORCE > GRACE_PERIOD (TIME None None)"
# Two batches and a bit, so that a sweep can be cut off between two.
_MANY = [f"many-{number:03}" for number in range(2 * BATCH + 1)]


@pytest.fixture
async def replica(database_url: str) -> AsyncIterator[Database]:
    """The same database, as another process sees it."""
    opened = Database(database_url)
    yield opened
    await opened.close()


async def _extend(world: World, shared: str) -> list[str]:
    closes_at = (datetime.now(UTC) + HOUR).isoformat()
    extended = await world.mutate("owner", "extendClaimWindow", "", sharedOrderId=shared, closesAt=closes_at)
    codes: list[str] = extended["codes"]
    return codes


async def _many_due_orders(world: World) -> None:
    await world.import_rows(*(row(reference, "owner") for reference in _MANY))
    await end_cover(world, HOUR, *_MANY)


async def test_sweeps_at_once_change_each_thing_once(world: World, replica: Database) -> None:
    names = ("owner", "member", "admin", "sender")
    offers = [(await world.share("recipient", sender=name, order=f"O-{name}"))[0] for name in names]
    since = await head(world)
    await close_window(world, *offers)
    await end_cover(world, HOUR, *(f"O-{name}" for name in names))
    await asyncio.gather(*(sweep(database) for database in (world.database, replica) * 3))
    lines = await told(world, since)
    assert sorted(line for line in lines if "recipient" not in line) == sorted(
        f"nobody: O-{name} {_IN_GRACE}" for name in names
    )
    expired = [line for line in lines if "recipient" in line]
    assert sorted((line.split()[1], *line.split()[-3:]) for line in expired) == sorted(
        (f"O-{name}", "OFFERED", ">", "EXPIRED") for name in names
    )
    async with nothing_changes(world):
        await asyncio.gather(sweep(world.database), sweep(replica))
    assert await findings(world.database) == []


async def test_a_claim_and_a_sweep_at_the_end_of_the_window_agree(world: World, replica: Database) -> None:
    for round_ in range(10):
        [shared] = await world.share("recipient")
        since = await head(world)
        await world.move_window(shared, -HOUR, timedelta(milliseconds=4 * round_))
        claim, *_ = await asyncio.gather(world.claim("recipient", shared), sweep(replica), sweep(world.database))
        await sweep(replica)
        if claim["codes"]:
            # Refused only once the window had closed, which the last sweep at the latest has told.
            assert claim["codes"] == ["CLAIM_WINDOW_CLOSED"]
            assert await told(world, since) == [f"nobody: {_OFFER} OFFERED > EXPIRED"]
        else:
            assert await told(world, since) == [f"recipient: {_OFFER} OFFERED > CLAIMED"]
            await world.mutate("recipient", "releaseSharedOrder", "", sharedOrderId=shared)
    assert await findings(world.database) == []


async def _sweep_a_little_later(world: World, database: Database, later: int) -> None:
    for _ in range(later):
        await world.order_row()
    await sweep(database)


async def test_an_extension_and_a_sweep_tell_the_expiry_once_and_first(world: World, replica: Database) -> None:
    [shared] = await world.share("recipient")
    for round_ in range(10):
        since = await head(world)
        await close_window(world, shared)
        codes, *_ = await asyncio.gather(
            _extend(world, shared), *(_sweep_a_little_later(world, replica, round_ * 2) for _ in range(2))
        )
        assert codes == []
        assert await told(world, since) == [
            f"nobody: {_OFFER} OFFERED > EXPIRED",
            f"owner: {_OFFER} EXPIRED > OFFERED",
        ]


async def test_a_result_and_a_sweep_count_the_end_of_the_cover_once_and_first(world: World, replica: Database) -> None:
    for round_, name in enumerate(("owner", "member", "admin", "sender", "recipient")):
        since = await head(world)
        await end_cover(world, HOUR, f"O-{name}")
        result, *_ = await asyncio.gather(
            world.process(name, await world.order_id(f"O-{name}"), "REPORT_LOSS"),
            _sweep_a_little_later(world, replica, round_ * 4),
        )
        assert result["order"] == {"status": "LOSS_REPORTED", "version": 3}
        assert await told(world, since) == [
            f"nobody: O-{name} {_IN_GRACE}",
            f"{name}: O-{name} v3 GRACE_PERIOD > LOSS_REPORTED (PROCESSED REPORT_LOSS FIRST_ORDER)",
        ]


async def test_more_orders_than_one_batch_holds_are_all_brought_on(world: World) -> None:
    await _many_due_orders(world)
    since = await head(world)
    await sweep(world.database)
    assert sorted(await told(world, since)) == [f"nobody: {reference} {_IN_GRACE}" for reference in _MANY]
    async with nothing_changes(world):
        await sweep(world.database)


async def test_more_offers_than_one_batch_holds_all_expire(world: World) -> None:
    await world.import_rows(*(row(reference, "owner") for reference in _MANY))
    await _offer_each_to_two_and_close(world)
    since = await head(world)
    await sweep(world.database)
    assert sorted(await told(world, since)) == [
        f"nobody: {reference} v1 from owner to {recipient} OFFERED > EXPIRED"
        for reference in _MANY
        for recipient in ("member", "recipient")
    ]
    async with nothing_changes(world):
        await sweep(world.database)


async def _offer_each_to_two_and_close(world: World) -> None:
    orders = [await world.order_row(reference) for reference in _MANY]
    recipients = [decode_node_id(await world.user_id(name))[1] for name in ("member", "recipient")]
    now = datetime.now(UTC)

    async def offer(session: AsyncSession) -> None:
        session.add_all(
            SharedOrderRow(
                organisation_id=order.organisation_id,
                order_id=order.id,
                sender_id=order.owner_id,
                recipient_id=recipient_id,
                permission=SharePermission.VIEW,
                opens_at=now - 2 * HOUR,
                closes_at=now - HOUR,
                created_at=now,
            )
            for order in orders
            for recipient_id in recipients
        )

    await world.database.write(offer)


async def test_a_sweep_that_is_cut_off_is_completed_by_the_next_one(world: World, replica: Database) -> None:
    await _many_due_orders(world)
    since = await head(world)
    organisation_id = (await world.order_row()).organisation_id
    with replica.signals.listen(organisation_id) as wakeup:
        sweeping = asyncio.create_task(sweep(replica))
        await wakeup.wait(30)
    sweeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sweeping
    assert 0 < len(await told(world, since)) < len(_MANY)
    await sweep(world.database)
    assert sorted(await told(world, since)) == [f"nobody: {reference} {_IN_GRACE}" for reference in _MANY]
    assert await findings(world.database) == []


async def test_a_sweep_whose_process_is_killed_is_completed_by_the_next_one(world: World, database_url: str) -> None:
    await _many_due_orders(world)
    since = await head(world)
    program = (
        "import asyncio, sys; from app.sweeper import sweep; from db.database import Database; "
        "asyncio.run(sweep(Database(sys.argv[1])))"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, database_url, cwd=Path(__file__).parents[2]
    )
    async with asyncio.timeout(30):
        while await head(world) == since:
            pass
    with suppress(ProcessLookupError):
        process.kill()
    assert await process.wait() in (-signal.SIGKILL, 0)
    # Whole batches are there, or nothing of them.
    assert len(await told(world, since)) in (BATCH, 2 * BATCH, len(_MANY))
    await sweep(world.database)
    assert sorted(await told(world, since)) == [f"nobody: {reference} {_IN_GRACE}" for reference in _MANY]
    assert await findings(world.database) == []


class _Faults(logging.Handler):
    """Tells when the sweeper has reported a fault."""

    def __init__(self) -> None:
        super().__init__()
        self.reported = asyncio.Event()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())
        self.reported.set()


@contextmanager
def _faults_of_the_sweeper() -> Iterator[_Faults]:
    faults = _Faults()
    logger = logging.getLogger("app.sweeper")
    logger.addHandler(faults)
    try:
        yield faults
    finally:
        logger.removeHandler(faults)


@asynccontextmanager
async def _sweeping(database: Database) -> AsyncIterator[_Faults]:
    """Let the sweeper run beside the test, which must find it running at the end."""
    with _faults_of_the_sweeper() as faults:
        sweeper = asyncio.create_task(sweep_for_ever(database))
        try:
            async with asyncio.timeout(30):
                yield faults
            assert not sweeper.done()
        finally:
            sweeper.cancel()
            with suppress(asyncio.CancelledError):
                await sweeper
    assert set(faults.messages) == {"a sweep failed and will be tried again"}


async def test_the_sweeper_goes_on_after_a_fault_of_the_database(world: World, replica: Database) -> None:
    [shared] = await world.share("recipient")
    since = await head(world)
    await close_window(world, shared)
    await _rename(world.database, "shared_order", "shared_order_elsewhere")
    async with _sweeping(replica) as faults:
        await faults.reported.wait()
        await _rename(world.database, "shared_order_elsewhere", "shared_order")
        while await head(world) == since:
            pass
    assert await told(world, since) == [f"nobody: {_OFFER} OFFERED > EXPIRED"]


async def _rename(database: Database, old: str, new: str) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))


async def test_the_sweeper_goes_on_after_its_database_was_away(postgresql_server_url: str, postgresql_url: str) -> None:
    database, replica = Database(postgresql_url), Database(postgresql_url)
    world = World(database)
    await world.populate()
    [shared] = await world.share("recipient")
    since = await head(world)
    async with _sweeping(replica) as faults:
        async with outage(postgresql_server_url, postgresql_url):
            await faults.reported.wait()
        await close_window(world, shared)
        while await head(world) == since:
            pass
    assert await told(world, since) == [f"nobody: {_OFFER} OFFERED > EXPIRED"]
    await world.http.aclose()
    await replica.close()
    await database.close()
