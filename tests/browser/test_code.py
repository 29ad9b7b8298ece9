"""Who may act as the people of the demonstration: a browser that has opened an address as it was printed."""

import pytest
from playwright.async_api import Browser, Request, expect

from tests.browser.screen import Screen, opened
from tests.integration.served_demonstration import Demonstration

_LOCKED = "open the address"
_REFUSED = "error: Failed to load resource: the server responded with a status of"
_FORBIDDEN = f"{_REFUSED} 403 (Forbidden)"
_SCHEMA_REFUSED = f"{_REFUSED} 401 (Unauthorized)"
"""GraphiQL asks for the schema, for which it has no token while it is locked."""


async def _is_locked(screen: Screen) -> None:
    if "/graphql" in screen.page.url:
        await expect(screen.page.locator("#locked:visible")).to_contain_text(_LOCKED)
        await expect(screen.page.get_by_label("Act as")).not_to_be_visible()
        await expect(screen.page.get_by_role("tab")).to_have_count(1)
    else:
        await expect(screen.page.locator(".unloaded")).to_contain_text(_LOCKED)
        await expect(screen.page.locator(".terminal")).to_have_count(0)


async def _is_open(screen: Screen) -> None:
    if "/graphql" in screen.page.url:
        await expect(screen.page.get_by_role("tab")).to_have_count(5)
        await expect(screen.page.locator("#locked")).not_to_be_visible()
    else:
        await screen.is_live()
        await expect(screen.page.locator(".unloaded")).to_have_count(0)


@pytest.mark.parametrize("path", ["/", "/graphql"])
async def test_without_the_code_a_page_says_what_to_open_and_opens_with_it(
    browser: Browser, address: str, started: Demonstration, path: str
) -> None:
    async with opened(browser, address, path) as screen:
        await _is_locked(screen)
        assert set(screen.faults) <= {_SCHEMA_REFUSED}
        # Only the fragment is another one: a browser does not load the page anew for that.
        await screen.page.goto(f"{address}{path}{started.fragment}")
        await _is_open(screen)
        assert set(screen.faults) <= {_SCHEMA_REFUSED}
        screen.faults.clear()


@pytest.mark.parametrize("path", ["/", "/graphql"])
async def test_the_code_of_another_start_opens_nothing(browser: Browser, address: str, path: str) -> None:
    async with opened(browser, address, f"{path}#code=of-another-start") as screen:
        await _is_locked(screen)
        assert [fault for fault in screen.faults if fault != _SCHEMA_REFUSED] == [_FORBIDDEN]
        screen.faults.clear()


@pytest.mark.parametrize("path", ["/", "/graphql"])
async def test_the_code_leaves_the_address_and_lasts_for_the_visit(
    browser: Browser, address: str, started: Demonstration, path: str
) -> None:
    code = started.fragment.removeprefix("#code=")
    assert len(code) == 24
    sent: list[tuple[str, dict[str, str]]] = []

    def look(request: Request) -> None:
        sent.append((request.url, request.headers))

    async with opened(browser, address, "/terminals/icon.svg") as screen:
        screen.page.on("request", look)
        await screen.page.goto(f"{address}{path}{started.fragment}")
        await _is_open(screen)
        assert screen.page.url == f"{address}{path}"
        await screen.page.reload()
        await _is_open(screen)
        kept = await screen.page.evaluate("JSON.stringify([{ ...localStorage }, document.cookie])")
    assert code not in kept
    # It is sent as the header of one request, and never in an address or a Referer.
    with_code = [url for url, headers in sent if code in "".join(headers.values())]
    assert with_code == [f"{address}/demonstration.json"] * 2
    assert [url for url, headers in sent if code in url.partition("#")[0] or "referer" in headers] == []


async def test_the_link_to_graphiql_opens_it_ready_to_run(screen: Screen) -> None:
    async with screen.page.context.expect_page() as other:
        await screen.page.get_by_role("link", name="GraphiQL").click(modifiers=["Control"])
    page = await other.value
    await expect(page.get_by_role("tab")).to_have_count(5)
    assert page.url.endswith("/graphql")
