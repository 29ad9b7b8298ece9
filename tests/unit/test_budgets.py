"""Budgets that are taken in parts: nobody spends more than there is, and what is left is told."""

import asyncio
import time
from typing import Any
from uuid import uuid4

import pytest
from limits import parse
from limits.aio.storage import MemoryStorage
from strawberry.utils.await_maybe import await_maybe

from app.budgets import Budgets
from db.database import Database
from domain.people import Viewer
from schema.pricing import Spent


class _Counted(MemoryStorage):
    """A store that counts the steps it is asked for."""

    steps = 0

    async def incr(self, *given: Any, **named: Any) -> int:
        """Count up."""
        self.steps += 1
        return await super().incr(*given, **named)


class _Away(MemoryStorage):
    """A store that is not there."""

    async def incr(self, *_: Any, **__: Any) -> int:
        """Fail."""
        raise ConnectionError


def _budgets(amount: str, store: MemoryStorage | None) -> Budgets:
    return Budgets(Database("sqlite+aiosqlite:///never-opened.db"), parse(amount), None, store)


async def _spend(budgets: Budgets, viewer: Viewer, cost: int) -> Spent:
    return await await_maybe(budgets.spend(viewer, cost))


@pytest.mark.parametrize("store", [None, _Away()], ids=["no store", "a store that is away"])
async def test_without_a_store_a_process_has_the_whole_budget_for_itself(store: MemoryStorage | None) -> None:
    budgets, viewer = _budgets("10 per hour", store), Viewer(uuid4())
    assert [(await _spend(budgets, viewer, 4)).remaining for _ in range(2)] == [6, 2]
    refused = await _spend(budgets, viewer, 4)
    assert refused.retry_after is not None
    assert 3_590 < refused.retry_after <= 3_600
    assert (await _spend(budgets, viewer, 1)).retry_after is not None
    assert (await _spend(budgets, Viewer(uuid4()), 10)).remaining == 0


def test_without_a_store_nobody_waits() -> None:
    assert _budgets("10 per hour", None).spend(Viewer(uuid4()), 4) == Spent(6)


async def test_a_budget_is_full_again_after_its_time() -> None:
    budgets, viewer = _budgets("10 per second", None), Viewer(uuid4())
    began = time.monotonic()
    spent = 0
    while time.monotonic() < began + 2.2:
        spent += (await _spend(budgets, viewer, 10)).retry_after is None
        await asyncio.sleep(0)
    assert spent == 3


async def test_a_part_is_spent_without_asking_the_store_again() -> None:
    store = _Counted()
    budgets, viewer = _budgets("20000 per hour", store), Viewer(uuid4())
    remaining = [(await _spend(budgets, viewer, 1)).remaining for _ in range(201)]
    assert remaining == list(range(19_999, 19_798, -1))
    assert store.steps == 3
    assert (await _spend(budgets, viewer, 150)).remaining == 19_649
    assert store.steps == 4


async def test_what_costs_more_than_a_part_is_taken_whole() -> None:
    store = _Counted()
    budgets, viewer = _budgets("1000 per hour", store), Viewer(uuid4())
    assert [(await _spend(budgets, viewer, 400)).remaining for _ in range(2)] == [600, 200]
    refused = await _spend(budgets, viewer, 400)
    assert refused.remaining == 0
    assert refused.retry_after is not None
    assert 3_590 < refused.retry_after <= 3_600
    assert (await _spend(budgets, viewer, 1)).retry_after is not None
    assert (await _spend(budgets, Viewer(uuid4()), 1)).retry_after is None


@pytest.mark.parametrize("cost", [1, 3, 7, 50])
async def test_processes_that_share_a_store_spend_no_more_than_there_is_and_nearly_all_of_it(cost: int) -> None:
    store, viewer = MemoryStorage(), Viewer(uuid4())
    processes = [_budgets("1000 per hour", store) for _ in range(3)]
    spent = 0
    while True:
        refused = 0
        for process in processes:
            if (await _spend(process, viewer, cost)).retry_after is None:
                spent += cost
            else:
                refused += 1
        if refused == len(processes):
            break
    # Each may keep less than a part, and less than one cost.
    assert 1_000 - 3 * max(5, cost) <= spent <= 1_000
