"""What each filter of a list of orders keeps, alone and together with others."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.vocabulary import OrderStatus
from resolvers.import_orders import OrderToImport
from tests.api.many_orders import LATER, fill, walk
from tests.world import World, row

Keeps = Callable[[OrderToImport], bool]

_SHAREABLE = {OrderStatus.IN_FORCE, OrderStatus.GRACE_PERIOD, OrderStatus.LOSS_REPORTED}


def _always(order: OrderToImport) -> bool:
    return True


def _never(order: OrderToImport) -> bool:
    return False


def _ends_before(instant: datetime) -> Keeps:
    return lambda order: order.expires_at is not None and order.expires_at < instant


def _ends_after(instant: datetime) -> Keeps:
    return lambda order: order.expires_at is None or order.expires_at > instant


def _text(instant: datetime) -> str:
    return instant.isoformat()


# A value "@name" in `ownerIds` is the id of that user.
FILTERS: dict[str, tuple[dict[str, Any], Keeps]] = {
    "nothing": ({}, _always),
    "null for everything": (
        dict.fromkeys(("shareable", "statuses", "types", "ownerIds", "expiresBefore", "expiresAfter", "search")),
        _always,
    ),
    "shareable": ({"shareable": True}, lambda order: order.status in _SHAREABLE),
    "not shareable": ({"shareable": False}, lambda order: order.status not in _SHAREABLE),
    "one status": ({"statuses": ["SUSPENDED"]}, lambda order: order.status == "SUSPENDED"),
    "two statuses": (
        {"statuses": ["LAPSED", "PENDING", "LAPSED"]},
        lambda order: order.status in ("LAPSED", "PENDING"),
    ),
    "no status": ({"statuses": []}, _never),
    "a status that cannot be shared, but shareable": (
        {"statuses": ["CANCELLED"], "shareable": True},
        _never,
    ),
    "one type": ({"types": ["TRAVEL"]}, lambda order: order.type == "TRAVEL"),
    "two types": ({"types": ["DENTAL", "CRITICAL"]}, lambda order: order.type in ("DENTAL", "CRITICAL")),
    "an unknown type": ({"types": ["travel"]}, _never),
    "no type": ({"types": []}, _never),
    "one owner": ({"ownerIds": ["@owner"]}, lambda order: order.owner_reference == "owner"),
    "two owners": (
        {"ownerIds": ["@äbtissin", "@admin"]},
        lambda order: order.owner_reference in ("äbtissin", "admin"),
    ),
    "an owner elsewhere": ({"ownerIds": ["@outsider"]}, _never),
    "owners who are none": ({"ownerIds": ["💥", ""]}, _never),
    "no owner": ({"ownerIds": []}, _never),
    "ends before": ({"expiresBefore": _text(LATER)}, _ends_before(LATER)),
    "ends before, by a microsecond": (
        {"expiresBefore": _text(LATER + timedelta(microseconds=1))},
        _ends_before(LATER + timedelta(microseconds=1)),
    ),
    "ends after": ({"expiresAfter": _text(LATER)}, _ends_after(LATER)),
    "ends before, in another zone": (
        {"expiresBefore": "2500-06-01T05:30:00.000001+05:30"},
        _ends_before(LATER + timedelta(microseconds=1)),
    ),
    "ends between": (
        {"expiresAfter": _text(LATER), "expiresBefore": _text(LATER + timedelta(days=1))},
        lambda order: _ends_after(LATER)(order) and _ends_before(LATER + timedelta(days=1))(order),
    ),
    "everything at once": (
        {
            "shareable": True,
            "statuses": ["IN_FORCE", "GRACE_PERIOD", "SUSPENDED"],
            "types": ["TRAVEL", "HOSPITAL"],
            "ownerIds": ["@owner", "@member", "@sender"],
            "expiresAfter": _text(LATER),
            "search": "gröSSE",
        },
        lambda order: (
            order.status in ("IN_FORCE", "GRACE_PERIOD")
            and order.type in ("TRAVEL", "HOSPITAL")
            and order.owner_reference in ("owner", "member", "sender")
            and _ends_after(LATER)(order)
            and order.title.startswith("Größe")
        ),
    ),
}

TITLES = {
    "R-1": "Größe der MÜLLER",
    "R-2": "STRASSE 100% sicher",
    "R-3": "straße under_score",
    "R-4": r"back\slash and /slash",
    "R-5": "Σίσυφος ΟΔΥΣΣΕΎΣ",
    "R-6": "İstanbul \u0131stanbul",
    "r-7": "100 sicher, underXscore",
    "Ж-8": "Жизнь 🦀 日本",
    "100%-9": "quoted ' and \" and ;--",
}

# What is searched for, and which of the orders above it finds.
SEARCHES = {
    "größe": {"R-1"},
    "GRÖSSE": {"R-1"},
    "grÖße DER mü": {"R-1"},
    "müller": {"R-1"},
    "Strasse": {"R-2", "R-3"},
    "STRAßE": {"R-2", "R-3"},
    "100": {"R-2", "r-7", "100%-9"},
    "100%": {"R-2", "100%-9"},
    "%": {"R-2"},
    "_": {"R-3"},
    "r_score": {"R-3"},
    "rxscore": {"r-7"},
    "\\": {"R-4"},
    "back\\s": {"R-4"},
    "/": {"R-4"},
    "/%": set(),
    "σίσυφοσ": {"R-5"},
    "ΣΊΣΥΦΟΣ": {"R-5"},
    "οδυσσεύς": {"R-5"},
    "İSTANBUL": {"R-6"},
    "\u0131stanbul": {"R-6"},
    "жизнь 🦀": {"Ж-8"},
    "本": {"Ж-8"},
    "ж-": {"Ж-8"},
    "r-": {"R-1", "R-2", "R-3", "R-4", "R-5", "R-6", "r-7"},
    "R-7": {"r-7"},
    "-7": set(),
    "'": {"100%-9"},
    '"': {"100%-9"},
    ";--": {"100%-9"},
    "  ": set(),
    "nothing of the kind": set(),
    "ß" * 200: set(),
}

_COUNT = "query($id: ID!, $where: OrderFilter) { organisation(id: $id) { orders(where: $where) { totalCount } } }"


async def test_each_filter_keeps_exactly_the_orders_that_meet_it(world: World) -> None:
    orders = [made.order for made in await fill(world, 300)]
    own = {f"O-{name}" for name in ("admin", "owner", "sender", "recipient", "member")}
    ids = {
        f"@{name}": await world.user_id(name) for name in ("owner", "admin", "member", "sender", "äbtissin", "outsider")
    }
    for name, (where, keeps) in FILTERS.items():
        given = where
        if where.get("ownerIds"):
            given = {**where, "ownerIds": [ids.get(owner, owner) for owner in where["ownerIds"]]}
        found = [order["reference"] for order in await walk(world, "member", "reference", where=given)]
        kept = {order.reference for order in orders if keeps(order)}
        assert bool(kept) == (keeps is not _never), name
        assert set(found) - own == kept, name
        assert len(found) == len(set(found))
        counted = await world.ask("member", _COUNT, id=await world.organisation_id(), where=given)
        assert counted == {"organisation": {"orders": {"totalCount": len(found)}}}, name


async def test_a_search_finds_text_in_titles_and_at_the_start_of_references_in_any_case(world: World) -> None:
    await world.import_rows(*(row(reference, "owner", title=title) for reference, title in TITLES.items()))
    found = {}
    for search in SEARCHES:
        orders = await walk(world, "member", "reference", where={"search": search})
        found[search] = {order["reference"] for order in orders}
    assert found == SEARCHES


async def test_an_empty_search_finds_everything(world: World) -> None:
    assert len(await walk(world, "member", "reference", where={"search": ""})) == 5


REFUSED = {
    "a search of 201 characters": (
        {"search": "a" * 201},
        "`search` takes at most 200 characters, and none of them NUL.",
    ),
    "a search with NUL": ({"search": "a\x00b"}, "`search` takes at most 200 characters, and none of them NUL."),
    "101 types": ({"types": ["A"] * 101}, "`types` takes at most 100 values."),
    "101 owners": ({"ownerIds": ["A"] * 101}, "`ownerIds` takes at most 100 values."),
}


@pytest.mark.parametrize("kind", REFUSED)
async def test_a_filter_that_is_too_much_is_refused(world: World, kind: str) -> None:
    where, message = REFUSED[kind]
    response = await world.post("member", _COUNT, {"id": await world.organisation_id(), "where": where})
    [error] = response.json()["errors"]
    assert (error["message"], error["extensions"]) == (message, {"code": "BAD_USER_INPUT"})
    assert error["path"] == ["organisation", "orders"]


async def test_a_type_that_no_database_can_hold_is_like_any_other_unknown_type(world: World) -> None:
    where = {"types": ["HOSP\x00ITAL", "DENTAL"]}
    assert await walk(world, "member", "reference", where=where) == []


async def test_a_hundred_types_and_owners_are_not_too_much(world: World) -> None:
    where = {"types": ["HOSPITAL"] * 100, "ownerIds": [await world.user_id("owner")] * 100}
    assert [order["reference"] for order in await walk(world, "member", "reference", where=where)] == ["O-owner"]
