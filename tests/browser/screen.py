"""A page in a browser, of which every fault is noted: what it complains of, and whom it asks besides its server."""

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, ConsoleMessage, Locator, Page, Route, WebSocket, WebSocketRoute, expect

NO_BROWSER = "The tests in a browser need Chromium on the PATH: apt-get install chromium."
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

PATIENCE_MILLISECONDS = 15_000

WIDE = {"width": 1440, "height": 900}

GoBetween = Callable[[WebSocketRoute], None]

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

MEI, WEI = "林美 (Lin Mei)", "林伟 (Lin Wei)"


@cache
def browser_program() -> str | None:
    """Return the path of a browser of the Chromium family; None where this machine has none."""
    return next(filter(None, map(shutil.which, _PROGRAMS)), None)


class Screen:
    """A page in its window.

    Attributes:
        page: The page.
        faults: What the page has complained of, or asked of other hosts.
    """

    def __init__(self, page: Page, address: str) -> None:
        """Watch a page that has not been opened yet."""
        self.page = page
        self.faults: list[str] = []
        self._host = urlsplit(address).netloc
        page.on("console", self._hear)
        page.on("pageerror", lambda fault: self.faults.append(f"uncaught: {fault}"))
        page.on("websocket", self._meet)
        page.set_default_timeout(PATIENCE_MILLISECONDS)

    async def guard(self) -> None:
        """Let no request leave for another host."""
        await self.page.context.route("**/*", self._admit)

    @property
    def first(self) -> Locator:
        """The first terminal."""
        return self.page.locator("[data-side=first]")

    @property
    def second(self) -> Locator:
        """The second terminal."""
        return self.page.locator("[data-side=second]")

    async def is_live(self) -> None:
        """Return when both terminals have shown their orders, and listen."""
        for terminal in (self.first, self.second):
            await expect(terminal).to_have_attribute("data-state", "live")

    async def violations(self) -> list[str]:
        """Return what axe finds that some people could not see, reach or understand."""
        found = await Axe().run(self.page)
        return [
            f"{violation['id']}: {node['html']}"
            for violation in found.response["violations"]
            for node in violation["nodes"]
        ]

    async def scrolls_sideways(self) -> bool:
        """Return whether the page is wider than its window."""
        wide = await self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        return bool(wide)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(f"{message.type}: {message.text}")

    def _meet(self, socket: WebSocket) -> None:
        if urlsplit(socket.url).netloc != self._host:
            self.faults.append(f"opened {socket.url}")

    async def _admit(self, route: Route) -> None:
        if urlsplit(route.request.url).netloc == self._host:
            await route.continue_()
        else:
            self.faults.append(f"asked for {route.request.url}")
            await route.abort()


@asynccontextmanager
async def opened(
    browser: Browser, address: str, path: str = "/", sockets: GoBetween | None = None, **options: Any
) -> AsyncIterator[Screen]:
    """Open a page in a window of its own; on leaving, there must have been no fault.

    Args:
        browser: The browser.
        address: Where the server is.
        path: Which of its pages.
        sockets: Is given each socket that the page opens, to stand between it and the server.
        options: What is different in the window, such as its `viewport`, `locale` and `color_scheme`.
    """
    window = await browser.new_context(**{"viewport": WIDE, "locale": "en-US", **options})
    try:
        screen = Screen(await window.new_page(), address)
        await screen.guard()
        if sockets is not None:
            await screen.page.route_web_socket("**/graphql", sockets)
        await screen.page.goto(f"{address}{path}")
        yield screen
        assert screen.faults == [], screen.faults
    finally:
        await window.close()


async def find_order(terminal: Locator, reference: str) -> Locator:
    """Search for an order in a terminal, open its details, and return its row."""
    await terminal.get_by_role("searchbox").fill(reference)
    rows = terminal.locator(".order")
    await expect(rows).to_have_count(1)
    await rows.get_by_role("button", expanded=False).click()
    return rows


async def share(terminal: Locator, reference: str, recipient: str, message: str = "") -> None:
    """Share an order, to be processed too, from now on and for 7 days."""
    row = await find_order(terminal, reference)
    await row.get_by_role("button", name="Share").click()
    dialog = terminal.page.get_by_role("dialog")
    await dialog.get_by_label(recipient).check()
    await dialog.get_by_label("Message").fill(message)
    await dialog.get_by_role("button", name="Send the offer").click()
    await expect(dialog).to_have_count(0)


async def process(place: Locator, action: str) -> None:
    """Send a result by the button of an order or of a shared order."""
    await place.get_by_role("button", name=action, exact=True).click()
    dialog = place.page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Send the result").click()
    await expect(dialog).to_have_count(0)


def card(terminal: Locator, title: str) -> Locator:
    """Return what was shared with a terminal's member, by the order's title."""
    return terminal.locator(".card").filter(has_text=title)


async def sequences(terminal: Locator, caught_up: bool | None = None) -> list[int]:
    """Return the sequence numbers of a terminal's log, in the order of its lines: all, caught up, or not."""
    mark = "" if caught_up is None else f'[data-caught-up="{str(caught_up).lower()}"]'
    lines = await terminal.locator(f"[data-sequence]{mark}").all()
    return [int(await line.get_attribute("data-sequence") or 0) for line in lines]
