"""Paging through a list of orders, forward and backward, at every page size, while it grows."""

from itertools import chain
from typing import Any

import pytest

from schema.paging import MAX_PAGE
from tests.api.many_orders import ENDLESS, LATER, fill, many_orders, walk
from tests.world import World, row

SORTS = ("TYPE_PRIORITY", "EXPIRES_AT", "EFFECTIVE_AT_DESC", "PREMIUM_DESC")

_PAGE = """
query($id: ID!, $where: OrderFilter, $by: OrderSort!, $first: Int, $after: String, $last: Int, $before: String) {
  organisation(id: $id) {
    orders(where: $where, orderBy: $by, first: $first, after: $after, last: $last, before: $before) {
      edges { cursor node { reference } }
      nodes { reference }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
}
"""


async def _page(world: World, by: str = "TYPE_PRIORITY", **given: Any) -> dict[str, Any]:
    asked = await world.ask("member", _PAGE, id=await world.organisation_id(), by=by, **given)
    page: dict[str, Any] = asked["organisation"]["orders"]
    cursors = [edge["cursor"] for edge in page["edges"]]
    assert [edge["node"] for edge in page["edges"]] == page["nodes"]
    assert page["pageInfo"]["startCursor"] == (cursors[0] if cursors else None)
    assert page["pageInfo"]["endCursor"] == (cursors[-1] if cursors else None)
    return page


def _references(page: dict[str, Any]) -> list[str]:
    return [node["reference"] for node in page["nodes"]]


async def _forward(world: World, by: str, size: int) -> list[list[str]]:
    pages: list[list[str]] = []
    cursor = None
    while True:
        page = await _page(world, by, first=size, after=cursor)
        assert page["pageInfo"]["hasPreviousPage"] == (cursor is not None)
        pages.append(_references(page))
        assert len(pages) < ENDLESS
        cursor = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return pages


async def _backward(world: World, by: str, size: int) -> list[list[str]]:
    pages: list[list[str]] = []
    cursor = None
    while True:
        page = await _page(world, by, last=size, before=cursor)
        assert page["pageInfo"]["hasNextPage"] == (cursor is not None)
        pages.insert(0, _references(page))
        assert len(pages) < ENDLESS
        cursor = page["pageInfo"]["startCursor"]
        if not page["pageInfo"]["hasPreviousPage"]:
            return pages


@pytest.mark.parametrize("by", SORTS)
async def test_pages_of_every_size_cover_each_order_once_in_both_directions(world: World, by: str) -> None:
    await fill(world, 8)
    everything = _references(await _page(world, by, first=MAX_PAGE))
    assert len(set(everything)) == 13
    for size in (*range(1, 15), MAX_PAGE):
        forward, backward = await _forward(world, by, size), await _backward(world, by, size)
        assert [*chain(*forward)] == [*chain(*backward)] == everything, size
        assert [len(page) for page in forward[:-1]] == [size] * (len(forward) - 1)
        assert [len(page) for page in backward[1:]] == [size] * (len(backward) - 1)
        assert all([*forward, *backward])


async def test_a_page_between_two_cursors_has_what_lies_between_them(world: World) -> None:
    await fill(world, 12)
    page = await _page(world, first=MAX_PAGE)
    everything, cursors = _references(page), [edge["cursor"] for edge in page["edges"]]
    for begin, end in ((0, 16), (3, 9), (3, 4), (5, 5), (9, 3)):
        between = everything[begin + 1 : end]
        bounds = {"after": cursors[begin], "before": cursors[end]}
        assert _references(await _page(world, **bounds)) == between
        first, last = await _page(world, first=2, **bounds), await _page(world, last=2, **bounds)
        assert _references(first) == between[:2]
        assert _references(last) == between[-2:]
        more = len(between) > 2
        assert (first["pageInfo"]["hasNextPage"], first["pageInfo"]["hasPreviousPage"]) == (more, True)
        assert (last["pageInfo"]["hasNextPage"], last["pageInfo"]["hasPreviousPage"]) == (True, more)


async def test_pages_of_a_filtered_list_cover_what_it_keeps(world: World) -> None:
    await fill(world, 60)
    where = {"types": ["DENTAL", "TRAVEL"], "shareable": True}
    everything = [order["reference"] for order in await walk(world, "member", "reference", where=where)]
    assert len(everything) > 5
    for size in (1, 2, 3, 50):
        pages = await walk(world, "member", "reference", size=size, where=where)
        assert [order["reference"] for order in pages] == everything


@pytest.mark.parametrize("by", SORTS)
async def test_orders_that_come_between_pages_move_no_other(world: World, by: str) -> None:
    rows = many_orders(40)
    await fill(world, 20)
    before = [*_references(await _page(world, by, first=MAX_PAGE))]
    seen, cursor, more = [], None, True
    coming = [made for made in rows if made.order.reference >= "M-0020"]
    while more:
        page = await _page(world, by, first=3, after=cursor)
        seen += _references(page)
        assert len(seen) < ENDLESS
        cursor, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        if coming:
            await world.import_rows(*coming[:4])
            del coming[:4]
    assert coming == []
    assert [reference for reference in seen if reference in before] == before
    after = _references(await _page(world, by, first=MAX_PAGE))
    assert len(seen) == len(set(seen))
    assert seen == [reference for reference in after if reference in seen]


async def test_a_cursor_holds_its_place_when_its_order_has_gone_elsewhere(world: World) -> None:
    await world.import_rows(*(row(f"P-{number}", "owner", premium_minor=number) for number in range(9)))
    page = await _page(world, "PREMIUM_DESC", where={"search": "P-"}, first=3)
    assert _references(page) == ["P-8", "P-7", "P-6"]
    await world.import_rows(row("P-6", "owner", premium_minor=0), row("P-8", "owner", premium_minor=99))
    rest = await _page(world, "PREMIUM_DESC", where={"search": "P-"}, after=page["pageInfo"]["endCursor"])
    assert _references(rest) == ["P-5", "P-4", "P-3", "P-2", "P-1", "P-6", "P-0"]


async def test_an_empty_list_has_an_empty_page(world: World) -> None:
    page = await _page(world, where={"search": "nothing of the kind"})
    assert page == {
        "edges": [],
        "nodes": [],
        "pageInfo": {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None},
    }


async def test_a_cursor_of_the_last_microsecond_of_time_pages_on(world: World) -> None:
    ends = [LATER.replace(year=9999, month=12, day=31, hour=23, minute=59, second=59, microsecond=999_999), None]
    await world.import_rows(*(row(f"E-{number}", "owner", expires_at=end) for number, end in enumerate(ends)))
    first = await _page(world, "EXPIRES_AT", first=1)
    assert _references(first) == ["E-0"]
    rest = await _page(world, "EXPIRES_AT", after=first["pageInfo"]["endCursor"])
    assert len(_references(rest)) == 6
