"""A page before a table that nobody starts: for views that move nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.api.house import Desk, house
from tests.panel.routes import AWAKE_MS, SIZES, in_reach
from tests.panel.stack import LONGEST_S


class StillDesk(Desk):
    """Stands for a controller whose table nobody starts."""

    def setup(self) -> dict[str, Any]:
        times = {"program_s": 141.0, "total_s": 233.0, "allowance_s": 300.0}
        return {**super().setup(), **times, "table": "T", "segments": [], "limit_deg": 45.0, "upright_deg": -75.0}

    def state(self) -> dict[str, Any]:
        words = {"state": "boarding_ready", "words": "ready to start", "step": "", "link": "link clean", "problem": ""}
        numbers = {"rate_dps": 0.0, "segment_index": -1, "progress": 0.0, "inverted_s": 0.0, "audio_pause_left_s": 0.0}
        lists: dict[str, Any] = {"alarms": [], "lost_sensors": [], "machine": None, "sounding": None, "link_ok": True}
        return {**super().state(), **words, **numbers, **lists}


@contextmanager
def still_panel(folder: Path) -> Iterator[str]:
    """A panel with all its real parts before a table that stands; gives its address."""
    with house(folder) as opened:
        opened.station.desk = StillDesk()
        opened.app.state.parts.children._first = []  # not behind all other tests: they would let it wait for minutes
        yield f"{opened.url}/"


@contextmanager
def still_page(browser: Browser, url: str, route: str, **more: Any) -> Iterator[Page]:
    """Open a route in a browser of its own; no script may fail there."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 800}, locale="en-GB", accept_downloads=True, **more
    )
    context.set_default_timeout(LONGEST_S * 1e3)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(f"{url}#/{route}")
    page.wait_for_selector("body[data-route]:not(.stale)")
    page.wait_for_timeout(AWAKE_MS)
    yield page
    context.close()
    assert wrong == []


def reload(page: Page) -> None:
    """Load the page anew, and wait until it takes touches."""
    page.reload()
    page.wait_for_selector("body[data-route]:not(.stale)")
    page.wait_for_timeout(AWAKE_MS)


def hinders_nobody(page: Page, what: str) -> None:
    """At every size: STOP in reach, nothing to scroll sideways, touches large enough; axe finds nothing serious."""
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        in_reach(page, width, height)
        wide = page.evaluate(
            "['main', 'body'].some((name) => {"
            "const {scrollWidth, clientWidth} = document.querySelector(name); return scrollWidth > clientWidth; })"
        )
        assert not wide, (what, width)
        small = page.evaluate(
            "[...document.querySelectorAll('main :is(button, .button, select, summary)')]"
            ".map((e) => [e.textContent, e.getBoundingClientRect().height]).filter(([, high]) => high > 0 && high < 42)"
        )
        assert small == [], (what, width)
        found = Axe().run(page).response["violations"]
        serious = [(one["id"], one["nodes"]) for one in found if one["impact"] in ("serious", "critical")]
        assert serious == [], (what, width)
    page.set_viewport_size({"width": 1280, "height": 800})


def ask(page: Page, method: str, path: str, body: Any = None) -> Any:
    """Ask the panel beside the page."""
    script = """async ([method, path, body]) => {
        const more = body === null ? {} : {body: JSON.stringify(body), headers: {"Content-Type": "application/json"}};
        return (await fetch("/api/v1/" + path, {method, ...more})).json();
    }"""
    return page.evaluate(script, [method, path, body])


def add_rider(page: Page, name: str, **more: Any) -> Any:
    """A rider beside the page: a beginner, but for what is said."""
    rider = {"name": name, "sex": "female", "mass_kg": 70.5, "height_m": 1.72, "experience": "beginner", **more}
    return ask(page, "POST", "riders", {"document": {"rider": rider}})
