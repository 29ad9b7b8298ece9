import math
import re
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import ColumnElement
from sqlmodel import col

from db.keyset import Keyset, Page, PageRequest, cut
from db.order_tables import OrderTypeRow

PLACE = (5, "health")
ASCENDING = Keyset((col(OrderTypeRow.priority), col(OrderTypeRow.code)))
DESCENDING = Keyset(ASCENDING.keys, descending=True)


def sql(elements: Sequence[ColumnElement[Any]]) -> list[str]:
    compiled = [str(element.compile(compile_kwargs={"literal_binds": True})) for element in elements]
    return [re.sub(r"\(SELECT ([^)]+) AS \w+\)", r"\1", text.replace("order_type.", "")) for text in compiled]


def pages_of(rows: Sequence[int], size: int) -> range:
    return range(max(1, math.ceil(len(rows) / size)))


@pytest.mark.parametrize(
    ("rows", "kept", "more"),
    [
        pytest.param([], [], False, id="no-row"),
        pytest.param([1], [1], False, id="one-row-short-of-the-size"),
        pytest.param([1, 2], [1, 2], False, id="exactly-the-size"),
        pytest.param([1, 2, 3], [1, 2], True, id="one-row-over-the-size"),
    ],
)
def test_a_forward_page_has_a_next_one_where_a_row_is_left_over(rows: list[int], kept: list[int], more: bool) -> None:
    assert cut(rows, PageRequest(size=2)) == Page(kept, has_next=more, has_previous=False)


@pytest.mark.parametrize(
    ("rows", "kept", "more"),
    [
        pytest.param([], [], False, id="no-row"),
        pytest.param([3], [3], False, id="one-row-short-of-the-size"),
        pytest.param([3, 2], [2, 3], False, id="exactly-the-size"),
        pytest.param([3, 2, 1], [2, 3], True, id="one-row-over-the-size"),
    ],
)
def test_a_backward_page_is_turned_round_and_has_a_previous_one_where_a_row_is_left_over(
    rows: list[int], kept: list[int], more: bool
) -> None:
    assert cut(rows, PageRequest(size=2, backward=True)) == Page(kept, has_next=False, has_previous=more)


@pytest.mark.parametrize("rows", [[1], [1, 2, 3]], ids=["last-page", "not-last-page"])
@pytest.mark.parametrize(
    ("after", "before", "has_previous"),
    [
        pytest.param(None, None, False, id="unbounded"),
        pytest.param(PLACE, None, True, id="after-a-cursor"),
        pytest.param(None, PLACE, False, id="before-a-cursor"),
        pytest.param(PLACE, PLACE, True, id="between-cursors"),
    ],
)
def test_a_forward_page_has_a_previous_one_where_it_comes_after_a_cursor(
    rows: list[int], after: tuple[Any, ...] | None, before: tuple[Any, ...] | None, has_previous: bool
) -> None:
    page = cut(rows, PageRequest(size=2, after=after, before=before))

    assert (page.has_next, page.has_previous) == (len(rows) == 3, has_previous)


@pytest.mark.parametrize("rows", [[1], [3, 2, 1]], ids=["first-page", "not-first-page"])
@pytest.mark.parametrize(
    ("after", "before", "has_next"),
    [
        pytest.param(None, None, False, id="unbounded"),
        pytest.param(PLACE, None, False, id="after-a-cursor"),
        pytest.param(None, PLACE, True, id="before-a-cursor"),
        pytest.param(PLACE, PLACE, True, id="between-cursors"),
    ],
)
def test_a_backward_page_has_a_next_one_where_it_comes_before_a_cursor(
    rows: list[int], after: tuple[Any, ...] | None, before: tuple[Any, ...] | None, has_next: bool
) -> None:
    page = cut(rows, PageRequest(size=2, after=after, before=before, backward=True))

    assert (page.has_next, page.has_previous) == (has_next, len(rows) == 3)


@given(st.lists(st.integers(), unique=True).map(sorted), st.integers(1, 7))
def test_forward_pages_one_after_another_hold_every_row_once_and_in_order(rows: list[int], size: int) -> None:
    read: list[int] = []
    more: list[bool] = []
    for _ in pages_of(rows, size):
        rest = rows[len(read) :]
        page = cut(rest[: size + 1], PageRequest(size, after=(read[-1],) if read else None))
        read += page.rows
        more.append(page.has_next)

    assert read == rows
    assert more == [True] * (len(more) - 1) + [False]


@given(st.lists(st.integers(), unique=True).map(sorted), st.integers(1, 7))
def test_backward_pages_one_before_another_hold_every_row_once_and_in_order(rows: list[int], size: int) -> None:
    read: list[int] = []
    more: list[bool] = []
    for _ in pages_of(rows, size):
        rest = rows[: len(rows) - len(read)]
        before = (read[0],) if read else None
        page = cut(rest[::-1][: size + 1], PageRequest(size, before=before, backward=True))
        read = [*page.rows, *read]
        more.append(page.has_previous)

    assert read == rows
    assert more == [True] * (len(more) - 1) + [False]


@pytest.mark.parametrize(
    ("keyset", "backward", "order"),
    [
        pytest.param(ASCENDING, False, ["priority ASC", "code ASC"], id="ascending-forward"),
        pytest.param(ASCENDING, True, ["priority DESC", "code DESC"], id="ascending-backward"),
        pytest.param(DESCENDING, False, ["priority DESC", "code DESC"], id="descending-forward"),
        pytest.param(DESCENDING, True, ["priority ASC", "code ASC"], id="descending-backward"),
    ],
)
def test_a_page_is_read_in_its_order_and_a_backward_one_from_its_end(
    keyset: Keyset, backward: bool, order: list[str]
) -> None:
    assert sql(keyset.ordering(PageRequest(1, backward=backward))) == order


@pytest.mark.parametrize("keyset", [ASCENDING, DESCENDING], ids=["ascending", "descending"])
def test_a_page_without_cursors_is_unbounded(keyset: Keyset) -> None:
    assert keyset.bounds(PageRequest(1)) == []


@pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
@pytest.mark.parametrize(
    ("keyset", "after", "before"),
    [
        pytest.param(ASCENDING, "(priority, code) > (5, 'health')", "(priority, code) < (6, 'car')", id="ascending"),
        pytest.param(DESCENDING, "(priority, code) < (5, 'health')", "(priority, code) > (6, 'car')", id="descending"),
    ],
)
def test_a_page_between_cursors_leaves_out_the_rows_that_they_stand_for(
    keyset: Keyset, backward: bool, after: str, before: str
) -> None:
    request = PageRequest(1, after=(5, "health"), before=(6, "car"), backward=backward)

    assert sql(keyset.bounds(request)) == [after, before]
