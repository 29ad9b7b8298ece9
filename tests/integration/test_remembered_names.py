"""Names of people and of kinds of cover are remembered, and never told as they were before what a snapshot sees."""

from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest

from db.database import Database
from db.keyset import PageRequest
from db.plain_rows import PlainMembership, PlainOrder, PlainOrganisation, PlainSharedOrder, PlainUser
from db.row_cache import RowCache
from domain.people import Viewer
from resolvers.find_rows import find_organisations
from resolvers.import_order_types import OrderTypeToImport, import_order_types
from resolvers.list_orders import OrderFilter, OrderSort, list_orders
from resolvers.list_shared_orders import list_of_orders
from resolvers.load_rows import known_user, load_order_types, load_users
from schema.global_id import decode_node_id
from tests.listening import document
from tests.served_world import serving, terminal
from tests.world import World, row

_ORDERS = "query($id: ID!) { organisation(id: $id) { orders { nodes { reference owner { name } type { name } } } } }"


async def _names(world: World, order: str = "O-owner") -> tuple[str, str]:
    """Return what a member is told of an order: the names of its owner and of its kind."""
    data = await world.ask("member", _ORDERS, id=await world.organisation_id())
    [node] = [each for each in data["organisation"]["orders"]["nodes"] if each["reference"] == order]
    return node["owner"]["name"], node["type"]["name"]


async def _rename_owner(world: World, name: str) -> None:
    await world.import_rows(replace(row("O-owner", "owner"), member_name=name))


async def _rename_kind(world: World, name: str) -> None:
    kinds = [OrderTypeToImport("HOSPITAL", name, 10)]
    await world.database.write(partial(import_order_types, types=kinds))


@pytest.fixture
async def other(world: World) -> AsyncIterator[World]:
    """The same database, served by another process."""
    served = World(Database(world.database.engine.url.render_as_string(hide_password=False)))
    yield served
    await served.http.aclose()
    await served.database.close()


async def test_a_person_renamed_by_one_process_is_renamed_in_all(world: World, other: World) -> None:
    for process in (world, other):
        assert await _names(process) == ("Owner", "Hospital cover")
    for name in ("Ada", "Ada Owner", "Owner"):
        await _rename_owner(world, name)
        for process in (world, other):
            assert await _names(process) == (name, "Hospital cover")


async def test_a_kind_of_cover_renamed_by_one_process_is_renamed_in_all(world: World, other: World) -> None:
    for process in (world, other):
        assert await _names(process) == ("Owner", "Hospital cover")
    for name in ("Ward", "Hospital"):
        await _rename_kind(world, name)
        for process in (world, other):
            assert await _names(process) == ("Owner", name)


async def test_a_rename_that_is_rolled_back_is_not_seen(world: World) -> None:
    assert await _names(world) == ("Owner", "Hospital cover")

    async def rename_and_fail(session: Any) -> None:
        await import_order_types(session, [OrderTypeToImport("HOSPITAL", "Ward", 10)])
        raise ValueError("after the rename")

    with pytest.raises(ValueError, match="after the rename"):
        await world.database.write(rename_and_fail)
    assert await _names(world) == ("Owner", "Hospital cover")


async def test_whoever_hears_of_a_new_name_reads_it(world: World, other: World) -> None:
    for process in (world, other):
        assert await _names(process) == ("Owner", "Hospital cover")
    listen = document("organisationEvents", "... on MembershipChanged { user { name } }")
    async with serving(other) as server, terminal(server, other.token("member")) as opened:
        cursor = (
            await other.ask(
                "member", "query($id: ID!) { organisation(id: $id) { logCursor } }", id=await other.organisation_id()
            )
        )["organisation"]["logCursor"]
        await opened.subscribe(listen, organisation=await other.organisation_id(), after=cursor)
        for name in ("Ada", "Ada Owner"):
            await _rename_owner(world, name)
            assert (await opened.next_data())["organisationEvents"]["user"] == {"name": name}
            for process in (other, world):
                assert await _names(process) == (name, "Hospital cover")


async def _owner_id(world: World) -> UUID:
    _, owner_id = decode_node_id(await world.user_id("owner"))
    return owner_id


async def test_a_snapshot_from_before_a_rename_goes_on_telling_the_old_name(world: World) -> None:
    owner_id = await _owner_id(world)
    async with world.database.snapshot() as before:
        assert (await load_users(before, [owner_id]))[owner_id].name == "Owner"
        await _rename_owner(world, "Ada")
        assert await _names(world) == ("Ada", "Hospital cover")
        # Another has filled the cache since, with what this snapshot does not see.
        assert known_user(before, owner_id) is None
        assert (await load_users(before, [owner_id]))[owner_id].name == "Owner"
        assert (await load_order_types(before, ["HOSPITAL"]))["HOSPITAL"].name == "Hospital cover"
    assert await _names(world) == ("Ada", "Hospital cover")


async def test_a_snapshot_that_knows_its_moment_reads_people_without_a_statement(world: World) -> None:
    owner_id = await _owner_id(world)
    async with world.database.snapshot() as first:
        assert known_user(first, owner_id) is None
        [read] = (await load_users(first, [owner_id])).values()
    async with world.database.snapshot() as second:
        assert known_user(second, owner_id) is None
        await second.ask_moment()
        assert known_user(second, owner_id) is read


def _user(number: int) -> PlainUser:
    return PlainUser(UUID(int=number), f"user-{number}", f"User {number}")


def test_the_rows_remembered_are_bounded_and_those_not_asked_for_lately_go() -> None:
    version = uuid4()
    cache: RowCache[int, PlainUser] = RowCache(4)
    cache.put(version, {number: _user(number) for number in range(4)})
    assert len(cache) == 4
    assert cache.get(version, 0) == _user(0)
    cache.put(version, {4: _user(4)})
    assert [cache.get(version, number) for number in (0, 4, 1)] == [_user(0), _user(4), None]
    for number in range(100):
        cache.put(version, {number: _user(number)})
        assert len(cache) <= 4
        assert cache.get(version, number) == _user(number)


def test_rows_of_another_version_are_not_told_and_not_kept() -> None:
    first, second = uuid4(), uuid4()
    cache: RowCache[int, PlainUser] = RowCache(3)
    cache.put(first, {1: _user(1)})
    assert cache.get(second, 1) is None
    cache.put(second, {2: _user(2)})
    assert cache.get(first, 1) is None
    assert cache.get(second, 1) is None
    assert len(cache) == 1


def test_where_the_database_has_no_version_nothing_is_remembered() -> None:
    cache: RowCache[int, PlainUser] = RowCache(3)
    cache.put(None, {1: _user(1)})
    assert cache.get(None, 1) is None
    assert len(cache) == 0


async def test_what_a_page_reads_are_plain_rows_and_no_objects_of_a_session(world: World) -> None:
    await world.share("recipient", sender="owner")
    _, organisation_id = decode_node_id(await world.organisation_id())
    owner = Viewer(await _owner_id(world))
    async with world.database.snapshot() as snapshot:
        found = await find_organisations(snapshot, owner, [organisation_id])
        orders = await list_orders(snapshot, organisation_id, OrderFilter(), OrderSort.TYPE_PRIORITY, PageRequest(10))
        now = (await snapshot.ask_moment()).now
        lists = await list_of_orders(snapshot, owner, [each.id for each in orders.rows], None, now, PageRequest(5))
        users = await load_users(snapshot, [owner.user_id])
    [shared] = [each for page in lists.values() for each in page.rows]
    rows = [*found[organisation_id], *orders.rows, shared, *users.values()]
    assert [type(each) for each in rows] == [
        PlainOrganisation,
        PlainMembership,
        *[PlainOrder] * 5,
        PlainSharedOrder,
        PlainUser,
    ]
