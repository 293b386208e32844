"""A way that is long from the start: what the page shows is not the present, however evenly it comes."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.api.house import House
from tests.panel.routes import press_start
from tests.panel.still import StillDesk, standing_still
from tests.panel.waiting import until
from tests.waiting import LONGEST_S

MANY: Final = 100
"""States: five seconds of them."""
LATE: Final = """([there_ms, back_ms, ahead_ms]) => {
    const now = performance.now.bind(performance), wall = Date.now;
    performance.now = () => now() + ahead_ms;
    Date.now = () => wall() + ahead_ms;
    window.came = 0;
    window.fresh = 0;
    window.WebSocket = class extends WebSocket {
        set onmessage(take) {
            super.onmessage = (event) => setTimeout(() => {
                take(event);
                window.came += 1;
                if (!document.body.classList.contains("stale")) window.fresh += 1;
            }, back_ms);
        }
        get onmessage() { return super.onmessage; }
        send(text) {
            const way_ms = window.there_ms ?? there_ms;
            setTimeout(() => { if (this.readyState === WebSocket.OPEN) super.send(text); }, way_ms);
        }
    };
}"""
"""Before the page's own script: each way of its socket takes that long, and its clocks are that far ahead."""


@pytest.fixture
def desk() -> StillDesk:
    return StillDesk()


@pytest.fixture
def home(tmp_path: Path, desk: StillDesk) -> Iterator[House]:
    with standing_still(tmp_path) as home:
        home.station.desk = desk
        yield home


@contextmanager
def late_page(browser: Browser, home: House, there_ms: int, back_ms: int, ahead_ms: float = 0.0) -> Iterator[Page]:
    context = browser.new_context(locale="en-GB")
    context.set_default_timeout(LONGEST_S * 1e3)
    context.add_init_script(f"({LATE})({json.dumps([there_ms, back_ms, ahead_ms])})")
    page = context.new_page()
    page.goto(home.url)
    yield page
    context.close()


def came(page: Page) -> None:
    """Wait for many states."""
    page.wait_for_function("(many) => window.came > many", arg=MANY)


@pytest.mark.parametrize(("there_ms", "back_ms"), [(0, 900), (0, 1500), (900, 0), (0, 4000)])
def test_a_page_that_was_always_late_is_grey_says_so_and_counts_as_nobody(
    browser: Browser, home: House, desk: StillDesk, there_ms: int, back_ms: int
) -> None:
    with late_page(browser, home, there_ms, back_ms) as page:
        came(page)
        expect(page.locator("#overlay")).to_be_visible()
        assert page.evaluate("window.fresh") == 0
        assert desk.beats == 0


def test_a_page_whose_words_stop_arriving_is_grey_however_fresh_its_states_are(browser: Browser, home: House) -> None:
    with late_page(browser, home, 0, 0) as page:
        page.wait_for_selector("body:not(.stale)")
        page.evaluate("window.there_ms = 1e6")
        page.wait_for_selector("body.stale")


def test_what_is_refused_as_late_is_said_to_be_and_the_next_press_is_dated_better(
    browser: Browser, home: House, desk: StillDesk
) -> None:
    """A table that was stopped: RETURN UPRIGHT would move it. The second path is as short as ever."""
    desk.held = True
    with late_page(browser, home, 0, 1800) as page:
        came(page)
        page.click("#return")
        expect(page.locator("#hint")).to_contain_text("too late")
        assert desk.pressed == []
        page.click("#return")
        expect(page.locator("#hint")).to_have_text("RETURN UPRIGHT sent")
        assert desk.pressed == ["return_upright"]


@pytest.mark.parametrize("ahead_h", [0.0, 7.0, -7.0])
def test_a_way_of_common_length_and_clocks_that_differ_by_hours_hinder_nobody(
    browser: Browser, home: House, desk: StillDesk, ahead_h: float
) -> None:
    with late_page(browser, home, 20, 150, ahead_h * 3.6e6) as page:
        watched(page, lambda: desk.beats >= 8)
        press_start(page)

        def starts() -> bool:
            """Press again, as a person would, where a busy machine made the page late for a moment."""
            if not desk.pressed:
                page.click("#start-now" if page.is_visible("#start-now") else "#start")
            return desk.pressed != []

        until(starts, page, "START is pressed in time")
        assert set(desk.pressed) == {"start"}
        expect(page.locator("#overlay")).to_be_hidden()


def watched(page: Page, true: Callable[[], Any]) -> None:
    """Somebody is seen to watch."""
    page.wait_for_selector("body[data-route]:not(.stale)")
    until(lambda: bool(true()), page, "the page says that it is watched")


def test_an_echo_is_for_everybody_and_tells_the_clock_of_the_states(home: House) -> None:
    with home.page_socket() as page:
        page.send('{"kind": "echo", "asked_s": 17.5}')
        told: dict[str, Any] = {}
        states: list[float] = []
        while told.get("kind") != "echo":
            told = json.loads(page.recv(LONGEST_S))
            states += [told["sent_s"]] if told["kind"] == "state" else []
        while json.loads(last := page.recv(LONGEST_S))["kind"] != "state":
            pass
    assert told["asked_s"] == 17.5
    assert max(states, default=0.0) <= told["now_s"]
    assert told["now_s"] - json.loads(last)["sent_s"] < 60.0
