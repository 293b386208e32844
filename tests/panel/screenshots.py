"""``make screenshots``: every page at three sizes, in light and dark, and a session on the simulated table."""

import contextlib
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

from playwright.sync_api import Page, sync_playwright

from tests.end_to_end.commands import PROGRAM, REGULAR, command, environment
from tests.panel.browser import arguments, find_or_install
from tests.panel.past import make_past
from tests.panel.routes import AWAKE_MS, ROUTES, SIZES, press_start
from tests.panel.views import go

FOLDER: Final = Path("build/screenshots")
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")


@contextlib.contextmanager
def stack(records: str) -> Iterator[str]:
    """The command with its panel; gives the panel's address."""
    line = command("run", PROGRAM, "--rider", REGULAR, "--plain", "--speed", "5", "--records", records)
    with subprocess.Popen(
        line, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, env=environment()
    ) as process:
        assert process.stdout is not None
        yield next(text.split()[-1] for text in process.stdout if "Operator panel:" in text)
        for _ in range(2):  # return upright, stop: nobody is on this table
            process.send_signal(signal.SIGINT)
        process.kill()


def shoot(page: Page, name: str) -> None:
    """Take the picture of a moment at every size."""
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(700)  # for the charts to be drawn at this size
            page.screenshot(path=FOLDER / f"{name}-{width}x{height}-{scheme}.png")


def main() -> None:
    """Go through all pages, and a session, and take pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        records = Path(folder) / "records"
        past = make_past(records)
        pages = {
            "rider": f"riders/{past.rider_id}", "program": "programs/1", "trends": f"history?rider={past.rider_id}",
            "history-session": f"history/{past.sessions[1]}",
        }  # fmt: skip
        with stack(str(records)) as url:
            path = find_or_install(playwright.chromium.executable_path)
            browser = playwright.chromium.launch(executable_path=path, args=arguments())
            page = browser.new_page()
            page.goto(url)
            page.wait_for_selector("#start:not([hidden])")
            page.wait_for_timeout(AWAKE_MS)
            for name, route in ({route.replace("/", "-"): route for route in ROUTES} | pages).items():
                go(page, route)
                if page.is_visible("#acknowledge"):  # a busy machine, at this speed
                    page.click("#acknowledge")
                shoot(page, "ready" if route == "session" else name)
            go(page, "session")
            if page.is_visible("#next"):  # nobody was before the table for a moment, and it started by itself
                page.click("#next")
            session(page)
            browser.close()
    print(f"The pictures are in {FOLDER}")


def session(page: Page) -> None:
    """Run one, and stop it."""
    press_start(page)
    shoot(page, "start")
    if not page.is_visible("#start-now"):  # the table was away for a moment, which shuts the question
        press_start(page)
    page.click("#start-now")
    page.locator("#angle", has_text="+40").wait_for()
    shoot(page, "session")
    page.keyboard.press(" ")
    page.wait_for_selector("#alarms:not([hidden])")
    shoot(page, "stopped")


if __name__ == "__main__":
    main()
