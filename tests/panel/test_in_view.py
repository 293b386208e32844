"""In large type and in the longer language: what has to be read at once is whole, and what is pressed lies free."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, expect

from firmware_host.control.preflight import CONFIRMATIONS
from tests.panel.routes import SETTINGS, SIZES, in_reach, open_route
from tests.panel.still import StillDesk, add_rider, reload, standing_still, still_panel
from tests.panel.test_alarms import ALARM, AlarmDesk
from tests.panel.views import nothing_hinders, opened

ANGLE_DEG: Final = -68.7
CUT: Final = """(all) => all.filter((one) => one.getClientRects().length > 0).flatMap((one) => {
    const box = one.getBoundingClientRect();
    const within = box.left >= -0.5 && box.right <= innerWidth + 0.5;
    const whole = one.scrollWidth <= one.clientWidth + 1 && one.scrollHeight <= one.clientHeight + 1;
    return within && whole ? [] : [one.textContent];
})"""
"""Of elements: the texts of those that are cut, or that reach beyond the screen."""
COVERED: Final = """(all) => all.filter((one) => one.getClientRects().length > 0).flatMap((one) => {
    const {left, top, width, height} = one.getBoundingClientRect();
    const at = (share) => document.elementFromPoint(left + width / 2, top + height * share);
    return [0.1, 0.5, 0.9].every((share) => one.contains(at(share))) ? [] : [one.textContent];
})"""
"""Of elements: the texts of those that something lies on."""

OUTSIDE: Final = """(all) => all.flatMap((one) => {
    const {top} = one.getBoundingClientRect();
    const line = parseFloat(getComputedStyle(one).lineHeight);
    const view = document.querySelector("main").getBoundingClientRect();
    return top >= view.top && top + line <= view.bottom ? [] : [one.textContent];
})"""
"""Of elements: the texts of those whose first line is not in view."""


class TwoAlarmsDesk(AlarmDesk):
    """A table that stands away from upright, with two alarms whose words are long."""

    def state(self) -> dict[str, Any]:
        """Give the present moment."""
        now = super().state()
        return {
            **now,
            "angle_deg": ANGLE_DEG,
            "alarms": [*now["alarms"], {**ALARM, "priority": "MEDIUM", "id": "load"}],
        }


class ReadyDesk(StillDesk):
    """A table that waits for its start, where four things are asked of people."""

    def setup(self) -> dict[str, Any]:
        """Give what stays the same."""
        return {**super().setup(), "segments": [{"to_deg": 40.0}], "reference": "a-session"}

    def state(self) -> dict[str, Any]:
        """Give the present moment."""
        asked = [{"id": id_, "kind": "operator", "state": "open", "text": text} for id_, text in CONFIRMATIONS.items()]
        return {**super().state(), "preflight": {"needed": True, "why": "", "checks": asked}}


@pytest.fixture
def desk() -> TwoAlarmsDesk:
    return TwoAlarmsDesk()


@pytest.fixture
def page(browser: Browser, tmp_path: Path, desk: TwoAlarmsDesk) -> Iterator[Page]:
    with standing_still(tmp_path) as house:
        house.station.desk = desk
        with opened(browser, f"{house.url}/", "session") as page:
            page.evaluate(
                "([key, value]) => localStorage.setItem(key, value)",
                [SETTINGS, json.dumps({"large": True, "language": "de"})],
            )
            reload(page)
            yield page


def at_every_size(page: Page) -> Iterator[int]:
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        in_reach(page, width, height)
        yield width


def test_the_labels_of_stop_and_return_upright_and_the_hint_beside_them_are_whole(page: Page) -> None:
    for width in at_every_size(page):
        assert page.locator("footer :is(button, p)").evaluate_all(CUT) == [], width


def test_an_open_list_of_alarms_lies_on_no_button_and_no_button_cuts_its_words(page: Page) -> None:
    page.click("#more-alarms")
    page.wait_for_selector("#all-alarms li")
    for width in at_every_size(page):
        buttons = page.locator("#alarms button")
        assert buttons.evaluate_all(CUT) == [], width
        assert buttons.evaluate_all(COVERED) == [], width
        assert page.locator("#alarms > .told > .instruction").evaluate_all(COVERED) == [], width


@pytest.mark.parametrize("more", [{}, {"large": True, "language": "de"}])
def test_the_angle_and_what_the_table_does_are_whole_in_the_header(page: Page, more: dict[str, Any]) -> None:
    """At the widths where the links just fit beside it too."""
    page.evaluate("([key, value]) => localStorage.setItem(key, value)", [SETTINGS, json.dumps(more)])
    reload(page)
    open_route(page, "programs")
    page.evaluate("document.getElementById('lock').hidden = false")
    expect(page.locator("#live .angle")).to_have_text(re.compile("68[.,]7°"))
    for width in (*range(390, 1281, 50), 800, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_function("() => document.documentElement.scrollWidth <= innerWidth")
        assert page.locator("#live span, #link .text, #badge, #lock").evaluate_all(CUT) == [], width


@pytest.mark.parametrize("more", [{}, {"language": "de"}, {"large": True}])
def test_nothing_that_start_now_confirms_is_hidden(browser: Browser, tmp_path: Path, more: dict[str, Any]) -> None:
    with standing_still(tmp_path) as house:
        house.station.desk = ReadyDesk()
        with opened(browser, f"{house.url}/", "session") as page:
            page.evaluate("([key, value]) => localStorage.setItem(key, value)", [SETTINGS, json.dumps(more)])
            reload(page)
            page.click("#start")
            page.wait_for_selector("#start-now")
            for width in at_every_size(page):
                assert page.locator("#checks li").count() == 3 + len(CONFIRMATIONS)
                assert page.locator("#checks li, #start-now, #not-yet").evaluate_all(COVERED) == [], width


@pytest.mark.parametrize("more", [{}, {"large": True, "language": "de"}])
def test_the_end_of_a_session_covers_no_alarm(page: Page, desk: TwoAlarmsDesk, more: dict[str, Any]) -> None:
    desk.outcome = {"name": "stopped", "reason": "emergency-stop"}
    page.evaluate("([key, value]) => localStorage.setItem(key, value)", [SETTINGS, json.dumps(more)])
    reload(page)
    expect(page.locator("#result-title")).to_be_visible()
    for width in at_every_size(page):
        assert page.locator("#alarms button, #alarms > .told > .instruction").evaluate_all(COVERED) == [], width
        assert page.locator("#next").evaluate_all(COVERED) == [], width


def test_whether_a_program_fits_and_what_takes_it_are_in_view_whatever_is_scrolled(
    browser: Browser, tmp_path: Path
) -> None:
    with still_panel(tmp_path) as url, opened(browser, url, "session/choose") as page:
        add_rider(page, "Ada")
        reload(page)
        page.get_by_role("radio", name="Ada").check()
        page.get_by_role("radio", name="Full inversion").check()
        expect(page.get_by_role("region", name="What is planned")).to_contain_text("Highest angle")
        for width in at_every_size(page):
            page.locator("main").evaluate("(main) => main.scrollTo(0, 0)")
            told = page.get_by_role("region", name="What is planned").locator("dl")
            for one in (told, page.get_by_role("button", name="Take these")):
                assert one.evaluate_all(OUTSIDE) == [], width
        nothing_hinders(page)


def test_a_refusal_is_told_beside_the_curve(browser: Browser, tmp_path: Path) -> None:
    with still_panel(tmp_path) as url, opened(browser, url, "session") as page:
        add_rider(page, "Ada")
        open_route(page, "programs/new")
        page.get_by_label("Compare with rider").select_option("Ada")
        page.locator("[data-step='step.0'] summary").click()
        page.locator("input[data-key='step.0.to_deg']").fill("80")
        expect(page.locator(".wrongs")).to_contain_text("Refused")
        for width in at_every_size(page):
            page.locator("main").evaluate("(main) => main.scrollTo(0, 0)")
            assert page.locator(".wrongs > p").first.evaluate_all(OUTSIDE) == [], width


def test_the_mark_of_the_focus_lies_on_no_word_about_its_field(browser: Browser, tmp_path: Path) -> None:
    with still_panel(tmp_path) as url, opened(browser, url, "riders/new") as page:
        page.get_by_label("Mass").fill("abc")
        page.get_by_role("button", name="Save, and go on").click()
        expect(page.locator("[aria-invalid]:focus")).to_have_count(1)
        for _ in at_every_size(page):
            lies_on = page.locator(":focus").evaluate(
                """(input) => {
                    const {outlineWidth, outlineOffset} = getComputedStyle(input);
                    const mark = parseFloat(outlineWidth) + parseFloat(outlineOffset);
                    const told = input.closest(".field").querySelector(".problem").getBoundingClientRect();
                    return input.getBoundingClientRect().bottom + mark - told.top;
                }"""
            )
            assert lies_on <= 0.0


def test_the_steps_of_a_program_are_no_wider_than_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    open_route(page, "programs/new")
    page.locator("[data-step='step.0'] summary").click()
    beyond = (
        "(all) => all.filter((one) => one.getBoundingClientRect().right > innerWidth).map((one) => one.textContent)"
    )
    assert page.locator(".step-list :is(button, select, input, summary)").evaluate_all(beyond) == []


@pytest.mark.parametrize("size", SIZES)
def test_both_answers_to_a_question_are_in_view_however_long_it_is(
    browser: Browser, tmp_path: Path, size: tuple[int, int]
) -> None:
    with still_panel(tmp_path) as url, opened(browser, url, "riders") as page:
        page.set_viewport_size({"width": size[0], "height": size[1]})
        more = {"large": True, "language": "de"}
        page.evaluate("([key, value]) => localStorage.setItem(key, value)", [SETTINGS, json.dumps(more)])
        reload(page)
        rider = add_rider(page, "Ada")
        page.evaluate("(hash) => { location.hash = hash; }", f"#/riders/{rider['id']}/screening")
        answers, progress = page.locator(".question-page .answer"), page.locator(".question-page progress")
        for number in range(int(progress.evaluate("(one) => one.max"))):
            expect(progress).to_have_js_property("value", number)
            assert answers.evaluate_all(COVERED) == [], page.locator("#question").text_content()
            assert answers.evaluate_all(OUTSIDE) == [], page.locator("#question").text_content()
            answers.last.click()
        page.wait_for_selector("#review")
