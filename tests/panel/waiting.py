"""Waiting for what becomes true outside a page; a page that is not driven meanwhile stands still."""

from collections.abc import Callable

from playwright.sync_api import Page

from tests.waiting import LONGEST_S

STEP_MS = 20


def until(true: Callable[[], bool], page: Page, what: str) -> None:
    """Wait for a condition outside the page, while the page lives on."""
    waited_ms = 0
    while not true():
        assert waited_ms < LONGEST_S * 1e3, what
        page.wait_for_timeout(STEP_MS)
        waited_ms += STEP_MS
