"""The database's own line of defence: raw SQL that breaks a rule is refused by the database itself."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from db.database import Database
from db.tables import metadata
from tests.log_reader import findings, nothing_changes
from tests.world import World, row

_FAMILY = "organisation_id = (SELECT id FROM organisation WHERE reference = 'family')"
_STRANGERS = "(SELECT id FROM organisation WHERE reference = 'strangers')"
_NO_ID = "'00000000000000000000000000000000'"


def _user(reference: str) -> str:
    return f"(SELECT id FROM app_user WHERE reference = '{reference}')"


def _order(reference: str) -> str:
    return f"(SELECT id FROM orders WHERE reference = '{reference}')"


def _share_of(reference: str) -> str:
    return f"(SELECT id FROM shared_order WHERE order_id = {_order(reference)})"


def _set(table: str, where: str, **changes: str) -> str:
    return f"UPDATE {table} SET {', '.join(f'{name} = {value}' for name, value in changes.items())} WHERE {where}"


def _again(table: str, where: str, **changes: str) -> str:
    """Return the statement that inserts a row again, with other values."""
    names = [column.name for column in metadata.tables[table].columns]
    values = [changes.get(name, name) for name in names]
    return f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} FROM {table} WHERE {where}"


_OWNED = "reference = 'O-owner'"
_CLAIMED = f"order_id = {_order('O-owner')}"
_OFFERED = f"order_id = {_order('O-member')}"
_FIRST = f"{_FAMILY} AND sequence = 1"
_LAST = f"{_FAMILY} AND sequence = (SELECT head FROM stream WHERE {_FAMILY})"

_BROKEN = {
    "orders": {
        "more seats taken than there are": _set("orders", _OWNED, shares_claimed="max_shares + 1"),
        "fewer seats than are taken": _set("orders", _OWNED, max_shares="0"),
        "fewer seats taken than none": _set("orders", _OWNED, shares_claimed="-1"),
        "version 0": _set("orders", _OWNED, version="0"),
        "an end before the beginning": _set("orders", _OWNED, expires_at="'2025-12-31 23:59:59.999999+00'"),
        "an unknown status": _set("orders", _OWNED, status="'BURNT'"),
        "no status": _set("orders", _OWNED, status="NULL"),
        "an unknown cause": _set("orders", _OWNED, reason_cause="'WHIM'"),
        "an unknown action": _set("orders", _OWNED, reason_action="'BURN'"),
        "an unknown terminal": _set("orders", _OWNED, reason_via="'THIRD_ORDER'"),
        "a result without its action": _set("orders", _OWNED, reason_action="NULL"),
        "a result without its actor": _set("orders", _OWNED, reason_actor_id="NULL"),
        "an action without a result": _set("orders", _OWNED, reason_cause="'TIME'"),
        "a negative premium": _set("orders", _OWNED, premium_minor="-1"),
        "a currency of four letters": _set("orders", _OWNED, currency="'EURO'"),
        "an owner of another organisation": _set("orders", _OWNED, owner_id=_user("outsider")),
        "another organisation than its owner's": _set("orders", _OWNED, organisation_id=_STRANGERS),
        "an unknown type": _set("orders", _OWNED, type_code="'PETS'"),
        "another priority than its type's": _set("orders", _OWNED, type_priority="type_priority + 1"),
        "a reference twice": _set("orders", _OWNED, reference="'O-member'"),
    },
    "shared_order": {
        "two offers to one recipient": _again("shared_order", _OFFERED, id=":id"),
        "an offer to who holds it": _again("shared_order", _CLAIMED, id=":id", status="'OFFERED'"),
        "a second claim": _again("shared_order", _CLAIMED, id=":id"),
        "an order of another organisation": _again("shared_order", _OFFERED, id=":id", order_id=_order("O-outsider")),
        "another organisation than its order's": _set("shared_order", _OFFERED, organisation_id=_STRANGERS),
        "no such order": _again("shared_order", _OFFERED, id=":id", order_id=_NO_ID),
        "a sender of another organisation": _set("shared_order", _OFFERED, sender_id=_user("outsider")),
        "a recipient of another organisation": _set("shared_order", _OFFERED, recipient_id=_user("outsider")),
        "a sender who is the recipient": _set("shared_order", _OFFERED, recipient_id="sender_id"),
        "a window that is never open": _set("shared_order", _OFFERED, closes_at="opens_at"),
        "a claim at no time": _set("shared_order", _OFFERED, status="'CLAIMED'"),
        "a release of what was never claimed": _set("shared_order", _OFFERED, status="'RELEASED'"),
        "an unknown status": _set("shared_order", _OFFERED, status="'LOST'"),
        "an unknown permission": _set("shared_order", _OFFERED, permission="'OWN'"),
    },
    "processing_result": {
        "a version that has its result": _again("processing_result", _CLAIMED, id=":id"),
        "an order of another organisation": _set(
            "processing_result", _CLAIMED, order_id=_order("O-outsider"), shared_order_id="NULL", via="'FIRST_ORDER'"
        ),
        "another organisation than its order's": _set("processing_result", _CLAIMED, organisation_id=_STRANGERS),
        "a share of another order": _set("processing_result", _CLAIMED, shared_order_id=_share_of("O-member")),
        "a share of another organisation": _set("processing_result", _CLAIMED, shared_order_id=_share_of("O-outsider")),
        "an actor of another organisation": _set("processing_result", _CLAIMED, actor_id=_user("outsider")),
        "through a share, and none": _set("processing_result", _CLAIMED, shared_order_id="NULL"),
        "not through a share, and one": _set("processing_result", _CLAIMED, via="'FIRST_ORDER'"),
        "an unknown action": _set("processing_result", _CLAIMED, action="'BURN'"),
        "an unknown status": _set("processing_result", _CLAIMED, to_status="'BURNT'"),
    },
    "event": {
        "a sequence twice": _again("event", _FIRST, event_id=":id"),
        "an event twice": _again("event", _LAST, sequence="sequence + 1"),
        "sequence 0": _again("event", _FIRST, event_id=":id", sequence="0"),
        "a log that there is not": _again("event", _FIRST, event_id=":id", organisation_id=_NO_ID),
        "an order of another organisation": _set("event", _LAST, order_id=_order("O-outsider"), shared_order_id="NULL"),
        "a share of another order": _set("event", _LAST, shared_order_id=_share_of("O-owner")),
        "a share of another organisation": _set("event", _LAST, shared_order_id=_share_of("O-outsider")),
        "an order without its version": _set("event", _LAST, order_version="NULL"),
        "a version without an order": _set("event", _LAST, order_id="NULL", shared_order_id="NULL"),
        "an unknown kind": _set("event", _LAST, kind="'GOSSIP'"),
        "no payload": _set("event", _LAST, payload="NULL"),
        "an unknown actor": _set("event", _LAST, actor_id=_NO_ID),
    },
    "stream": {
        "an end before the beginning": _set("stream", _FAMILY, head="-1"),
        "a second log": _again("stream", _FAMILY),
        "a log of nobody": _again("stream", _FAMILY, organisation_id=_NO_ID),
    },
    "membership": {
        "a second membership": _again("membership", f"{_FAMILY} AND user_id = {_user('owner')}"),
        "an unknown role": _set("membership", _FAMILY, role="'GUEST'"),
        "a member whom orders need": f"DELETE FROM membership WHERE {_FAMILY} AND user_id = {_user('owner')}",
        "an unknown user": _again("membership", f"{_FAMILY} AND user_id = {_user('owner')}", user_id=_NO_ID),
    },
    "organisation": {
        "a reference twice": _again("organisation", "reference = 'family'", id=":id"),
        "an unknown policy": _set("organisation", "reference = 'family'", share_policy="'NOBODY'"),
        "an organisation that is in use": "DELETE FROM organisation WHERE reference = 'family'",
    },
    "app_user": {"a reference twice": _again("app_user", "reference = 'owner'", id=":id")},
    "imported_order": {
        "an order of another organisation": _set("imported_order", _CLAIMED, organisation_id=_STRANGERS),
        "an order twice": _again("imported_order", _CLAIMED),
    },
    "idempotency_key": {
        "a key twice": _again("idempotency_key", "key = 'k'"),
        "a key of nobody": _again("idempotency_key", "key = 'k'", user_id=_NO_ID),
    },
}


async def _history(world: World) -> None:
    """Give every table rows: a claimed and processed share, an offer, and one among strangers."""
    await world.import_rows(row("O-friend", "friend", organisation="strangers"))
    await world.share("friend", sender="outsider", order="O-outsider")
    [shared] = await world.share("recipient", permission="PROCESS")
    await world.claim("recipient", shared, idempotencyKey="k")
    assert (await world.process("recipient", shared, "REPORT_LOSS"))["codes"] == []
    await world.share("recipient", sender="sender", order="O-member")


async def _run(database: Database, statement: str) -> int:
    new_id = "gen_random_uuid()" if database.engine.dialect.name == "postgresql" else "lower(hex(randomblob(16)))"
    async with database.engine.begin() as connection:
        return (await connection.execute(text(statement.replace(":id", new_id)))).rowcount


async def _is_refused(database: Database, statement: str) -> bool:
    try:
        await _run(database, statement)
    except IntegrityError:
        return True
    return False


@pytest.mark.parametrize("table", _BROKEN)
async def test_the_database_itself_refuses_what_breaks_a_rule(world: World, table: str) -> None:
    await _history(world)
    async with nothing_changes(world):
        rules = _BROKEN[table].items()
        accepted = [rule for rule, statement in rules if not await _is_refused(world.database, statement)]
    assert accepted == []


async def test_the_same_statements_pass_where_they_break_no_rule(world: World) -> None:
    await _history(world)
    for statement in (
        _set("orders", _OWNED, shares_claimed="max_shares"),
        _set("orders", _OWNED, max_shares="5", shares_claimed="1"),
        _set("orders", _OWNED, expires_at="effective_at"),
        _set("orders", _OWNED, type_code="'DENTAL'", type_priority="20"),
        _again("shared_order", _OFFERED, id=":id", status="'DECLINED'"),
        _set("shared_order", _OFFERED, recipient_id=_user("admin")),
        _again("processing_result", _CLAIMED, id=":id", order_version="order_version + 1"),
        _again("event", _LAST, event_id=":id", sequence="sequence + 1"),
        _again("app_user", "reference = 'owner'", id=":id", reference="'another'"),
    ):
        assert await _run(world.database, statement) >= 1, statement
    assert len(await findings(world.database)) == 1


async def test_an_order_type_takes_its_orders_along_to_another_priority(world: World) -> None:
    assert await _run(world.database, _set("order_type", "code = 'HOSPITAL'", priority="7")) == 1
    assert (await world.order_row()).type_priority == 7
    assert await _is_refused(world.database, "DELETE FROM order_type WHERE code = 'HOSPITAL'")
