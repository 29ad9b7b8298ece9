"""What each kind of event says: who did what to what, when, and why."""

from datetime import UTC, datetime, timedelta
from typing import Any

from app.sweeper import sweep
from db.log_cursor import LogCursor
from domain.vocabulary import OrderStatus
from tests.integration.time_travel import HOUR, end_cover
from tests.listening import EVENTS, Ear, document
from tests.served_world import Server, Terminal, terminal
from tests.world import World, row

_FIELDS = """
__typename id cursor sequence occurredAt actor { reference } order { reference } orderVersion
... on OrderStatusChanged { previousStatus status reason { cause action via actor { reference } at } }
... on SharedOrderChanged { previousShareStatus: previousStatus shareStatus: status sharedOrder { id } }
... on MembershipChanged { user { reference } role }
... on SharePolicyChanged { previousSharePolicy sharePolicy }
"""


async def _heard(opened: Terminal) -> dict[str, Any]:
    """Return what is particular to the next event, having seen that the rest of it holds."""
    event: dict[str, Any] = (await opened.next_data())[EVENTS]
    assert LogCursor.parse(event.pop("cursor")).sequence == event.pop("sequence")
    assert event.pop("id")
    at = event.pop("occurredAt")
    assert timedelta() <= datetime.now(UTC) - datetime.fromisoformat(at) < timedelta(minutes=1)
    if "reason" in event:
        assert event["reason"].pop("at") == at
        assert event["reason"].pop("actor") == event["actor"]
    return event


def _by(name: str | None) -> dict[str, str] | None:
    return None if name is None else {"reference": name}


def _of(
    kind: str, actor: str | None, order: str | None = None, version: int | None = None, **own: Any
) -> dict[str, Any]:
    return {"__typename": kind, "actor": _by(actor), "order": _by(order), "orderVersion": version, **own}


def _status(
    actor: str | None, order: str, version: int, previous: str, status: str, *reason: str | None
) -> dict[str, Any]:
    why = dict(zip(("cause", "action", "via"), reason, strict=True))
    return _of("OrderStatusChanged", actor, order, version, previousStatus=previous, status=status, reason=why)


async def test_an_event_says_who_changed_what_about_the_organisation_and_its_members(
    world: World, server: Server
) -> None:
    organisation, user = await world.organisation_id(), await world.user_id("member")
    admin: dict[str, Any] = {"organisationId": organisation}
    async with terminal(server, world.token("sender")) as opened:
        await Ear(world).subscribe(opened, document(EVENTS, _FIELDS), organisation=organisation)

        await world.mutate("admin", "addMember", "", **admin, reference="new", name="New", role="ADMIN")
        assert await _heard(opened) == _of("MembershipChanged", "admin", user=_by("new"), role="ADMIN")
        await world.mutate("new", "setMemberRole", "", **admin, userId=user, role="ADMIN")
        assert await _heard(opened) == _of("MembershipChanged", "new", user=_by("member"), role="ADMIN")
        await world.mutate("admin", "removeMember", "", **admin, userId=user)
        assert await _heard(opened) == _of("MembershipChanged", "admin", user=_by("member"), role=None)

        await world.mutate("admin", "setSharePolicy", "", **admin, sharePolicy="OWNER_AND_ADMINS")
        policies: dict[str, Any] = {"previousSharePolicy": "ANY_MEMBER", "sharePolicy": "OWNER_AND_ADMINS"}
        assert await _heard(opened) == _of("SharePolicyChanged", "admin", **policies)


async def test_an_event_says_who_changed_what_about_an_order_and_why(world: World, server: Server) -> None:
    async with terminal(server, world.token("sender")) as opened:
        await Ear(world).subscribe(opened, document(EVENTS, _FIELDS), organisation=await world.organisation_id())

        await world.import_rows(row("O-owner", "owner", title="New"))
        assert await _heard(opened) == _of("OrderImported", None, "O-owner", 2)
        await world.import_rows(row("O-owner", "owner", title="New", status=OrderStatus.SUSPENDED))
        imported = _status(None, "O-owner", 3, "IN_FORCE", "SUSPENDED", "IMPORTED", None, None)
        assert await _heard(opened) == imported

        await world.process("owner", await world.order_id(), "REINSTATE")
        processed = _status("owner", "O-owner", 4, "SUSPENDED", "IN_FORCE", "PROCESSED", "REINSTATE", "FIRST_ORDER")
        assert await _heard(opened) == processed
        [shared] = await world.share("sender", permission="PROCESS")
        share = {"sharedOrder": {"id": shared}, "previousShareStatus": None, "shareStatus": "OFFERED"}
        assert await _heard(opened) == _of("SharedOrderChanged", "owner", "O-owner", 4, **share)
        await world.claim("sender", shared)
        share = {"sharedOrder": {"id": shared}, "previousShareStatus": "OFFERED", "shareStatus": "CLAIMED"}
        assert await _heard(opened) == _of("SharedOrderChanged", "sender", "O-owner", 4, **share)
        await world.process("sender", shared, "ENDORSE")
        processed = _status("sender", "O-owner", 5, "IN_FORCE", "IN_FORCE", "PROCESSED", "ENDORSE", "SHARED_ORDER")
        assert await _heard(opened) == processed

        await end_cover(world, HOUR, "O-owner")
        await sweep(world.database)
        passed = _status(None, "O-owner", 6, "IN_FORCE", "GRACE_PERIOD", "TIME", None, None)
        assert await _heard(opened) == passed
