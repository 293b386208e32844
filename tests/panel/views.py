"""What the tests of every view ask of it: it opens, nothing is wider than the screen, nothing hinders anybody."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.panel.routes import AWAKE_MS, SIZES, in_reach
from tests.panel.stack import LONGEST_S

SMALLEST_PX: Final = 48
CONTROLS: Final = "main :is(button, .button, select, summary, label.choice, input:not([type=checkbox], [type=radio]))"


@contextmanager
def opened(browser: Browser, url: str, route: str, **more: Any) -> Iterator[Page]:
    """A page that shows a route; ends with nothing having gone wrong in it. ``more`` goes to the browser's context."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB", **more)
    context.set_default_timeout(LONGEST_S * 1e3)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(f"{url}#/{route}")
    page.wait_for_selector("body:not(.stale) #view")
    page.wait_for_timeout(AWAKE_MS)
    try:
        yield page
    finally:
        context.close()
    assert wrong == []


def go(page: Page, route: str) -> None:
    """Go to a route, and wait until what it asked for has come."""
    page.evaluate("(route) => { location.hash = `#/${route}`; }", route)
    page.wait_for_load_state("networkidle")


def nothing_hinders(page: Page) -> None:
    """At every size STOP is in reach, nothing is too wide, what is pressed is large enough, and axe finds nothing."""
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        in_reach(page, width, height)
        for name in ("main", "body"):
            assert page.evaluate("(name) => document.querySelector(name).scrollWidth", name) <= width
        heights = page.locator(CONTROLS).evaluate_all(
            "(all) => all.map((one) => [one.textContent, one.getBoundingClientRect().height])"
        )
        small = [(text, height) for text, height in heights if 0.0 < height < SMALLEST_PX - 0.5]
        assert small == [], (width, small)
    page.set_viewport_size({"width": 1280, "height": 800})
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"]) for one in found if one["impact"] in ("serious", "critical")] == []
