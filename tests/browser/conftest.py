"""What the tests in a real browser need: the browser, and the demonstration as it is served."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from functools import partial

import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.browser.screen import FLAGS, NO_BROWSER, PATIENCE_MILLISECONDS, Screen, browser_program, opened
from tests.integration.served_demonstration import Demonstration, demonstration
from tests.ports import free_port

# Run it alone: `ORDERSHARE_PICTURES=1 .venv/bin/pytest tests/browser/test_pictures.py`.
collect_ignore = [] if os.environ.get("ORDERSHARE_PICTURES") == "1" else ["test_pictures.py"]

_SECONDS = 900
"""How long all tests in a browser may take."""

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
    expect.set_options(timeout=PATIENCE_MILLISECONDS)
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=browser_program(), headless=True, args=FLAGS)
        yield chromium
        await chromium.close()


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    """The demonstration, served once for all tests of a process: each changes another order."""
    with demonstration(tmp_path_factory.mktemp("demonstration"), free_port(), _SECONDS) as started:
        yield started


@pytest.fixture(scope="session")
def address(started: Demonstration) -> str:
    """Where it is served."""
    return f"http://127.0.0.1:{started.port}"


@pytest.fixture
def open_screen(browser: Browser, address: str, started: Demonstration) -> OpenScreen:
    """Open the page in a window, as it was printed: `async with open_screen(locale="zh-CN") as screen`."""
    return partial(opened, browser, address, f"/{started.fragment}")


@pytest.fixture
async def screen(open_screen: OpenScreen) -> AsyncIterator[Screen]:
    """The page in a wide window, in English and light, with both terminals live."""
    async with open_screen() as screen:
        await screen.is_live()
        yield screen
