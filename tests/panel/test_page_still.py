"""What a page offers and takes before a table that stands: after midnight, in another session, by a slow touch."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.api.house import House
from tests.panel.routes import AWAKE_MS, open_route, press_start
from tests.panel.still import StillDesk, reload, standing_still
from tests.panel.views import opened
from tests.panel.waiting import until


class Table(StillDesk):
    """Says of itself what a test wants."""

    def __init__(self, session: int = StillDesk.session, program: str = "P", **told: Any) -> None:
        super().__init__()
        self.session, self.program, self.told = session, program, told

    def setup(self) -> dict[str, Any]:
        segment = {"label": "to 20 deg", "step": 0, "starts_s": 0.0, "to_deg": 20.0}
        return {**super().setup(), "program": self.program, "segments": [segment]}

    def state(self) -> dict[str, Any]:
        return {**super().state(), **self.told}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with standing_still(tmp_path) as home:
        home.station.desk = Table()
        yield home


@pytest.fixture
def page(browser: Browser, home: House) -> Iterator[Page]:
    with opened(browser, home.url, "session", awake=False) as page:
        page.wait_for_timeout(AWAKE_MS)
        yield page


def test_whoever_was_moved_by_hand_before_midnight_is_offered_the_way_upright(page: Page, home: House) -> None:
    manual = {"allowed": False, "up_allowed": True, "why_not": "the pre-flight check is due", "direction": 0}
    home.station.desk = Table(state="manual_holding", manual=manual)
    expect(page.locator("#manual .hold").first).to_be_enabled()
    expect(page.locator("#manual .hold").last).to_be_disabled()


def test_another_session_is_not_started_by_what_was_asked_for_the_one_before(page: Page, home: House) -> None:
    press_start(page)
    expect(page.locator("#before-start")).to_contain_text("P takes")
    home.station.desk = other = Table(session=StillDesk.session + 1, program="Other")
    expect(page.locator("#program")).to_contain_text("Other")
    expect(page.locator("#before-start")).to_be_hidden()
    press_start(page)
    expect(page.locator("#before-start")).to_contain_text("Other takes")
    page.click("#start-now")
    expect(page.locator("#hint")).to_have_text("Start sent")
    assert other.pressed == ["start"]


def test_a_slow_touch_that_wakes_the_screen_presses_nothing_when_it_ends(page: Page) -> None:
    page.get_by_role("link", name="Settings").hover()
    page.evaluate("window.dispatchEvent(new FocusEvent('focus'))")
    page.mouse.down()
    page.wait_for_timeout(AWAKE_MS)
    page.mouse.up()
    page.wait_for_timeout(AWAKE_MS)
    assert page.evaluate("location.hash") == "#/session"
    page.get_by_role("link", name="Settings").click()
    expect(page.get_by_role("heading", name="Settings")).to_be_visible()


def test_a_key_that_wakes_the_screen_holds_nothing(page: Page, home: House) -> None:
    home.station.desk = table = Table(manual={"allowed": True, "why_not": "", "direction": 0})
    hold = page.locator("#manual .hold").first
    expect(hold).to_be_enabled()
    hold.focus()
    page.evaluate("window.dispatchEvent(new FocusEvent('focus'))")
    page.keyboard.down("Enter")
    expect(page.locator(".hold.held")).to_have_count(0)
    page.wait_for_timeout(AWAKE_MS)
    page.keyboard.up("Enter")
    assert [one for one in table.moves if one[1] != 0] == []
    page.keyboard.down("Enter")
    expect(page.locator(".hold.held")).to_have_count(1)
    page.keyboard.up("Enter")


def test_a_hold_that_found_no_connection_can_be_begun_again(page: Page, home: House) -> None:
    page.add_init_script(
        """const Real = WebSocket;
        window.WebSocket = class extends Real { constructor(...told) { super(...told); window.newest = this; } };"""
    )
    home.station.desk = table = Table(manual={"allowed": True, "why_not": "", "direction": 0})
    reload(page)
    page.wait_for_timeout(AWAKE_MS)
    hold = page.locator("#manual .hold").last
    expect(hold).to_be_enabled()
    hold.focus()
    page.evaluate(
        """() => {
            window.newest.close();
            for (const kind of ["keydown", "keyup"]) {
                document.activeElement.dispatchEvent(new KeyboardEvent(kind, { key: "Enter" }));
            }
        }"""
    )
    expect(page.locator(".hold.held")).to_have_count(0)
    page.wait_for_function("() => window.newest.readyState === WebSocket.OPEN && !document.body.matches('.stale')")
    page.keyboard.down("Enter")
    expect(page.locator(".hold.held")).to_have_count(1)
    until(lambda: any(one[1] != 0 for one in table.moves), page, "the hold moves")
    page.keyboard.up("Enter")
    until(lambda: table.moves[-1][1] == 0, page, "the hold is let go")


def test_a_wiped_screen_is_uncovered_although_the_panel_does_not_say_who_is_there(page: Page) -> None:
    open_route(page, "settings")
    page.route("**/api/v1/me", lambda route: route.abort())
    page.get_by_role("button", name="Wipe the screen").click()
    expect(page.locator("#cover")).to_be_visible()
    page.evaluate("() => { const now = performance.now.bind(performance); performance.now = () => now() + 31000; }")
    expect(page.locator("#cover")).to_be_hidden()
