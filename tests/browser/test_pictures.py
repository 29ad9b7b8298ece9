"""Makes the pictures of the documentation, where `ORDERSHARE_PICTURES=1` asks for it."""

from pathlib import Path

from playwright.async_api import expect

from tests.browser.conftest import OpenScreen
from tests.browser.screen import WEI, card, process, share

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"

_MOST_BYTES = 150_000


async def test_pictures_for_the_readme(open_screen: OpenScreen) -> None:
    async with open_screen(viewport={"width": 1200, "height": 740}) as screen:
        await screen.is_live()
        await share(screen.first, "LIN-106", WEI, "Please look after the car while I am away.")
        second_order = card(screen.second, "车险 · 浙A 8K2L6")
        await second_order.get_by_role("button", name="Claim").click()
        await process(second_order, "Report loss")
        await expect(screen.first.get_by_role("button", name="Settle loss")).to_be_visible()
        await screen.page.locator("h1").hover()
        await screen.page.screenshot(path=PICTURES / "terminals.png", animations="disabled")
    async with open_screen(viewport={"width": 390, "height": 844}, locale="zh-CN") as screen:
        await screen.is_live()
        await screen.page.locator("[data-show=second]").click()
        await expect(screen.second.get_by_label("成员")).to_have_value("wei@lin.example")
        await screen.page.screenshot(path=PICTURES / "terminals-phone.png", animations="disabled")
    assert all(picture.stat().st_size < _MOST_BYTES for picture in PICTURES.glob("terminals*.png"))
