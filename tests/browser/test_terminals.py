"""The page of two terminals in a real browser: what people do there, by mouse and by keyboard."""

from playwright.async_api import Locator, WebSocketRoute, expect

from tests.browser.conftest import OpenScreen
from tests.browser.screen import MEI, WEI, Screen, card, find_order, process, sequences, share

HOUSE, HOUSE_TITLE = "LIN-104", "家财险 · 杭州西溪自住房"
LATER_TITLE = "老年意外险 · 林国栋"
MESSAGE = "Please look after it while I am away."

FROM_IN_FORCE = ["Renew", "Endorse", "Report loss", "Suspend", "Cancel"]
FROM_LOSS_REPORTED = ["Settle loss", "Reject loss"]

_MOST_TABS = 80


async def _buttons(place: Locator) -> list[str]:
    return await place.locator(".actions button").all_inner_texts()


async def _is_shown(terminal: Locator, sequence: int) -> None:
    await expect(terminal.locator(f'[data-sequence="{sequence}"]')).to_be_visible()


async def test_what_one_shares_the_other_claims_and_processes_and_both_see_both_statuses_move(screen: Screen) -> None:
    await share(screen.first, HOUSE, WEI, MESSAGE)
    await expect(screen.first.get_by_role("status")).to_have_text(f"“{HOUSE_TITLE}” is offered to {WEI}.")
    await expect(screen.second.get_by_role("status")).to_have_text(f"{MEI} offers you “{HOUSE_TITLE}”. Claim it.")
    second_order = card(screen.second, HOUSE_TITLE)
    await expect(second_order.locator("blockquote")).to_have_text(MESSAGE)
    assert await _buttons(second_order) == ["Claim", "Decline"]

    await second_order.get_by_role("button", name="Claim").click()
    await expect(second_order).to_contain_text("Your second order")
    await expect(screen.first.get_by_role("status")).to_have_text(f"{WEI} has claimed “{HOUSE_TITLE}”.")
    first_order = screen.first.locator(".order")
    await expect(first_order).to_contain_text(f"{WEI}: Claimed")
    await expect(first_order).to_contain_text("1 of 4 seats taken · version 1")
    assert await _buttons(second_order) == [*FROM_IN_FORCE, "Give back"]

    await process(second_order, "Report loss")
    for order in (first_order, second_order):
        await expect(order.locator(".badge")).to_have_text("Loss reported")
        await expect(order).to_contain_text("version 2")
    assert await _buttons(second_order) == [*FROM_LOSS_REPORTED, "Give back"]
    assert await _buttons(first_order) == ["Share", *FROM_LOSS_REPORTED]

    await process(first_order, "Settle loss")
    for order in (first_order, second_order):
        await expect(order.locator(".badge")).to_have_text("In force")
        await expect(order).to_contain_text("version 3")
    heard = await sequences(screen.first)
    assert len(heard) == 4
    assert heard == list(range(heard[0], heard[0] + 4)) == await sequences(screen.second)
    lines = await screen.second.locator("[data-sequence] .what").all_inner_texts()
    assert lines == [
        f"{MEI} Shared order of {WEI}: Offered · {HOUSE_TITLE}",
        f"{WEI} Shared order of {WEI}: Claimed · {HOUSE_TITLE}",
        f"{WEI} Report loss through the second order: In force → Loss reported · {HOUSE_TITLE}",
        f"{MEI} Settle loss through the first order: Loss reported → In force · {HOUSE_TITLE}",
    ]


async def test_a_claim_that_is_refused_says_why_and_leaves_the_offer(screen: Screen) -> None:
    offer = card(screen.second, LATER_TITLE)
    await offer.get_by_role("button", name="Claim").click()
    await expect(offer.get_by_role("alert")).to_contain_text("Refused: the claim window opens only at ")
    assert await _buttons(offer) == ["Claim", "Decline"]


async def test_a_claim_of_the_only_seat_after_somebody_else_is_refused_with_the_numbers(screen: Screen) -> None:
    offer = card(screen.second, "车险 · 浙A D1790")
    await offer.get_by_role("button", name="Claim").click()
    await expect(offer.get_by_role("alert")).to_have_text("Refused: every seat is taken (1 of 1).")


async def test_another_member_is_chosen_and_has_another_view(screen: Screen) -> None:
    await screen.first.get_by_label("Member").select_option(label="林俊 (Lin Jun)")
    await expect(card(screen.first, "车险 · 浙A D1790")).to_contain_text("Your second order")
    await expect(screen.first.locator(".role")).to_have_text("林家 (the Lin family) · Member")
    members = await screen.first.get_by_label("Member").locator("option").all_inner_texts()
    assert members[:2] == [MEI, WEI]
    assert len(members) == 6


async def test_a_share_that_is_refused_says_why_in_its_dialog_and_can_be_mended(screen: Screen) -> None:
    await share(screen.first, "LIN-102", WEI)
    row = screen.first.locator(".order")
    await row.get_by_role("button", name="Share").click()
    dialog = screen.page.get_by_role("dialog")
    send = dialog.get_by_role("button", name="Send the offer")
    await send.click()
    await expect(dialog.get_by_role("alert")).to_have_text("Choose at least one member.")
    await dialog.get_by_label(WEI).check()
    await send.click()
    await expect(dialog.get_by_role("alert")).to_have_text(f"{WEI}: Refused: it is shared with this member already.")
    await screen.page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(row.get_by_role("button", name="Share")).to_be_focused()


async def test_a_window_that_is_chosen_is_the_window_of_the_offer(screen: Screen) -> None:
    row = await find_order(screen.first, "LIN-103")
    await row.get_by_role("button", name="Share").click()
    dialog = screen.page.get_by_role("dialog")
    await dialog.get_by_label(WEI).check()
    await dialog.get_by_label("Claim window opens").fill("2099-03-01T08:00")
    await dialog.get_by_label("Claim window closes").fill("2099-03-02T20:30")
    await dialog.get_by_role("button", name="Send the offer").click()
    offer = card(screen.second, "定期寿险 · 二十年")
    await expect(offer).to_contain_text("Claim window: Mar 1, 2099, 08:00 to Mar 2, 2099, 20:30")
    await offer.get_by_role("button", name="Claim").click()
    await expect(offer.get_by_role("alert")).to_have_text("Refused: the claim window opens only at Mar 1, 2099, 08:00.")


async def test_a_terminal_that_was_cut_off_catches_up_in_order_with_no_gap_and_no_repeat(screen: Screen) -> None:
    row = await find_order(screen.first, "LIN-601")
    await process(row, "Endorse")
    await expect(screen.second.locator("[data-sequence]")).to_have_count(1)
    (start,) = await sequences(screen.second)

    switch = screen.second.get_by_role("switch", name="Connection")
    await switch.click()
    await expect(switch).to_have_attribute("aria-checked", "false")
    await expect(screen.second.locator(".cut")).to_have_text(f"Cut off after #{start}. Nothing has happened since.")
    for action in ("Endorse", "Suspend", "Reinstate", "Report loss"):
        await process(row, action)
    await _is_shown(screen.first, start + 4)
    log_end = f"Cut off after #{start}. The log has gone on to #{start + 4}."
    await expect(screen.second.locator(".cut")).to_have_text(log_end)
    assert await sequences(screen.second) == [start]
    await expect(card(screen.second, LATER_TITLE).get_by_role("button", name="Claim")).to_be_disabled()

    await switch.click()
    await _is_shown(screen.second, start + 4)
    assert await sequences(screen.second, caught_up=True) == [start + 1, start + 2, start + 3, start + 4]
    await process(row, "Settle loss")
    await _is_shown(screen.second, start + 5)
    assert await sequences(screen.second, caught_up=False) == [start, start + 5]
    assert await sequences(screen.second) == list(range(start, start + 6))
    found = await find_order(screen.second, "LIN-601")
    await expect(found.locator(".badge")).to_have_text("In force")


async def test_a_connection_that_breaks_by_itself_is_made_again_and_nothing_is_missed(open_screen: OpenScreen) -> None:
    opened: list[WebSocketRoute] = []

    def go_between(socket: WebSocketRoute) -> None:
        opened.append(socket)
        socket.connect_to_server()

    async with open_screen(sockets=go_between) as screen:
        await screen.is_live()
        row = await find_order(screen.first, "LIN-603")
        for index, action in enumerate(("Endorse", "Suspend", "Reinstate"), start=1):
            before = len(opened)
            for socket in opened[-2:]:
                await socket.close(code=1012, reason="The server restarts")
            await process(row, action)
            for terminal in (screen.first, screen.second):
                await expect(terminal.locator("[data-sequence]")).to_have_count(index)
            await screen.is_live()
            assert len(opened) == before + 2
        heard = await sequences(screen.second)
        assert heard == list(range(heard[0], heard[0] + 3)) == await sequences(screen.first)
        await expect(screen.second.locator(".mark").first).to_have_text("Connected again: what was missed follows")


async def test_orders_are_filtered_and_paged(screen: Screen) -> None:
    terminal = screen.first
    await expect(terminal.locator(".paging")).to_contain_text("1 to 8 of 30")
    types = [(await row.inner_text()).split("\n")[-1].split(" · ")[0] for row in await terminal.locator(".order").all()]
    assert types == ["Medical cover"] * 6 + ["Critical illness cover"] * 2
    await terminal.get_by_role("button", name="Next").click()
    await expect(terminal.locator(".paging")).to_contain_text("9 to 16 of 30")
    await terminal.get_by_role("button", name="Previous").click()
    await expect(terminal.locator(".paging")).to_contain_text("1 to 8 of 30")
    await terminal.get_by_label("Type", exact=True).select_option(label="Travel cover")
    await terminal.get_by_label("Status", exact=True).select_option(label="Lapsed")
    await expect(terminal.locator(".paging")).to_contain_text("1 to 2 of 2")
    await terminal.get_by_role("searchbox").fill("hokkaido")
    await expect(terminal.locator(".order .title")).to_have_text(["Skiing in Hokkaido"])
    await terminal.get_by_role("searchbox").fill("nothing is called so")
    await expect(terminal.locator(".orders")).to_have_text("No order is like that.")


async def test_whoever_is_in_two_organisations_chooses_which_one_to_see(screen: Screen) -> None:
    await screen.second.get_by_label("Organisation").select_option(label="Harbour Street team fund")
    await expect(screen.second.locator(".paging")).to_contain_text("of 30")
    row = await find_order(screen.second, "HSF-071")
    await expect(row).to_contain_text("€285.00")


async def _tab_to(screen: Screen, target: Locator) -> None:
    """Press Tab until `target` has the focus, and see that it can be seen to have it."""
    for _ in range(_MOST_TABS):
        if await target.evaluate("each => each === document.activeElement"):
            outline = await target.evaluate("each => getComputedStyle(each).outlineStyle")
            assert outline == "solid"
            return
        await screen.page.keyboard.press("Tab")
    raise AssertionError(f"{target} is not reached by Tab")


async def _press(screen: Screen, target: Locator, key: str = "Enter") -> None:
    await _tab_to(screen, target)
    await screen.page.keyboard.press(key)


async def test_the_whole_way_goes_by_keyboard_alone(screen: Screen) -> None:
    await _tab_to(screen, screen.first.get_by_role("searchbox"))
    await screen.page.keyboard.type("LIN-301")
    row = screen.first.locator(".order")
    await expect(row).to_have_count(1)
    await _press(screen, row.get_by_role("button"))
    await _press(screen, row.get_by_role("button", name="Share"))
    dialog = screen.page.get_by_role("dialog")
    await _press(screen, dialog.get_by_label(WEI), "Space")
    await _press(screen, dialog.get_by_role("button", name="Send the offer"))
    await expect(row.get_by_role("button", name="Share")).to_be_focused()

    second_order = card(screen.second, "Outpatient and hospital, Wang Fang")
    await _press(screen, second_order.get_by_role("button", name="Claim"))
    await expect(second_order).to_contain_text("Your second order")
    await _press(screen, second_order.get_by_role("button", name="Report loss"))
    await _press(screen, dialog.get_by_role("button", name="Send the result"))
    for order in (row, second_order):
        await expect(order.locator(".badge")).to_have_text("Loss reported")
    await expect(second_order.get_by_role("button", name="Settle loss")).to_be_focused()
    switch = screen.second.get_by_role("switch")
    await _press(screen, switch, "Space")
    await expect(switch).to_have_attribute("aria-checked", "false")
