"""A cursor is believed only where the log knows the place that it names."""

from dataclasses import replace

from sqlalchemy import text

from db.columns import new_id
from db.log_cursor import LogCursor
from schema.global_id import encode_id
from tests.listening import (
    EVENTS,
    SHARES,
    STATUSES,
    SUBSCRIPTIONS,
    document,
    first_cursor,
    hear,
    hears_no_more,
    log_cursor,
)
from tests.served_world import Server, Terminal, terminal
from tests.world import World

_MESSAGES = {
    "CURSOR_INVALID": "This log does not know the cursor; begin again from a logCursor.",
    "NOT_FOUND": "There is no such organisation.",
    "BAD_USER_INPUT": "",
}


async def _is_refused(opened: Terminal, organisation: str, after: object, code: str) -> None:
    """Show that each subscription is answered with one error, and with no event before or after it."""
    for subscription in SUBSCRIPTIONS:
        await opened.subscribe(document(subscription), organisation=organisation, after=after)
        message = await opened.receive()
        assert message["type"] == "error"
        [error] = message["payload"]
        assert error["extensions"] == {"code": code}, error["message"]
        assert _MESSAGES[code] in error["message"]
        await hears_no_more(opened)


async def _end(world: World) -> LogCursor:
    return LogCursor.parse(await log_cursor(world, "owner"))


async def test_garbage_is_no_cursor(world: World, server: Server) -> None:
    async with terminal(server, world.token("owner")) as opened:
        for after in ("", "garbage", "x" * 44, "A" * 44, "ﬀ", "\x00", "0", "A" * 100_000):
            await _is_refused(opened, await world.organisation_id(), after, "CURSOR_INVALID")


async def test_a_cursor_is_valid_to_the_letter(world: World, server: Server) -> None:
    known = await log_cursor(world, "owner")
    async with terminal(server, world.token("owner")) as opened:
        for after in (f"{known} ", f" {known}", f"{known}\n", f"{known}=", known[:-1], known.swapcase()):
            await _is_refused(opened, await world.organisation_id(), after, "CURSOR_INVALID")


async def test_what_is_no_text_is_bad_input(world: World, server: Server) -> None:
    async with terminal(server, world.token("owner")) as opened:
        for after in (7, True, ["x"], {"cursor": "x"}):
            await _is_refused(opened, await world.organisation_id(), after, "BAD_USER_INPUT")


async def test_a_cursor_of_another_database_is_invalid(world: World, server: Server) -> None:
    elsewhere = replace(await _end(world), organisation_id=new_id())
    async with terminal(server, world.token("owner")) as opened:
        await _is_refused(opened, await world.organisation_id(), str(elsewhere), "CURSOR_INVALID")


async def test_a_place_that_the_log_has_not_reached_is_invalid(world: World, server: Server) -> None:
    end = await _end(world)
    async with terminal(server, world.token("owner")) as opened:
        for beyond in (end.sequence + 1, 2**62, 2**64 - 1):
            after = str(replace(end, sequence=beyond))
            await _is_refused(opened, await world.organisation_id(), after, "CURSOR_INVALID")


async def test_a_place_with_the_mark_of_another_event_is_invalid(world: World, server: Server) -> None:
    end = await _end(world)
    flipped = bytes([end.event_mark[0] ^ 1]) + end.event_mark[1:]
    async with terminal(server, world.token("owner")) as opened:
        for wrong in (
            replace(end, event_mark=flipped),
            replace(end, event_mark=bytes(8)),
            replace(end, sequence=0),
        ):
            await _is_refused(opened, await world.organisation_id(), str(wrong), "CURSOR_INVALID")


async def test_a_restored_backup_does_not_know_what_it_has_lost(world: World, server: Server) -> None:
    order = await world.order_id()
    kept = await log_cursor(world, "owner")
    await world.process("owner", order, "ENDORSE")
    lost = await log_cursor(world, "owner")
    # What a backup from before the endorsement would hold.
    async with world.database.engine.begin() as connection:
        sequence = LogCursor.parse(lost).sequence
        await connection.execute(text("DELETE FROM event WHERE sequence = :sequence"), {"sequence": sequence})
        await connection.execute(text("UPDATE stream SET head = head - 1 WHERE head = :head"), {"head": sequence})
        await connection.execute(text("DELETE FROM processing_result"))
        await connection.execute(text("UPDATE orders SET version = 1"))
    organisation = await world.organisation_id()
    async with terminal(server, world.token("owner")) as opened:
        await _is_refused(opened, organisation, lost, "CURSOR_INVALID")
        # Nor once another event has taken its sequence.
        await world.process("owner", order, "SUSPEND")
        await _is_refused(opened, organisation, lost, "CURSOR_INVALID")
        await opened.subscribe(document(EVENTS), organisation=organisation, after=kept)
        assert [event["sequence"] for event in await hear(opened, EVENTS, sequence)] == [sequence]


async def test_a_cursor_of_another_organisation_is_not_found(world: World, server: Server) -> None:
    async with terminal(server, world.token("owner")) as opened:
        for after in (await log_cursor(world, "outsider", "strangers"), await first_cursor(world, "strangers")):
            await _is_refused(opened, await world.organisation_id(), after, "NOT_FOUND")


async def test_an_organisation_that_is_unknown_or_not_theirs_is_not_found(world: World, server: Server) -> None:
    family, strangers = await world.organisation_id(), await world.organisation_id("strangers")
    of_a_user = await world.user_id("owner")
    async with terminal(server, world.token("owner")) as opened:
        for organisation in (strangers, encode_id("Organisation", new_id()), of_a_user, "garbage", ""):
            for after in (None, await log_cursor(world, "owner"), await first_cursor(world, "strangers"), "garbage"):
                await _is_refused(opened, organisation, after, "NOT_FOUND")
    async with terminal(server, world.token("outsider")) as opened:
        await _is_refused(opened, family, await first_cursor(world), "NOT_FOUND")


async def test_the_place_before_the_first_event_is_known(world: World, server: Server) -> None:
    await world.share("recipient")
    await world.process("owner", await world.order_id(), "ENDORSE")
    organisation, after = await world.organisation_id(), await first_cursor(world)
    for subscription, first in ((EVENTS, 1), (SHARES, 11), (STATUSES, 12)):
        async with terminal(server, world.token("owner")) as opened:
            await opened.subscribe(document(subscription), organisation=organisation, after=after)
            assert (await opened.next_data())[subscription]["sequence"] == first
