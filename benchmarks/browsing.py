"""What benchmarks of the panel share: browsers, a session before them, and what a page notes of its states."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, Final

from playwright.sync_api import Browser, Error, Page, Playwright, TimeoutError

from sim.table import Truth
from tests.panel.browser import arguments, find_or_install
from tests.panel.routes import press_start
from tests.panel.waiting import until

LONGEST_MS: Final = 120_000
"""Only a hang takes so long."""
SOON_MS: Final = 3_000
MOST_PRESSES: Final = 100
SESSION_MS: Final = 600_000
"""A session that began after all, on a busy machine, goes on to its end."""
NOTE_STATES: Final = """() => {
    window.states = [];
    window.WebSocket = class extends WebSocket {
        constructor(...told) {
            super(...told);
            this.addEventListener("message", (event) => {
                const came_ms = performance.timeOrigin + performance.now();
                const message = JSON.parse(event.data);
                if (message.kind !== "state") return;
                const noted = {sent_s: message.sent_s, came_ms, shown_ms: null};
                window.states.push(noted);
                requestAnimationFrame(() => setTimeout(() => {
                    noted.shown_ms = performance.timeOrigin + performance.now();
                }));
            });
        }
    };
    addEventListener("DOMContentLoaded", () => new MutationObserver(() => {
        if (document.body.classList.contains("stale")) window.greyed_ms ??= performance.timeOrigin + performance.now();
    }).observe(document.body, {attributes: true, attributeFilter: ["class"]}));
}"""
"""Before the page's own script: when each state came, and when the picture with it was drawn; when the page greyed."""


@contextmanager
def browsers(playwright: Playwright, count: int = 1, **more: Any) -> Iterator[list[Browser]]:
    """Start browsers, each with processes of its own. ``more`` goes to their start."""
    path = find_or_install(playwright.chromium.executable_path)
    with ExitStack() as stack:
        started = []
        for _ in range(count):
            browser = playwright.chromium.launch(executable_path=path, args=arguments(), **more)
            stack.callback(_close, browser)
            started.append(browser)
        yield started


def _close(browser: Browser) -> None:
    with suppress(Error):  # it may have been killed
        browser.close()


def open_page(browser: Browser, url: str) -> Page:
    """Open the panel, and wait until it shows the present."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(LONGEST_MS)
    page.add_init_script(f"({NOTE_STATES})()")
    page.goto(url)
    page.wait_for_selector("body[data-route]:not(.stale)")
    return page


def start_session(page: Page) -> None:
    """Press START and START NOW, in a new session if one is over; again where a busy machine shut the question.

    Raises ``RuntimeError`` where none begins however often it is pressed: the command behind it stands still.
    """
    for _ in range(MOST_PRESSES):
        page.wait_for_selector("#start:visible, #next:visible", timeout=SESSION_MS)
        if page.is_visible("#next"):  # refused where it came too late: then it is pressed again
            page.click("#next")
            with suppress(TimeoutError):
                page.wait_for_selector("#start:visible", timeout=SOON_MS)
            continue
        press_start(page)
        with suppress(TimeoutError):
            page.click("#start-now", timeout=SOON_MS)
            page.wait_for_selector("#start", state="hidden", timeout=SOON_MS)
            return
    raise RuntimeError(f"no session began in {MOST_PRESSES} presses")


def turn(page: Page, truth: Callable[[], Truth], by_deg: float) -> None:
    """Begin a session, and wait until the table has turned so far; again where a busy machine ended it by a trip."""
    start_session(page)
    low_deg = truth().angle_deg

    def turned() -> bool:
        if page.is_visible("#next"):
            start_session(page)
        return truth().angle_deg > low_deg + by_deg

    until(turned, page, "the table turns")


def clock_offset_ms() -> float:
    """What the wall clock, which a browser reads, is ahead of the controller's."""
    return (time.time() - time.monotonic()) * 1e3
