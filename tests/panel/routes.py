"""Every route of the page, and the sizes at which people look at it."""

from typing import Final

from playwright.sync_api import Page

ROUTES: Final = (
    "session", "session/choose", "riders", "riders/new", "programs", "history", "checks", "alarms", "people", "service",
    "settings",
)  # fmt: skip
SIZES: Final = ((1280, 800), (800, 480), (390, 844))
SETTINGS: Final = "righting.settings"
"""Where the browser keeps them."""
AWAKE_MS: Final = 600
"""A page that has just come to the front takes no touch but STOP and RETURN UPRIGHT."""


def open_route(page: Page, route: str) -> None:
    """Go to a route, and wait until its view is there and knows what it shows."""
    page.evaluate("(route) => { location.hash = `#/${route}`; }", route)
    page.wait_for_function("(name) => document.body.dataset.route === name", arg=route)
    page.wait_for_load_state("networkidle")


def in_reach(page: Page, width: int, height: int) -> None:
    """STOP and RETURN UPRIGHT are wholly in view, large enough, and nothing lies on them."""
    for name in ("#stop", "#return"):
        box = page.locator(name).bounding_box()
        assert box is not None
        assert box["height"] >= 48
        assert (box["x"] >= 0, box["x"] + box["width"] <= width) == (True, True), name
        assert (box["y"] >= 0, box["y"] + box["height"] <= height) == (True, True), name
        for share in (0.05, 0.5, 0.95):
            hit = page.evaluate(
                "([x, y]) => document.elementFromPoint(x, y)?.closest('button')?.id",
                [box["x"] + box["width"] * share, box["y"] + box["height"] / 2],
            )
            assert f"#{hit}" == name, "uncovered"


def press_start(page: Page) -> None:
    """Press START once the machine has shown what it has to show before the first motion, and the page is awake."""
    page.wait_for_selector("#start:not([hidden])")
    page.wait_for_function("() => document.querySelector('#start .label').textContent.startsWith('START')")
    page.wait_for_timeout(AWAKE_MS)
    page.click("#start")
