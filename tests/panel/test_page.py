"""The page in a real browser, before the real stack; what became of a press is read from the physics."""

import json
import os
import signal
import socket
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Literal

import psutil
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.panel.routes import SIZES, in_reach, press_start
from tests.panel.stack import Stack, running
from tests.panel.views import serious
from tests.panel.waiting import until
from tests.waiting import LONGEST_S

pytestmark = pytest.mark.realtime

UPRIGHT_DEG = -75.0


def state(page: Page) -> str:
    return page.inner_text("#state")


def start(page: Page, stack: Stack) -> None:
    """Press start as a person does, and wait until the table truly turns."""
    press_start(page)
    page.click("#start-now")
    until(lambda: stack.truth().angle_deg > UPRIGHT_DEG + 4.0, page, "the table turns toward inversion")


def post(page: Page, path: str, **headers: str) -> tuple[int, Any]:
    """Press over the second path, without the page."""
    port = page.get_attribute("meta[name=righting-stop-port]", "content")
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=b"", headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_two_presses_start_stop_stops_on_the_way_down_and_return_brings_upright(page: Page, stack: Stack) -> None:
    page.wait_for_selector("#start:not([hidden])")
    assert stack.truth().rate_dps == 0.0
    start(page, stack)
    page.hover("#stop")
    page.mouse.down()
    until(lambda: stack.truth().rate_dps == 0.0, page, "STOP stops before the button is let go")
    page.mouse.up()
    expect(page.locator("#state")).to_contain_text("STOPPED")
    stood_deg = stack.truth().angle_deg
    page.wait_for_selector("#alarms:not([hidden])")
    page.hover("#return")
    page.mouse.down()
    until(lambda: stack.truth().angle_deg < stood_deg - 1.0, page, "RETURN UPRIGHT brings the rider up")
    page.mouse.up()


def test_the_keyboard_stops_and_returns(page: Page, stack: Stack) -> None:
    start(page, stack)
    page.focus("#return")
    page.keyboard.press(" ")  # not the button that has the focus
    until(lambda: stack.truth().rate_dps == 0.0, page, "the space bar stops")
    expect(page.locator("#state")).to_contain_text("STOPPED")
    page.keyboard.press("u")
    until(lambda: stack.truth().rate_dps < 0.0, page, "u returns")


def test_the_second_path_stops_while_the_page_is_stuck(page: Page, stack: Stack) -> None:
    start(page, stack)
    assert post(page, "/stop", Origin="http://elsewhere.example")[0] == 403
    assert post(page, "/nothing")[0] == 404
    assert stack.truth().rate_dps > 0.0
    assert post(page, "/stop") == (200, {"ok": True})
    until(lambda: stack.truth().rate_dps == 0.0, page, "a plain POST stops")


def test_a_start_that_comes_late_does_nothing_and_says_so(standing_page: Page, standing: Stack) -> None:
    page, stack = standing_page, standing
    page.wait_for_selector("#start:not([hidden])")
    answer = page.evaluate(
        """() => new Promise((resolve) => {
            const socket = new WebSocket(`ws://${location.host}/socket`);
            socket.onmessage = (event) => {
                const message = JSON.parse(event.data);
                if (message.kind === "answer") resolve(message);
                if (message.kind !== "state") return;
                const { session, sent_s } = message;
                socket.send(JSON.stringify({kind: "press", id: "late", name: "start", session, pressed_s: sent_s - 3}));
            };
        })"""
    )
    assert (answer["ok"], "too late" in answer["error"]) == (False, True)
    assert state(page) == "ready to start"
    assert stack.truth().rate_dps == 0.0


def test_a_stuck_panel_greys_the_page_and_brings_the_rider_upright(page: Page, stack: Stack) -> None:
    """The age at which the page greyed is taken in the page itself; the panel is started again."""
    start(page, stack)
    page.evaluate(
        """() => {
            let last_ms = performance.now();
            new MutationObserver(() => { last_ms = performance.now(); })
                .observe(document.querySelector("#angle"), {childList: true, characterData: true, subtree: true});
            new MutationObserver(() => {
                if (document.body.classList.contains("stale")) window.greyed_ms ??= performance.now() - last_ms;
            }).observe(document.body, {attributes: true});
        }"""
    )
    (stuck,) = stack.panels()
    os.kill(stuck, signal.SIGSTOP)
    page.wait_for_selector("body.stale")
    assert page.evaluate("window.greyed_ms") <= 600.0
    assert page.is_visible("#overlay")
    assert page.is_visible("#stop")
    until(lambda: stack.truth().rate_dps < 0.0, page, "nobody watches: the rider is brought up")
    page.wait_for_selector("body:not(.stale)")
    assert stuck not in stack.panels()
    expect(page.locator("#alarms .cause")).to_contain_text("presence")


def test_a_panel_that_was_killed_comes_back_at_the_same_address(page: Page, stack: Stack) -> None:
    page.wait_for_selector("#start:not([hidden])")
    (killed,) = stack.panels()
    os.kill(killed, signal.SIGKILL)
    until(lambda: killed not in stack.panels(), page, "it is gone")
    until(lambda: len(stack.panels()) == 1, page, "another one is there")
    page.wait_for_selector("body:not(.stale)")
    page.wait_for_selector("#start:not([hidden])")


def test_a_page_that_outlives_the_command_stops_the_next_one_over_both_paths(browser: Browser, tmp_path: Path) -> None:
    """A kiosk's page stays open while the command is started again at the same address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        options = ["--panel-port", str(free.getsockname()[1])]
    context = browser.new_context()
    page = context.new_page()
    for name in ("first", "next"):
        with running(tmp_path / name, options=options) as stack:
            if name == "first":
                page.goto(stack.url)
            page.wait_for_selector("#start:not([hidden])", timeout=LONGEST_S * 1e3)
            page.wait_for_selector("body:not(.stale)")
            with page.expect_response(lambda answer: answer.url.endswith("/stop")) as told:
                page.click("#stop")
            assert told.value.json() == {"ok": True}
        page.wait_for_selector("body.stale")
    context.close()


def test_a_page_that_is_closed_brings_the_rider_upright(page: Page, stack: Stack, browser: Browser) -> None:
    start(page, stack)
    other = browser.new_page()
    page.close()
    until(lambda: stack.truth().rate_dps < 0.0, other, "nobody watches: the rider is brought up")
    other.close()


@pytest.mark.parametrize("faults", [["encoder-stuck@2"]])
def test_an_alarm_is_shown_until_it_is_seen(page: Page, stack: Stack) -> None:
    start(page, stack)
    page.wait_for_selector("#alarms[data-priority=HIGH], #alarms[data-priority=MEDIUM]")
    assert page.inner_text("#alarms .instruction") != ""
    assert "following" in page.inner_text("#alarms .cause")
    assert page.evaluate("getComputedStyle(document.querySelector('#alarms .lamp')).animationName") == "flash"
    page.click("#acknowledge")
    page.wait_for_selector("#alarms.seen")
    assert page.evaluate("getComputedStyle(document.querySelector('#alarms .lamp')).animationName") == "none"
    until(lambda: stack.truth().rate_dps < 0.0, page, "the rider is brought up")


def test_stop_and_return_are_in_reach_at_every_size_and_nothing_hinders_anybody(standing_page: Page) -> None:
    """In light and dark, ready and with its question open: axe finds nothing serious."""
    press_start(standing_page)
    scheme: Literal["light", "dark"]
    for width, height in SIZES:
        standing_page.set_viewport_size({"width": width, "height": height})
        in_reach(standing_page, width, height)
        for scheme in ("light", "dark"):
            standing_page.emulate_media(color_scheme=scheme)
            assert serious(standing_page) == [], (width, scheme)


@pytest.mark.usefixtures("standing_page")
def test_nothing_foreign_is_served_or_listened_to(standing: Stack) -> None:
    stack = standing
    with urllib.request.urlopen(stack.url, timeout=10) as answer:
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        text = answer.read().decode()
    assert "http://" not in text
    assert "https://" not in text
    rebound = urllib.request.Request(stack.url, headers={"Host": "elsewhere.example"})
    with pytest.raises(urllib.error.HTTPError, match="421"):
        urllib.request.urlopen(rebound, timeout=10)
    port = stack.url.split(":")[-1].strip("/")
    (panel,) = stack.panels()
    listening = [one.laddr for one in psutil.Process(panel).net_connections() if one.status == "LISTEN"]
    assert {one.ip for one in listening} == {"127.0.0.1"}
    assert int(port) in {one.port for one in listening}
