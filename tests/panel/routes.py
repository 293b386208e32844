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
"""A page that has just come to the front takes no touch but STOP and RETURN UPRIGHT for 500 ms; a little more."""


_LOOK: Final = """async () => {
    const frame = () => new Promise(requestAnimationFrame);
    await frame();
    await frame();  // the header finds its shape after the one in which the size has changed
    return Object.fromEntries(["stop", "return"].map((id) => {
        const { x, y, width, height } = document.getElementById(id).getBoundingClientRect();
        const at = (share) => document.elementFromPoint(x + width * share, y + height / 2)?.closest("button")?.id;
        return [id, { x, y, width, height, hits: [0.05, 0.5, 0.95].map(at) }];
    }));
}"""


def open_route(page: Page, route: str) -> None:
    """Go to a route, and wait until its view is there and knows what it shows."""
    page.evaluate("(route) => { location.hash = `#/${route}`; }", route)
    page.wait_for_function("(name) => document.body.dataset.route === name", arg=route)
    page.wait_for_load_state("networkidle")


def in_reach(page: Page, width: int, height: int) -> None:
    """STOP and RETURN UPRIGHT are wholly in view, large enough, and nothing lies on them."""
    for name, box in page.evaluate(_LOOK).items():
        assert box["height"] >= 48
        assert (box["x"] >= 0, box["x"] + box["width"] <= width) == (True, True), name
        assert (box["y"] >= 0, box["y"] + box["height"] <= height) == (True, True), name
        assert box["hits"] == [name] * 3, "uncovered"


def fits(page: Page, width: int) -> None:
    """Nothing has to be scrolled sideways, once the page has found its shape."""
    used = "Math.max(...['main', 'body', 'html'].map((name) => document.querySelector(name).scrollWidth))"
    page.wait_for_function(f"(width) => {used} <= width", arg=width)


def press_start(page: Page) -> None:
    """Press START once the machine has shown what it has to show before the first motion, and the page is awake."""
    page.wait_for_selector("#start:not([hidden])")
    page.wait_for_function("() => document.querySelector('#start .label').textContent.startsWith('START')")
    page.wait_for_timeout(AWAKE_MS)
    page.click("#start")
