"""What the tests of every view ask of it: it opens, nothing is wider than the screen, nothing hinders anybody."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

SIZES: Final = ((1280, 800), (800, 480), (390, 844))
AWAKE_MS: Final = 600
"""A page that has just come to the front takes no touch but STOP and RETURN UPRIGHT."""
SMALLEST_PX: Final = 48
CONTROLS: Final = "main :is(button, a.button, select, label.choice, input:not([type=checkbox], [type=radio]))"


@contextmanager
def opened(browser: Browser, url: str, route: str) -> Iterator[Page]:
    """A page that shows a route; ends with nothing having gone wrong in it."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
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
    """At every size STOP is in view, nothing is too wide, and what is pressed is large enough; axe finds nothing."""
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        for name in ("#stop", "#return"):
            box = page.locator(name).bounding_box()
            assert box is not None
            assert (box["x"] >= 0, box["x"] + box["width"] <= width, box["y"] + box["height"] <= height) == (True,) * 3
        assert page.evaluate("document.querySelector('main').scrollWidth") <= width
        heights = [box["height"] for one in page.locator(CONTROLS).all() if (box := one.bounding_box()) is not None]
        assert min(heights, default=SMALLEST_PX) >= SMALLEST_PX - 0.5
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"]) for one in found if one["impact"] in ("serious", "critical")] == []
