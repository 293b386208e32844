"""STOP and RETURN UPRIGHT by keyboard, while text is typed, and while the screen is locked; read from the physics."""

import pytest
from playwright.sync_api import Page, expect

from tests.panel.routes import AWAKE_MS, SIZES, in_reach, open_route
from tests.panel.stack import Stack
from tests.panel.test_page import start
from tests.panel.waiting import until

pytestmark = pytest.mark.realtime


def test_text_keeps_its_spaces_and_escape_stops_there(page: Page, stack: Stack) -> None:
    start(page, stack)
    open_route(page, "programs")
    # Any field of any form: what is typed there must arrive.
    page.evaluate("document.querySelector('#view').append(Object.assign(document.createElement('input'), {id: 'any'}))")
    page.focus("#any")
    expect(page.locator("#stop kbd")).to_have_text("Esc")
    page.keyboard.type("Uwe u. Ute")
    assert page.input_value("#any") == "Uwe u. Ute"
    assert stack.truth().rate_dps != 0.0, "neither a space nor a U was taken for a press"
    page.keyboard.press("Escape")
    until(lambda: stack.truth().rate_dps == 0.0, page, "Escape stops where text is typed")
    assert page.input_value("#any") == "Uwe u. Ute"
    page.keyboard.press("F9")
    until(lambda: stack.truth().rate_dps < 0.0, page, "F9 brings upright")
    page.evaluate("document.activeElement.blur()")
    expect(page.locator("#stop kbd")).to_have_text("Space")


def test_enter_ticks_what_the_space_bar_does_not(page: Page, stack: Stack) -> None:
    start(page, stack)
    open_route(page, "settings")
    page.focus("input[name=large][value=true]")
    page.keyboard.press("Enter")
    assert page.is_checked("input[name=large][value=true]")
    page.focus("input[name=large][value=false]")
    page.keyboard.press(" ")
    until(lambda: stack.truth().rate_dps == 0.0, page, "the space bar stops")
    assert page.is_checked("input[name=large][value=true]"), "and ticks nothing"


def stop_in_reach(page: Page) -> None:
    """At every size, with what covers the view in it."""
    for width, height in reversed(SIZES):
        page.set_viewport_size({"width": width, "height": height})
        in_reach(page, width, height)


def test_a_locked_screen_shows_nobodys_name_and_stops(page: Page, stack: Stack) -> None:
    made = page.evaluate(
        """async () => {
            const { api } = await import("/page/api.js");
            await api.post("people", { name: "Ada", role: "service", pin: "271828" });
            return (await api.get("me")).open;
        }"""
    )
    assert made is False
    page.reload()
    expect(page.get_by_role("heading", name="Who is there?")).to_be_visible()
    stop_in_reach(page)
    page.wait_for_timeout(AWAKE_MS)
    page.get_by_label("PIN or password").fill("1")
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#cover")).to_contain_text("wrong")
    for digit in "271828":
        page.get_by_role("button", name=digit, exact=True).click()
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#cover")).to_be_hidden()
    expect(page.locator("#start")).to_be_visible()
    page.get_by_role("button", name="Lock").click()
    expect(page.get_by_role("heading", name="Locked")).to_be_visible()
    page.wait_for_function(  # ready, and not to be started by nobody
        """() => {
            const start = document.getElementById("start");
            return !start.hidden && document.body.classList.contains("covered") && start.clientHeight === 0;
        }"""
    )
    page.get_by_label("PIN or password").fill("271828")
    page.keyboard.press("Enter")
    expect(page.locator("#cover")).to_be_hidden()
    start(page, stack)
    page.get_by_role("button", name="Lock").click()
    expect(page.get_by_role("heading", name="Locked")).to_be_visible()
    expect(page.locator("#program")).to_be_hidden()
    stop_in_reach(page)
    page.click("#stop")
    until(lambda: stack.truth().rate_dps == 0.0, page, "STOP works on a locked screen")
    page.get_by_label("PIN or password").fill("271828")
    page.keyboard.press("Enter")
    expect(page.locator("#state")).to_contain_text("STOPPED")
