"""The footer and what lies above it: every sentence of the hint is whole, and STOP never moves under a finger."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, expect

import firmware_host.panel
from firmware_host.control.choosing import REST_OVER
from firmware_host.panel.access.guard import LOCKED, LOG_IN
from firmware_host.panel.desk import PAUSED_ALREADY
from firmware_host.panel.messages import NO_CONTROLLER
from tests.api.house import House
from tests.panel.routes import SETTINGS, in_reach
from tests.panel.still import reload, standing_still
from tests.panel.views import opened

PAGE: Final = Path(firmware_host.panel.__file__).parent / "page"
REST: Final = "The hard-wired emergency stop is at the table. This screen is not one."
SIZES: Final = (
    (320, 568), (360, 640), (390, 844), (568, 320), (640, 400), (740, 360), (768, 1024), (800, 480), (1024, 768),
    (1100, 800), (1101, 800), (1280, 800), (1920, 1080),
)  # fmt: skip
"""Phones upright and lying, a screen at 200 %, a tablet, and where the footer changes its shape."""
ANSWERS: Final = (
    REST, NO_CONTROLLER, PAUSED_ALREADY, LOCKED, LOG_IN, REST_OVER,
    "held for another session: nothing moves; let go, look at the screen, then press again",
    "this hold had a pause and is over: let go, then press again",
    "the pre-flight check is due for the first time today: way-clear, straps, emergency-stop-tested, rider-well",
)  # fmt: skip
MEASURE: Final = """async (texts) => {
    const { told } = await import("/page/texts.js");
    const hint = document.getElementById("hint"), start = document.getElementById("start");
    const was = [hint.textContent, hint.className, start.hidden], found = [], places = new Set();
    for (const text of texts) for (const bad of [false, true]) for (const hidden of [false, true]) {
        hint.className = bad ? "bad" : "";
        start.hidden = hidden;
        hint.textContent = told(text);
        const {top, bottom} = hint.getBoundingClientRect();
        const whole = hint.scrollHeight <= hint.clientHeight && hint.scrollWidth <= hint.clientWidth;
        const footer = document.querySelector("footer").getBoundingClientRect();
        const shown = hint.clientHeight > 0 && top >= footer.top && bottom <= innerHeight;
        if (!whole || !shown || footer.height > innerHeight * 0.66) found.push([hint.textContent, hidden]);
        const stop = document.getElementById("stop").getBoundingClientRect();
        places.add(`${Math.round(stop.top)} ${Math.round(stop.left)}`);
    }
    [hint.textContent, hint.className, start.hidden] = was;
    return [found, [...places]];
}"""
"""Gives the texts that are not whole, and the places where STOP was meanwhile."""


def hints() -> list[str]:
    """Every sentence that the page's own code puts beside STOP, and what a press may be answered."""
    said: set[str] = set()
    for module in PAGE.rglob("*.js"):
        said.update(re.findall(r'hint(?:\.show)?\((?:[^"()]*[?:])?\s*t\("([^"]+)"', module.read_text(encoding="utf-8")))
    assert len(said) > 10
    return [*sorted(said), *ANSWERS]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with standing_still(tmp_path) as home:
        yield home


@pytest.fixture
def page(browser: Browser, home: House) -> Iterator[Page]:
    with opened(browser, f"{home.url}/", "session") as page:
        yield page


def chosen(page: Page, **settings: Any) -> None:
    page.evaluate("([key, value]) => localStorage.setItem(key, value)", [SETTINGS, json.dumps(settings)])
    reload(page)


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("language", ["en", "de"])
def test_every_hint_is_whole_and_stop_stays_where_it_is(page: Page, language: str, large: bool) -> None:
    chosen(page, language=language, large=large)
    page.wait_for_selector("#start:not([hidden])")
    texts = hints()
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        in_reach(page, width, height)
        cut, places = page.evaluate(MEASURE, texts)
        assert cut == [], (width, height)
        assert len(places) == 1, (width, height, places)


def test_while_start_shows_the_page_says_where_the_hard_wired_stop_is(page: Page) -> None:
    page.wait_for_selector("#start:not([hidden])")
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        hint = page.locator("#hint")
        expect(hint).to_have_text(REST)
        expect(hint).to_be_visible()
        expect(page.locator("#start")).to_be_visible()
        assert page.locator("#start, #hint").evaluate_all(
            """(all) => { const [a, b] = all.map((one) => one.getBoundingClientRect());
                return a.bottom <= b.top || a.right <= b.left; }"""
        ), "one lies on the other"


def test_a_question_lies_above_the_footer_however_high_that_is(page: Page) -> None:
    page.evaluate("(text) => { document.getElementById('hint').textContent = text; }", "Look at the table. " * 30)
    page.evaluate("import('/page/ui.js').then((ui) => { ui.ask('Really?', 'Yes', 'No'); })")
    page.wait_for_selector("dialog.question")
    for width, height in ((1280, 800), (768, 1024), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function(
            """() => document.querySelector("dialog.question").getBoundingClientRect().bottom
                <= document.querySelector("footer").getBoundingClientRect().top"""
        )


LOST: Final = """async () => {
    document.activeElement.blur();
    const overlay = document.getElementById("overlay");
    const footer = document.querySelector("footer").getBoundingClientRect(), wrong = [];
    overlay.scrollTo(0, 0);
    const head = overlay.querySelector(".what").getBoundingClientRect();
    if (head.top < 0 || head.left < 0 || head.right > innerWidth || head.bottom > footer.top) wrong.push("heading");
    overlay.scrollTo(0, overlay.scrollHeight);
    const last = [...overlay.children].filter((one) => one.textContent !== "").at(-1).getBoundingClientRect();
    if (last.top < 0 || last.bottom > footer.top + 1 || last.right > innerWidth) wrong.push("end");
    if (overlay.scrollWidth > overlay.clientWidth) wrong.push("wide");
    const box = overlay.getBoundingClientRect();
    const seen = document.elementFromPoint(innerWidth / 2, box.top + box.height / 2);
    if (box.height < 100 || !overlay.contains(seen)) wrong.push("covered");
    overlay.scrollTo(0, 0);
    return wrong;
}"""
"""What of the overlay cannot be read, scrolled to its beginning and to its end."""


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("language", ["en", "de"])
def test_what_is_said_of_a_lost_connection_can_be_read(page: Page, home: House, language: str, large: bool) -> None:
    chosen(page, language=language, large=large)
    home.station.desk = None  # no more states: as when the controller is gone
    page.wait_for_selector("body.stale #overlay:not([hidden])")
    for covered in (False, True):
        page.evaluate(
            """(covered) => { document.body.classList.toggle("covered", covered);
                document.getElementById("cover").hidden = !covered; }""",
            covered,
        )
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            in_reach(page, width, height)
            assert page.evaluate(LOST) == [], (width, height, covered)
    page.set_viewport_size({"width": 320, "height": 568})
    page.focus("#overlay")
    page.keyboard.press("End")  # whoever has no touch scrolls it too
    if large:
        page.wait_for_function("() => document.getElementById('overlay').scrollTop > 0")
