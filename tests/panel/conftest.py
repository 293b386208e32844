"""Chromium before the real stack."""

from collections.abc import Iterator
from fcntl import LOCK_EX, flock
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.panel.browser import arguments, find_or_install
from tests.panel.stack import Stack, running
from tests.panel.views import sound
from tests.waiting import LONGEST_S


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        with (tmp_path_factory.getbasetemp().parent / "browser.lock").open("w") as lock:
            flock(lock, LOCK_EX)  # one worker installs
            path = find_or_install(playwright.chromium.executable_path)
        browser = playwright.chromium.launch(executable_path=path, args=arguments())
        yield browser
        browser.close()


@pytest.fixture
def faults() -> list[str]:
    """Faults of the simulated table; a test overrides it by a parameter of the same name."""
    return []


@pytest.fixture
def stack(tmp_path: Path, faults: list[str]) -> Iterator[Stack]:
    with running(tmp_path, faults) as stack:
        yield stack


@pytest.fixture(scope="module")
def standing(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A table that nobody starts, for all tests of a file. A page that stays open keeps the command from ending."""
    with running(tmp_path_factory.mktemp("records")) as stack:
        page = browser.new_page()
        page.set_default_timeout(LONGEST_S * 1e3)
        page.goto(stack.url)
        page.wait_for_selector("body[data-route]:not(.stale)")
        yield stack
        page.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    context.set_default_timeout(LONGEST_S * 1e3)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, stack: Stack) -> Iterator[Page]:
    with sound(context, stack.url) as page:
        yield page


@pytest.fixture
def standing_page(context: BrowserContext, standing: Stack) -> Iterator[Page]:
    with sound(context, standing.url) as page:
        yield page
