"""The page of two terminals as different people meet it: narrow, dark, in Chinese, read aloud."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import OpenScreen
from tests.browser.screen import WEI, card, find_order

PHONE = {"width": 360, "height": 740}


async def test_a_phone_shows_one_terminal_at_a_time_and_never_scrolls_sideways(open_screen: OpenScreen) -> None:
    title = "Student medical, Lin Jun"
    async with open_screen(viewport=PHONE) as screen:
        await screen.is_live()
        await expect(screen.second).to_be_hidden()
        row = await find_order(screen.first, "LIN-501")
        assert not await screen.scrolls_sideways()
        await row.get_by_role("button", name="Share").click()
        dialog = screen.page.get_by_role("dialog")
        await dialog.get_by_label(WEI).check()
        box = await dialog.bounding_box()
        assert box is not None
        assert (box["x"] >= 0, box["x"] + box["width"] <= PHONE["width"]) == (True, True)
        await dialog.get_by_role("button", name="Send the offer").click()

        other = screen.page.get_by_role("button", name="Second terminal")
        await expect(other).to_have_text("Second terminal1")
        await other.click()
        await expect(other).to_have_text("Second terminal")
        await expect(screen.first).to_be_hidden()
        await card(screen.second, title).get_by_role("button", name="Claim").click()
        await expect(card(screen.second, title)).to_contain_text("Your second order")
        assert not await screen.scrolls_sideways()


async def test_a_chinese_browser_is_spoken_to_in_chinese(open_screen: OpenScreen) -> None:
    async with open_screen(locale="zh-CN") as screen:
        await screen.is_live()
        await expect(screen.page.locator("html")).to_have_attribute("lang", "zh-CN")
        await expect(screen.page).to_have_title("ordershare：双终端")  # noqa: RUF001 - Chinese has these
        await expect(screen.first.get_by_role("heading", level=3)).to_have_text(
            ["共享给您的订单", "订单（按类型优先级）", "实时日志"]  # noqa: RUF001 - Chinese has these
        )
        offer = card(screen.second, "百万医疗险 · 林美")
        await expect(offer.get_by_role("button")).to_have_text(["领取", "谢绝"])
        later = card(screen.second, "老年意外险 · 林国栋")
        await later.get_by_role("button", name="领取").click()
        await expect(later.get_by_role("alert")).to_contain_text("未成功：领取时间段从")  # noqa: RUF001 - Chinese has these


async def test_the_language_is_switched_without_losing_anything(open_screen: OpenScreen) -> None:
    async with open_screen() as screen:
        await screen.is_live()
        row = await find_order(screen.first, "LIN-106")
        await screen.page.get_by_role("button", name="中文").click()
        await expect(screen.page.locator("html")).to_have_attribute("lang", "zh-CN")
        await expect(row.locator(".badge")).to_have_text("保障中")
        await expect(row.get_by_role("button", name="共享")).to_be_visible()
        await expect(screen.first.get_by_role("searchbox")).to_have_value("LIN-106")
        await screen.page.get_by_role("button", name="English").click()
        await expect(row.get_by_role("button", name="Share")).to_be_visible()


async def test_both_languages_have_a_text_for_everything(open_screen: OpenScreen) -> None:
    async with open_screen() as screen:
        names: dict[str, list[str]] = await screen.page.evaluate(
            """async () => {
                const { LANGUAGES } = await import("/terminals/texts.js");
                const names = (texts, path) => Object.entries(texts).flatMap(([name, value]) =>
                    typeof value === "object" ? names(value, `${path}${name}.`) : [path + name]);
                const all = Object.entries(LANGUAGES).map(([name, texts]) => [name, names(texts, "").sort()]);
                return Object.fromEntries(all);
            }"""
        )
    # The kinds of cover are data, whose English names come from the server.
    assert names["en"] == [name for name in names["zh-CN"] if not name.startswith("types.")]


async def test_the_page_is_dark_where_people_want_that(open_screen: OpenScreen) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        async with open_screen(color_scheme=scheme) as screen:
            grounds.append(await screen.page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert grounds == ["rgb(243, 244, 248)", "rgb(14, 17, 23)"]


@pytest.mark.parametrize("width", ["wide", "phone"])
@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_that_shuts_people_out(
    open_screen: OpenScreen, scheme: str, locale: str, width: str
) -> None:
    viewport = {"viewport": PHONE} if width == "phone" else {}
    async with open_screen(color_scheme=scheme, locale=locale, **viewport) as screen:
        await screen.is_live()
        await screen.first.locator(".order .summary").first.click()
        assert await screen.violations() == []
        mine = await find_order(screen.first, "LIN-106")
        await mine.locator(".actions button").first.click()
        await expect(screen.page.get_by_role("dialog")).to_be_visible()
        assert await screen.violations() == []
        await screen.page.keyboard.press("Escape")
        await screen.first.get_by_role("switch").click()
        await expect(screen.first).to_have_attribute("data-state", "cut")
        assert await screen.violations() == []
