"""German pages are German to the last word, and every page can be read where the system sets the colours."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.panel.routes import open_route
from tests.panel.still import standing_still
from tests.panel.test_in_view import TwoAlarmsDesk
from tests.panel.views import opened

WHEN: Final = {"session_id": 3, "at": "2026-11-26T10:23:00+00:00"}
ALARMS: Final = [
    {**WHEN, "t_s": 40.4, "kind": "alarm", "monitor": None,
     "text": "medium priority: angle-plausibility: encoder reported lost by the drive. The rider is brought upright. "
             "Have the angle sensor and its cable checked."},
    {**WHEN, "t_s": 40.35, "kind": "trip", "monitor": "angle-plausibility",
     "text": "RETURN by angle-plausibility: encoder reported lost by the drive"},
    {**WHEN, "t_s": 90.0, "kind": "trip", "monitor": "drive-fault",
     "text": "EMERGENCY_RETURN by drive-fault: drive reports: overcurrent"},
]  # fmt: skip


class Desk(TwoAlarmsDesk):
    """A table in a session, with a limit of acceleration."""

    def setup(self) -> dict[str, Any]:
        limits = [
            {"name": "accel_dps2", "unit": "deg/s2", "value": 2.0, "origin": "the machine"},
            {"name": "invert_rate_dps", "unit": "deg/s", "value": 3.0, "origin": "the machine"},
            {"name": "inverted_limit_deg", "unit": "deg", "value": 45.0, "origin": "the machine"},
        ]
        return {**super().setup(), "limits": limits}

    def state(self) -> dict[str, Any]:
        medium = [{**one, "priority": "MEDIUM"} for one in super().state()["alarms"]]
        return {**super().state(), "state": "session_holding", "inverted_s": 120.0, "alarms": medium}


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with standing_still(tmp_path) as home:
        home.station.desk = Desk()
        yield f"{home.url}/"


@pytest.fixture
def page(browser: Browser, url: str) -> Iterator[Page]:
    with opened(browser, url, "session") as page:
        page.evaluate("localStorage.setItem('righting.settings', JSON.stringify({language: 'de'}))")
        page.reload()
        page.wait_for_selector("body[data-route]:not(.stale)")
        yield page


def test_the_alarm_log_is_german_and_tells_each_trip_once(page: Page) -> None:
    answer = json.dumps({"alarms": ALARMS, "next": None})
    page.route("**/api/v1/alarms*", lambda route: route.fulfill(body=answer, content_type="application/json"))
    open_route(page, "alarms")
    expect(page.locator("tbody tr td:last-child")).to_have_text(
        [
            "mittlere Dringlichkeit: angle-plausibility: Drehgeber vom Antrieb als verloren gemeldet. "
            "Die Person wird aufgerichtet. Winkelsensor und Kabel prüfen lassen.",
            "drive-fault: Der Antrieb meldet: overcurrent (Notrückkehr)",
        ]
    )


@pytest.mark.parametrize(
    ("kind", "text", "told"),
    [
        ("link", "link to the board is up", "Verbindung zur Platine steht"),
        ("inhibit", "session: no handshake with the board yet", "session: noch keine Verständigung mit der Platine"),
        ("operator", "start", "Start"),
        ("operator", "holds to move toward upright", "hält: aufrichten"),
        ("loop", "control loop 12 ms late", "Regelschleife 12 ms zu spät"),
        ("alarm", "low priority: The table is held still.", None),
        ("unknown", "something of a newer version", "something of a newer version"),
    ],
)
def test_events_are_german(page: Page, kind: str, text: str, told: str | None) -> None:
    said = page.evaluate(
        "async (event) => (await import('/page/words.js')).eventWords(event)", {"kind": kind, "text": text}
    )
    if told is None:
        assert said.startswith("niedrige Dringlichkeit: ")
    else:
        assert said == told


def test_keys_and_units_are_german(page: Page) -> None:
    expect(page.locator("#stop kbd")).to_have_text("Leertaste")
    expect(page.locator("#machine .facts")).to_contain_text(["Drehgeber", "2 °/s²", ""])
    quantities = "async (text) => (await import('/page/format.js')).quantities(text)"
    assert page.evaluate(quantities, "Grenze 45.0 deg: 30.0 deg") == "Grenze 45,0°: 30,0°"
    assert page.evaluate(quantities, "um 12:30, Version 1.2.3") == "um 12:30, Version 1.2.3"


def test_the_limit_is_written_beside_the_stand_whatever_it_is(page: Page) -> None:
    show = """async (limit_deg) => {
        const { Picture } = await import("/page/picture.js");
        new Picture(document.getElementById("table")).begin({upright_deg: -75, limit_deg, height_m: 1.98});
        const {x, y, width, height} = document.querySelector(".limit-text").getBBox();
        const leg = -38 * (y + height) / 122 - 2.5;
        return [x >= -135, x + width < leg, y + height < 140];
    }"""
    for limit_deg in (0, 20, 45, 60, 90):
        assert page.evaluate(show, limit_deg) == [True, True, True]


def test_a_tablet_upright_shows_program_and_last_minutes_whole(page: Page) -> None:
    page.set_viewport_size({"width": 768, "height": 1024})
    expect(page.locator("#later")).to_be_visible()
    page.wait_for_function(
        """() => { const time = document.getElementById("time");
            return time.scrollHeight <= time.clientHeight
                && [...time.querySelectorAll("canvas")].every((one) => one.clientHeight >= 100); }"""
    )


def test_with_colours_of_the_system_alarm_bar_link_and_buttons_keep_their_shape(browser: Browser, url: str) -> None:
    with opened(browser, url, "session", forced_colors="active") as page:
        page.wait_for_selector("#alarms:not([hidden])")
        style = """(selector) => { const found = getComputedStyle(document.querySelector(selector));
            return {clip: found.clipPath, ground: found.backgroundColor, border: parseFloat(found.borderTopWidth),
                    line: found.borderTopStyle, own: found.forcedColorAdjust}; }"""
        for priority in ("HIGH", "MEDIUM", "LOW"):
            page.evaluate("(priority) => { document.getElementById('alarms').dataset.priority = priority; }", priority)
            lamp = page.evaluate(style, "#alarms .lamp")
            assert lamp["clip"] == "none"
            assert lamp["border"] >= 3
        card = page.evaluate(style, "#numbers")
        link, stop, back = (page.evaluate(style, one) for one in ("#link .mark", "#stop", "#return"))
        assert link["ground"] != card["ground"]
        assert stop["ground"] != back["ground"]
        assert (stop["border"] > 0, back["border"] > 0) == (True, True)
        bar = page.evaluate(style, "#inverted-meter")
        assert (bar["own"], bar["border"]) == ("none", 2)
