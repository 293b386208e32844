"""What the tests of every view ask of it: it opens, nothing is wider than the screen, nothing hinders anybody."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page

import firmware_host.panel
from tests.panel.routes import SIZES, fits, in_reach
from tests.waiting import LONGEST_S

SMALLEST_PX: Final = 48
CONTROLS: Final = "main :is(button, .button, select, summary, label.choice, input:not([type=checkbox], [type=radio]))"
MAIN: Final = Path(firmware_host.panel.__file__).parent / "page" / "main.js"
AWAKE: Final = "const AWAKE_MS = 500;"


def awake_at_once(context: BrowserContext) -> None:
    """Serve a page that does not wait for half a second before it takes its first touch; all else is as it is."""
    source = MAIN.read_text(encoding="utf-8")
    assert source.count(AWAKE) == 1
    body = source.replace(AWAKE, "const AWAKE_MS = -1;")
    context.route("**/page/main.js", lambda route: route.fulfill(body=body, content_type="text/javascript"))


@contextmanager
def opened(browser: Browser, url: str, route: str, *, awake: bool = True, **more: Any) -> Iterator[Page]:
    """A page that shows a route; ends with nothing having gone wrong in it. ``more`` goes to the browser's context.

    ``awake``: it takes touches at once; else as soon as people's pages do.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB", **more)
    context.set_default_timeout(LONGEST_S * 1e3)
    if awake:
        awake_at_once(context)
    try:
        with sound(context, f"{url}#/{route}", "body:not(.stale) #view") as page:
            yield page
    finally:
        context.close()


@contextmanager
def sound(context: BrowserContext, url: str, shown: str = "body[data-route]:not(.stale)") -> Iterator[Page]:
    """A page in which nothing goes wrong until its end; it begins when ``shown`` is."""
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(url)
    page.wait_for_selector(shown)
    yield page
    assert wrong == []


def go(page: Page, route: str) -> None:
    """Go to a route, and wait until what it asked for has come."""
    page.evaluate("(route) => { location.hash = `#/${route}`; }", route)
    page.wait_for_load_state("networkidle")


def put_down(page: Page, button: Locator) -> None:
    """Put a finger down on a button that is held."""
    button.scroll_into_view_if_needed()
    button.hover()
    page.mouse.down()


def keep_down(page: Page, button: Locator) -> None:
    """Put it down again, as a person would: where a page that stuttered ended the hold, or where the button moved."""
    if "held" not in (button.get_attribute("class") or ""):
        page.mouse.up()
        put_down(page, button)


def nothing_hinders(page: Page) -> None:
    """At every size STOP is in reach, nothing is too wide, what is pressed is large enough, and axe finds nothing."""
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        in_reach(page, width, height)
        fits(page, width)
        heights = page.locator(CONTROLS).evaluate_all(
            "(all) => all.map((one) => [one.textContent, one.getBoundingClientRect().height])"
        )
        small = [(text, height) for text, height in heights if 0.0 < height < SMALLEST_PX - 0.5]
        assert small == [], (width, small)
    page.set_viewport_size({"width": 1280, "height": 800})
    assert serious(page) == []


def serious(page: Page) -> list[object]:
    """What axe finds that hinders somebody."""
    found = Axe().run(page).response["violations"]
    return [(one["id"], one["nodes"]) for one in found if one["impact"] in ("serious", "critical")]
