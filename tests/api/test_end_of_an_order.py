"""What a result, and the end of an order, do to its shared orders; and what has become of an order by itself."""

from datetime import timedelta

from app.sweeper import sweep
from tests.log_reader import findings, head, nothing_changes, told
from tests.world import World, row


async def _statuses(world: World, *shared_order_ids: str) -> list[str]:
    document = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on SharedOrder { status } } }"
    return [node["status"] for node in (await world.ask("admin", document, ids=list(shared_order_ids)))["nodes"]]


async def test_cancel_revokes_the_open_offers_and_leaves_the_claimed_shares(world: World) -> None:
    held, offered, late, early = await world.share("recipient", "member", "sender", "admin", permission="PROCESS")
    await world.claim("recipient", held)
    await world.move_window(late, timedelta(days=-2), timedelta(days=-1))
    await world.move_window(early, timedelta(days=1), timedelta(days=2))
    await world.share("recipient", order="O-member", sender="member")
    since = await head(world)
    payload = await world.process("owner", await world.order_id(), "CANCEL")
    assert payload["codes"] == []
    assert await told(world, since) == [
        "owner: O-owner v2 IN_FORCE > CANCELLED (PROCESSED CANCEL FIRST_ORDER)",
        "owner: O-owner v2 from owner to member OFFERED > REVOKED",
        "nobody: O-owner v2 from owner to sender OFFERED > EXPIRED",
        "owner: O-owner v2 from owner to admin OFFERED > REVOKED",
    ]
    assert await _statuses(world, held, offered, late, early) == ["CLAIMED", "REVOKED", "EXPIRED", "REVOKED"]
    order = await world.order_row()
    assert (order.shares_claimed, order.version) == (1, 2)
    assert await findings(world.database) == []
    assert (await world.process("recipient", held, "RENEW"))["codes"] == ["ACTION_NOT_ALLOWED"]


async def test_a_recipient_who_cancels_revokes_what_others_were_offered(world: World) -> None:
    held, offered = await world.share("recipient", "member", permission="PROCESS")
    await world.claim("recipient", held)
    since = await head(world)
    assert (await world.process("recipient", held, "CANCEL"))["codes"] == []
    assert await told(world, since) == [
        "recipient: O-owner v2 IN_FORCE > CANCELLED (PROCESSED CANCEL SHARED_ORDER)",
        "recipient: O-owner v2 from owner to member OFFERED > REVOKED",
    ]
    assert await _statuses(world, held, offered) == ["CLAIMED", "REVOKED"]


async def test_a_held_share_of_a_cancelled_order_still_frees_its_seat(world: World) -> None:
    [held] = await world.share("recipient")
    await world.claim("recipient", held)
    await world.process("owner", await world.order_id(), "CANCEL")
    payload = await world.mutate("recipient", "releaseSharedOrder", "sharedOrder { status }", sharedOrderId=held)
    assert payload["sharedOrder"] == {"status": "RELEASED"}
    assert (await world.order_row()).shares_claimed == 0
    assert await findings(world.database) == []


async def test_every_other_result_leaves_the_offers_open(world: World) -> None:
    [offered] = await world.share("recipient")
    order_id = await world.order_id()
    for action in ("ENDORSE", "REPORT_LOSS", "SETTLE_LOSS", "REPORT_LOSS", "REJECT_LOSS", "SUSPEND", "REINSTATE"):
        assert (await world.process("owner", order_id, action))["codes"] == []
        assert await _statuses(world, offered) == ["OFFERED"]
    assert (await world.order_row()).version == 8


async def test_a_result_follows_the_time_driven_changes_that_were_due(world: World) -> None:
    [offered] = await world.share("recipient")
    await world.end_cover("O-owner", timedelta(days=-1))
    since = await head(world)
    order_id = await world.order_id()
    async with nothing_changes(world):
        refused = await world.process("owner", order_id, "ENDORSE")
    assert refused["codes"] == ["ACTION_NOT_ALLOWED"]
    async with nothing_changes(world):
        stale = await world.process("owner", order_id, "REPORT_LOSS", expectedVersion=1)
    assert stale["codes"] == ["VERSION_CONFLICT"]
    payload = await world.process("owner", order_id, "REPORT_LOSS", expectedVersion=2)
    assert payload["order"] == {"status": "LOSS_REPORTED", "version": 3}
    assert payload["processingResult"]["fromStatus"] == "GRACE_PERIOD"
    assert await told(world, since) == [
        "nobody: O-owner v2 IN_FORCE > GRACE_PERIOD (TIME None None)",
        "owner: O-owner v3 GRACE_PERIOD > LOSS_REPORTED (PROCESSED REPORT_LOSS FIRST_ORDER)",
    ]
    assert await _statuses(world, offered) == ["OFFERED"]
    assert await findings(world.database) == []


async def test_a_result_revives_an_order_that_had_lapsed_unnoticed_and_its_offers_stay_revoked(world: World) -> None:
    [offered] = await world.share("recipient")
    await world.end_cover("O-owner", timedelta(days=-31))
    since = await head(world)
    payload = await world.process("owner", await world.order_id(), "REINSTATE", newExpiresAt="2130-01-01T00:00:00Z")
    assert payload["order"] == {"status": "IN_FORCE", "version": 4}
    assert await told(world, since) == [
        "nobody: O-owner v2 IN_FORCE > GRACE_PERIOD (TIME None None)",
        "nobody: O-owner v3 GRACE_PERIOD > LAPSED (TIME None None)",
        "nobody: O-owner v3 from owner to recipient OFFERED > REVOKED",
        "owner: O-owner v4 LAPSED > IN_FORCE (PROCESSED REINSTATE FIRST_ORDER)",
    ]
    assert await _statuses(world, offered) == ["REVOKED"]
    await sweep(world.database)
    assert (await world.order_row()).version == 4
    assert await findings(world.database) == []


async def test_an_order_reinstated_without_a_new_end_lapses_again_by_itself(world: World) -> None:
    await world.import_rows(row("O-one", "owner"))
    order_id = await world.order_id("O-one")
    await world.end_cover("O-one", timedelta(days=-31))
    await sweep(world.database)
    since = await head(world)
    assert (await world.process("owner", order_id, "REINSTATE"))["order"] == {"status": "IN_FORCE", "version": 4}
    await sweep(world.database)
    assert await told(world, since) == [
        "owner: O-one v4 LAPSED > IN_FORCE (PROCESSED REINSTATE FIRST_ORDER)",
        "nobody: O-one v5 IN_FORCE > GRACE_PERIOD (TIME None None)",
        "nobody: O-one v6 GRACE_PERIOD > LAPSED (TIME None None)",
    ]
