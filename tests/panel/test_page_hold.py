"""What the page says while a button of motion by hand is held, and what makes it stop saying it.

The states of the real stack pass through here on their way to the page, and what the page says is written down.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, WebSocketRoute, expect

from tests.panel.routes import AWAKE_MS
from tests.panel.stack import Stack
from tests.panel.views import put_down, sound
from tests.panel.waiting import until
from tests.waiting import LONGEST_S

pytestmark = pytest.mark.realtime

LEASE_S = 0.2


@pytest.fixture
def said() -> list[dict[str, Any]]:
    """Messages of holds, in their order."""
    return []


@pytest.fixture
def page(context: BrowserContext, standing: Stack, said: list[dict[str, Any]]) -> Iterator[Page]:
    """A page that is told that motion by hand is allowed."""

    def pass_on(route: WebSocketRoute) -> None:
        server = route.connect_to_server()

        def to_page(message: str | bytes) -> None:
            told = json.loads(message)
            if told["kind"] == "state":
                told["manual"] = {"allowed": True, "why_not": "", "direction": 0}
            route.send(json.dumps(told))

        def to_server(message: str | bytes) -> None:
            told = json.loads(message)
            if told["kind"] in ("move", "release"):
                said.append(told)
            else:
                server.send(message)

        server.on_message(to_page)
        route.on_message(to_server)

    context.route_web_socket("**/socket", pass_on)
    with sound(context, standing.url) as page:
        page.wait_for_selector("#manual:not([hidden]) .hold:enabled", timeout=LONGEST_S * 1e3)
        page.wait_for_timeout(AWAKE_MS)
        yield page


def hold_by(down: Callable[[], None], up: Callable[[], None], page: Page, said: list[dict[str, Any]]) -> None:
    """Hold until it is said a few times, and press again as a person would: where a page that stuttered ended the hold,
    or where the button went away from under the finger before it was down.

    ``said`` then has what this hold said.
    """
    said.clear()
    down()

    def told() -> bool:
        missed = not said and page.locator(".hold.held").count() == 0
        if missed or (said and said[-1]["kind"] == "release"):
            up()
            said.clear()
            down()
        return len(said) >= 4 and said[-1]["kind"] == "move"

    until(told, page, "the page says that the button is held")


def hold(page: Page, said: list[dict[str, Any]]) -> None:
    """Put a finger down, and wait until it is said a few times."""
    hold_by(lambda: put_down(page, page.locator(".hold").last), page.mouse.up, page, said)


def quiet_after(page: Page, said: list[dict[str, Any]]) -> None:
    """The hold was let go, in as many words, and says nothing more."""
    until(lambda: bool(said) and said[-1]["kind"] == "release", page, "the hold is let go")
    count = len(said)
    expect(page.locator(".hold.held")).to_have_count(0)
    page.wait_for_timeout(3 * LEASE_S * 1e3)
    assert len(said) == count, "and does not go on by itself"


def test_it_is_said_again_and_again_until_the_finger_is_lifted(page: Page, said: list[dict[str, Any]]) -> None:
    hold(page, said)
    assert {one["kind"] for one in said} == {"move"}
    assert {one["direction"] for one in said} == {1}
    assert len({one["id"] for one in said}) == 1
    made = [one["pressed_s"] for one in said]
    assert made == sorted(set(made)), "each message says when it was made"
    first = said[0]["id"]
    page.mouse.move(5, 5)
    page.mouse.up()
    quiet_after(page, said)
    hold(page, said)
    assert {one["id"] for one in said}.isdisjoint({first})
    page.mouse.up()


@pytest.mark.parametrize(
    "gone",
    [
        "window.dispatchEvent(new FocusEvent('blur'))",
        "document.querySelector('.hold.held').dispatchEvent(new PointerEvent('pointercancel'))",
        "window.dispatchEvent(new PageTransitionEvent('pagehide'))",
        "location.hash = '#/settings'",
    ],
)
def test_whatever_takes_the_hold_away_ends_it(page: Page, said: list[dict[str, Any]], gone: str) -> None:
    hold(page, said)
    page.evaluate(gone)
    quiet_after(page, said)


def test_a_browser_that_froze_does_not_go_on(page: Page, said: list[dict[str, Any]]) -> None:
    hold(page, said)
    page.evaluate("() => { const until_ms = performance.now() + 400; while (performance.now() < until_ms); }")
    quiet_after(page, said)


def test_enter_holds_too(page: Page, said: list[dict[str, Any]]) -> None:
    page.locator(".hold").first.focus()
    hold_by(lambda: page.keyboard.down("Enter"), lambda: page.keyboard.up("Enter"), page, said)
    assert {one["direction"] for one in said} == {-1}
    page.keyboard.up("Enter")
    quiet_after(page, said)
