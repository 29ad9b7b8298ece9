"""What the tests in a real browser need: the browser, the demonstration as it is served, and a page that leaves no host."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, async_playwright

from tests.browser.screen import FLAGS, NO_BROWSER, Screen, browser_program, opened
from tests.integration.served_demonstration import demonstration, free_port

OpenScreen = Callable[..., AbstractAsyncContextManager[Screen]]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip the tests that need a browser where there is none, but never in CI.

    A skip in the fixture would be told for each test; those from here are told in one line.
    """
    if "browser" in getattr(item, "fixturenames", ()) and browser_program() is None:
        if os.environ.get("CI") == "true":
            pytest.fail(NO_BROWSER, pytrace=False)
        pytest.skip(NO_BROWSER)


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A browser, the same for all tests: each has a window of its own, which knows nothing of the others."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=browser_program(), headless=True, args=FLAGS)
        yield chromium
        await chromium.close()


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Where a demonstration of its own is served for the test."""
    with demonstration(tmp_path, free_port()) as served:
        yield f"http://127.0.0.1:{served.port}"


@pytest.fixture
def open_screen(browser: Browser, address: str) -> OpenScreen:
    """Open the page in a window: `async with open_screen(locale="zh-CN") as screen`."""

    @asynccontextmanager
    async def open_page(path: str = "/", **options: Any) -> AsyncIterator[Screen]:
        async with opened(browser, address, path, **options) as screen:
            yield screen

    return open_page


@pytest.fixture
async def screen(open_screen: OpenScreen) -> AsyncIterator[Screen]:
    """The page in a wide window, in English and light, with both terminals live."""
    async with open_screen() as screen:
        await screen.is_live()
        yield screen
