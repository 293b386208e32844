"""Alarms in a real browser: they are heard, they leave room on a phone, and they speak as people here do."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, cast

import pytest
from playwright.sync_api import Browser, Page, expect

from firmware_host.cli.sessions import load_session
from firmware_host.control.scene import Scene, make_scene
from firmware_host.panel.desk import AtHand, SessionDesk
from firmware_host.recording.blackbox import BlackBox
from safety.alarms import AUDIO_PAUSE_S
from tests.api.house import House
from tests.firmware_host.test_controls import Case
from tests.panel.routes import SETTINGS, in_reach
from tests.panel.still import StillDesk, standing_still
from tests.panel.views import nothing_hinders, opened
from tests.panel.waiting import until

CAUSE: Final = "motor pushes with 3.5 A more than this load took, limit 2 A"
INSTRUCTION: Final = "The rider is brought upright. Free the table of the person or thing in its way."
ALARM: Final = {
    "id": "reverse-on-load", "priority": "HIGH", "cause": CAUSE, "instruction": INSTRUCTION, "since_s": 0.0,
    "present": True, "acknowledged": False, "text": "",
}  # fmt: skip
HEAR: Final = """
    window.AudioContext = class extends AudioContext {
        constructor(...told) {
            super(...told);
            window.heard = this.createAnalyser();
            window.heard.connect(super.destination);
        }
        get destination() { return window.heard ?? super.destination; }
    };
    window.level = () => {
        if (!window.heard) return 0;
        const wave = new Float32Array(window.heard.fftSize);
        window.heard.getFloatTimeDomainData(wave);
        return Math.max(...wave.map(Math.abs));
    };
"""
"""What goes to the loudspeaker goes through an analyser first."""
LOUD: Final = 0.05


class AlarmDesk(StillDesk):
    """A table that stands, with an alarm whose sound can be paused."""

    def __init__(self) -> None:
        super().__init__()
        self.pause_left_s = 0.0
        self.seen = False

    def state(self) -> dict[str, Any]:
        """Give the present moment."""
        sounding = None if self.pause_left_s > 0.0 or self.seen else "HIGH"
        alarm = {**ALARM, "acknowledged": self.seen}
        return {
            **super().state(), "alarms": [alarm], "sounding": sounding, "audio_pause_left_s": self.pause_left_s,
        }  # fmt: skip

    def press(self, name: str, confirmed: Any) -> str:
        """Take a press."""
        if name == "pause_audio":
            self.pause_left_s = 90.0
        self.seen |= name == "acknowledge"
        return super().press(name, confirmed)


@pytest.fixture
def desk() -> AlarmDesk:
    return AlarmDesk()


@pytest.fixture
def standing(tmp_path: Path, desk: AlarmDesk) -> Iterator[House]:
    with standing_still(tmp_path) as opened_house:
        opened_house.station.desk = desk
        yield opened_house


@pytest.fixture
def page(browser: Browser, standing: House) -> Iterator[Page]:
    with opened(browser, standing.url, "settings") as page:
        page.add_init_script(HEAR)
        page.reload()
        page.wait_for_selector("body:not(.stale) #alarms:not([hidden])")
        yield page


def loud(page: Page) -> bool:
    return float(page.evaluate("window.level()")) > LOUD


@pytest.mark.requirement("REQ-ALM-PAUSE", "REQ-ALM-SEEN")
def test_the_alarm_sounds_after_a_touch_pauses_comes_back_and_ends_when_it_is_seen(page: Page, desk: AlarmDesk) -> None:
    expect(page.locator("#pause")).to_have_text("Touch for sound")
    page.mouse.click(5, 400)
    until(lambda: loud(page), page, "it is heard")
    expect(page.locator("#pause")).to_have_text("Pause sound")
    page.click("#pause")
    expect(page.locator("#pause")).to_have_text("Sound paused, 90 s left")
    until(lambda: not loud(page), page, "it is silent")
    for _ in range(40):  # longer than between two pulses of a burst
        assert not loud(page), "it stays silent"
        page.wait_for_timeout(20)
    desk.pause_left_s = 0.0
    until(lambda: loud(page), page, "it comes back by itself")
    page.click("#acknowledge")
    page.wait_for_selector("#alarms.seen")
    until(lambda: not loud(page), page, "whoever saw it hears it no more")


@pytest.mark.requirement("REQ-ALM-TODO")
def test_on_a_phone_the_banner_leaves_room_and_says_what_to_do(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    banner = page.locator("#alarms")
    box = banner.bounding_box()
    assert box is not None
    assert box["height"] <= 844 / 5
    expect(banner.locator(".instruction").first).to_have_text(INSTRUCTION)
    clipped = "(element) => element.scrollHeight > element.clientHeight + 1"
    assert not banner.locator(".instruction").first.evaluate(clipped), "what to do is never cut off"
    expect(banner.locator(".priority")).to_have_text("high priority")
    shape = "(element) => getComputedStyle(element).clipPath"
    assert banner.locator(".lamp").evaluate(shape).startswith("polygon")
    page.click("#more-alarms")
    expect(page.locator("#all-alarms .cause")).to_contain_text(CAUSE)
    in_reach(page, 390, 844)
    page.click("#more-alarms")
    nothing_hinders(page)


GERMAN: Final = {"language": "de"}
ENGLISH: Final = {"language": "en", "units": "metric"}
US: Final = {"language": "en", "units": "us"}
NOISY: Final = "encoder is noisy: 0.31 deg from frame to frame; inclinometer no value"
BARE: Final = "this table must not invert: it has no hand switch, no upright switch"
PLAIN: Final = "firmware 1.2.0 of 2026-11-26, to_deg = 5 at program.toml:4.5"


@pytest.mark.parametrize(
    ("settings", "sentences"),
    [
        (
            GERMAN,
            {
                CAUSE: "Motor drückt mit 3,5 A mehr",
                NOISY: "Drehgeber rauscht: 0,31° von Schritt zu Schritt; Neigungssensor liefert keinen Wert",
                BARE: "er hat keinen Handschalter, keinen Schalter für aufrecht",
                "after a session that ended by a trip (link)": "die eine Überwachung beendet hat (Verbindung)",
                "-75 to 60 deg, 8 deg/s": "\N{MINUS SIGN}75 bis 60°, 8 °/s",
            },
        ),
        (
            US,
            {
                "riders of 40 to 136 kg": "riders of 88.2 lb to 299.8 lb",
                "riders of 1.47 to 1.98 m": "riders of 4 ft 10 in to 6 ft 6 in",
                "150 kg is above the 120 kg": "330.7 lb is above the 264.6 lb",
            },
        ),
        (ENGLISH, {"rate -1.3 deg/s, brake closed": "rate \N{MINUS SIGN}1.3 °/s, brake closed", PLAIN: PLAIN}),
    ],
)
def test_what_the_controller_says_is_read_as_people_here_read_it(
    page: Page, settings: dict[str, str], sentences: dict[str, str]
) -> None:
    page.evaluate("([key, value]) => localStorage.setItem(key, value)", [SETTINGS, json.dumps(settings)])
    page.reload()
    page.wait_for_selector("body:not(.stale) #view")
    tell = "async (all) => { const { told } = await import('/page/texts.js'); return all.map((text) => told(text)); }"
    read = page.evaluate(tell, list(sentences))
    assert [said for said, text in zip(sentences.values(), read, strict=True) if said not in text] == [], read


@pytest.mark.requirement("REQ-ALM-PAUSE")
def test_a_pause_that_is_asked_for_again_and_again_ends_in_its_time(tmp_path: Path) -> None:
    """As a program may ask that has a token; the page disables its button."""
    case, unused = Case(), cast("Any", None)
    session = load_session(None, None, None)
    with BlackBox(tmp_path, "session", {}, 0, lossless=True) as box:

        def scene() -> Scene:
            return make_scene(session, case.table.controller, case.table.host, box, case.table.now_s, True)

        desk = SessionDesk(
            1,
            AtHand(
                choice=unused, simulated=True, blackbox="", scene=scene, outcome=lambda: None, board=unused,
                link_stats=unused, controls=case.controls, chooser=unused, watched=unused,
            ),
            unused,
        )  # fmt: skip
        case.run(1.0)
        assert desk.press("pause_audio", ()) == ""
        answers = set()
        for _ in range(119):
            case.run(1.0)
            answers.add(desk.press("pause_audio", ()))
        assert all("paused already" in answer for answer in answers)
        case.run(2.0)
        assert scene().audio_pause_left_s == 0.0
        assert desk.press("pause_audio", ()) == ""
        case.run(1.0)
        assert scene().audio_pause_left_s == pytest.approx(AUDIO_PAUSE_S - 1.0, abs=0.1)
        case.table.now_s -= 3600.0  # somebody set the clock
        case.run(1.0)
        assert scene().audio_pause_left_s == pytest.approx(AUDIO_PAUSE_S - 2.0, abs=0.1)
