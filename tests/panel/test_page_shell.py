"""What holds on every route: STOP in reach, nothing in anybody's way, settings, languages, keys, who is there."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.panel.routes import AWAKE_MS, ROUTES, SETTINGS, SIZES, fits, in_reach, open_route
from tests.panel.stack import Stack
from tests.panel.views import serious

pytestmark = pytest.mark.realtime


@pytest.fixture
def page(standing_page: Page) -> Page:
    standing_page.wait_for_timeout(AWAKE_MS)
    return standing_page


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_keeps_stop_in_reach_and_nothing_hinders_anybody(page: Page, route: str) -> None:
    open_route(page, route)
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        in_reach(page, width, height)
        fits(page, width)
    assert serious(page) == []
    page.evaluate("([key, value]) => localStorage.setItem(key, value)",
                  [SETTINGS, json.dumps({"theme": "dark", "large": True, "leftHanded": True})])  # fmt: skip
    page.reload()
    page.wait_for_selector("body[data-route]:not(.stale)")
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        in_reach(page, width, height)
        fits(page, width)
    assert serious(page) == []


def test_settings_take_effect_at_once_and_stay(page: Page) -> None:
    open_route(page, "settings")

    def left_of(name: str) -> float:
        box = page.locator(name).bounding_box()
        assert box is not None
        return box["x"]

    assert left_of("#return") < left_of("#stop")
    page.get_by_role("group", name="STOP is at the").get_by_label("left").check()
    assert left_of("#stop") < left_of("#return")
    background = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(background)
    page.get_by_role("radio", name="light").check()
    page.get_by_role("radio", name="dark").check()
    assert page.evaluate(background) != before
    size = "parseFloat(getComputedStyle(document.documentElement).fontSize)"
    small = page.evaluate(size)
    page.get_by_role("radio", name="large").check()
    assert page.evaluate(size) > small * 1.15
    page.reload()
    page.wait_for_selector("body[data-route]:not(.stale)")
    assert page.evaluate(background) != before
    assert page.evaluate(size) > small * 1.15


def test_an_alarm_cannot_be_made_inaudible(page: Page) -> None:
    kept = page.evaluate(
        """async () => {
            const settings = await import("/page/settings.js");
            settings.change({ volume: 0 });
            return settings.get().volume;
        }"""
    )
    assert kept == 0.3


def test_the_language_changes_at_once_and_stays(page: Page) -> None:
    open_route(page, "settings")
    page.get_by_role("radio", name="Deutsch").check()
    expect(page.get_by_role("button", name="STOPP")).to_be_visible()
    expect(page.get_by_role("heading", name="Einstellungen")).to_be_visible()
    expect(page.get_by_role("link", name="Sitzung")).to_be_visible()
    assert page.get_attribute("html", "lang") == "de"
    page.reload()
    expect(page.get_by_role("heading", name="Einstellungen")).to_be_visible()
    open_route(page, "session")
    expect(page.locator("#numbers dt").first).to_have_text("Winkel")
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        in_reach(page, width, height)
        fits(page, width)


def test_a_browser_in_german_is_answered_in_german(browser: Browser, standing: Stack) -> None:
    context = browser.new_context(locale="de-AT")
    page = context.new_page()
    page.goto(standing.url)
    expect(page.get_by_role("button", name="AUFRICHTEN")).to_be_visible()
    context.close()


def test_units_are_those_that_are_set(page: Page) -> None:
    say = "async () => { const f = await import('/page/format.js'); return [f.mass(80), f.height(1.8)]; }"
    assert page.evaluate(say) == ["80.0 kg", "180 cm"]
    open_route(page, "settings")
    page.get_by_role("radio", name="lb").check()
    assert page.evaluate(say) == ["176.4 lb", "5 ft 11 in"]
    both = """async () => {
        const { measure } = await import("/page/format.js");
        return [measure("mass").read(measure("mass").show(80)), measure("height").read(measure("height").show(1.8))];
    }"""
    assert page.evaluate(both) == pytest.approx([80.0, 1.8], abs=0.03)


def test_a_touch_that_wakes_the_screen_presses_nothing(page: Page) -> None:
    page.evaluate(
        """() => {
            window.dispatchEvent(new FocusEvent("focus"));
            document.querySelector("a[href='#/settings']").click();
        }"""
    )
    assert page.evaluate("location.hash") in ("", "#/session")
    page.wait_for_timeout(AWAKE_MS)
    page.get_by_role("link", name="Settings").click()
    expect(page.get_by_role("heading", name="Settings")).to_be_visible()


def test_while_the_screen_is_wiped_nothing_but_stop_is_pressed(page: Page) -> None:
    open_route(page, "settings")
    page.get_by_role("button", name="Wipe the screen").click()
    expect(page.get_by_role("heading", name="The screen can be wiped")).to_be_visible()
    in_reach(page, 1280, 800)
    page.mouse.click(400, 300)
    page.mouse.click(60, 20)
    assert page.evaluate("location.hash") == "#/settings"
    page.click("#stop")
    expect(page.locator("#hint")).to_have_text("STOP sent")
    assert serious(page) == []


def test_a_question_never_covers_stop(page: Page) -> None:
    page.evaluate("import('/page/ui.js').then((ui) => { window.asked = ui.ask('Delete it?', 'Delete', 'Keep'); })")
    page.get_by_role("button", name="Keep").wait_for()
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        in_reach(page, width, height)
    page.get_by_role("button", name="Delete").click()
    assert page.evaluate("window.asked") is True
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_every_module_of_the_page_is_checked_for_types() -> None:
    modules = list(Path("firmware_host/panel/page").rglob("*.js"))
    assert [path for path in modules if not path.read_text(encoding="utf-8").startswith("// @ts-check\n")] == []
