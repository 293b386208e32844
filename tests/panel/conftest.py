"""Chromium before the real stack."""

from collections.abc import Iterator
from fcntl import LOCK_EX, flock
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.panel.browser import arguments, find_or_install
from tests.panel.stack import LONGEST_S, Stack, running


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


@pytest.fixture
def page(browser: Browser, stack: Stack) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(LONGEST_S * 1e3)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(stack.url)
    page.wait_for_selector("body[data-route]:not(.stale)")
    yield page
    context.close()
    assert wrong == []
