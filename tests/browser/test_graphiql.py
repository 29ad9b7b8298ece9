"""GraphiQL in a real browser: it asks and listens, as whoever is chosen, and needs no network but its server."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.browser.screen import MEI, WEI, Screen, find_order, opened, process
from tests.integration.served_demonstration import Demonstration


@pytest.fixture
async def graphiql(browser: Browser, address: str, started: Demonstration) -> AsyncIterator[Screen]:
    """GraphiQL, ready to be used."""
    async with opened(browser, address, f"/graphql{started.fragment}") as screen:
        await expect(screen.page.get_by_role("tab")).to_have_count(5)
        yield screen


async def _run(screen: Screen) -> Locator:
    """Run what the tab in front holds, and return where it is answered."""
    await screen.page.get_by_role("button", name="Execute query").click()
    return screen.page.locator(".result-window")


async def test_a_tab_that_is_ready_to_run_is_answered(graphiql: Screen) -> None:
    await graphiql.page.get_by_role("tab", name="Orders").click()
    answer = await _run(graphiql)
    await expect(answer).to_contain_text('"name": "林家 (the Lin family)"')
    await expect(answer).not_to_contain_text('"errors"')


async def test_a_tab_asks_as_whoever_is_chosen(graphiql: Screen) -> None:
    await graphiql.page.get_by_role("button", name="New tab").click()
    await graphiql.page.get_by_label("Act as").select_option(value="wei@lin.example")
    await expect(graphiql.page.get_by_label("Act as")).to_have_value("wei@lin.example")
    await graphiql.page.locator(".graphiql-query-editor").click()
    await graphiql.page.keyboard.press("Control+A")
    await graphiql.page.keyboard.insert_text("query Who { viewer { user { name } } }")
    await expect(await _run(graphiql)).to_contain_text(f'"name": "{WEI}"')


async def test_a_subscription_tells_what_is_done_elsewhere(graphiql: Screen, screen: Screen) -> None:
    answer = await _run(graphiql)
    await expect(graphiql.page.get_by_role("button", name="Stop query")).to_be_visible()
    await process(await find_order(screen.first, "LIN-401"), "Endorse")
    await expect(answer).to_contain_text('"__typename": "OrderStatusChanged"')
    await expect(answer).to_contain_text(f'"name": "{MEI}"')
    await expect(answer).to_contain_text('"title": "防癌医疗险 · 林国栋"')


async def test_its_docs_and_its_explorer_open(graphiql: Screen) -> None:
    # What the page may not do would be complained of.
    await graphiql.page.get_by_role("button", name="Show Documentation Explorer").click()
    await expect(graphiql.page.get_by_role("link", name="Subscription", exact=True)).to_be_visible()
    await graphiql.page.get_by_role("button", name="Show GraphiQL Explorer").click()
    await expect(graphiql.page.get_by_text("Add new")).to_be_visible()


async def test_no_token_comes_into_the_address_or_into_a_storage(graphiql: Screen, address: str) -> None:
    await graphiql.page.get_by_role("tab", name="Orders").click()
    await expect(await _run(graphiql)).to_contain_text('"totalCount"')
    assert graphiql.page.url == f"{address}/graphql"
    kept = await graphiql.page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])")
    assert "eyJ" not in kept
