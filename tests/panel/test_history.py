"""The history in a real browser: what was recorded is what is shown, and can be taken along."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader

from firmware_host.recording.blackbox_reader import read
from firmware_host.recording.explain import explain
from firmware_host.records import default_url, open_records, sessions
from tests.api.house import House
from tests.end_to_end.commands import SHORT, bench
from tests.panel.past import GENTLE, SMOOTH, TRIPPED, Past, make_past
from tests.panel.routes import SIZES
from tests.panel.still import standing_still
from tests.panel.views import go, nothing_hinders, opened

PATIENCE_MS = 60_000
"""A recording is read, and a picture drawn, in a process that gives way to all others."""
ENGLISH = re.compile(r"\b(the|were|after|limit|of|by|and|came|with|is)\b")
KINDS = (GENTLE, SMOOTH, TRIPPED, SMOOTH)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("history") / "records"


@pytest.fixture(scope="module")
def past(folder: Path) -> Past:
    return make_past(folder, KINDS)


@pytest.fixture(scope="module")
def standing(past: Past, folder: Path) -> Iterator[House]:
    assert past.sessions
    with standing_still(folder.parent) as opened:
        yield opened


@pytest.fixture
def page(browser: Browser, standing: House) -> Iterator[Page]:
    with opened(browser, standing.url, "history") as page:
        yield page


def rows(page: Page) -> list[str]:
    page.wait_for_selector(".sessions > li")
    return [row.inner_text() for row in page.locator(".sessions > li").all()]


def test_sessions_are_listed_the_newest_first_with_their_curve(page: Page) -> None:
    newest, tripped, smooth, gentle = rows(page)
    assert ("rider not recorded" in newest, "Completed" in newest) == (True, True)
    assert ("Ada" in tripped, "Brought upright early" in tripped, "drive-fault" in tripped) == (True, True, True)
    assert "Intermittent 40" in smooth
    assert "First time" in gentle
    curves = page.locator(".sessions path.line")
    assert curves.count() == len(KINDS)
    assert all((curve.get_attribute("d") or "").count("L") > 20 for curve in curves.all())


def test_filters_narrow_the_list_and_stand_in_the_address(page: Page, past: Past) -> None:
    rows(page)
    page.get_by_label("Outcome").select_option("Brought upright early")
    expect(page.locator(".sessions > li")).to_have_count(1)
    page.get_by_label("Outcome").select_option("Every outcome")
    page.get_by_label("Rider", exact=True).select_option(str(past.rider_id))
    expect(page.locator(".sessions > li")).to_have_count(3)
    page.reload()
    page.wait_for_selector("body:not(.stale) #view")
    expect(page.locator(".sessions > li")).to_have_count(3)
    expect(page.get_by_label("Rider", exact=True)).to_have_value("1")


def test_the_way_from_a_rider_leads_to_the_sessions_of_that_rider(page: Page, past: Past) -> None:
    go(page, f"riders/{past.rider_id}")
    page.locator("main").get_by_role("link", name="History").click()
    expect(page.get_by_label("Rider", exact=True)).to_have_value(str(past.rider_id))
    expect(page.locator(".sessions > li")).to_have_count(3)


def test_trends_of_a_rider_are_drawn_and_can_be_read(page: Page, past: Past) -> None:
    rows(page)
    page.get_by_label("Rider", exact=True).select_option(str(past.rider_id))
    charts = page.locator("svg.trend")
    expect(charts).to_have_count(3)
    assert [chart.locator(".mark").count() for chart in charts.all()] == [3, 3, 6]
    page.get_by_text("In numbers").click()
    table = page.locator("details table tbody tr")
    expect(table).to_have_count(3)
    assert "+20°" in table.last.inner_text()


def test_more_than_a_page_is_fetched_as_it_is_wanted(page: Page) -> None:
    """The page asks for 25; here it is told to ask for one."""
    page.route(
        "**/api/v1/sessions?*", lambda route: route.continue_(url=route.request.url.replace("limit=25", "limit=1"))
    )
    page.reload()
    page.wait_for_selector("body:not(.stale) #view")
    expect(page.locator(".sessions > li")).to_have_count(1)
    expect(page.get_by_text("The newest 1 of 4 sessions")).to_be_visible()
    for count in range(2, len(KINDS) + 1):
        page.get_by_role("button", name="Older sessions").click()
        expect(page.locator(".sessions > li")).to_have_count(count)
    expect(page.get_by_role("button", name="Older sessions")).to_be_hidden()


def test_a_trip_is_explained_and_pictures_are_there(page: Page, past: Past) -> None:
    go(page, f"history/{past.sessions[2]}")
    why = page.get_by_role("region", name="What happened")
    expect(why).to_contain_text("the monitor drive-fault began the normal return", timeout=PATIENCE_MS)
    for name in ("Angle, states, rate and motor current over the session", "The moments around the first trip"):
        image = page.get_by_role("img", name=name)
        image.scroll_into_view_if_needed()
        page.wait_for_function(
            "(image) => image.complete && image.naturalWidth === 1600", arg=image.element_handle(), timeout=PATIENCE_MS
        )
    expect(page.locator(".events")).to_contain_text("drive-fault: drive reports: encoder (return)")


@pytest.mark.parametrize(
    "faults",
    [
        (),
        ("host-killed@41",),
        ("cable-out@41:2",),
        ("power-loss@41",),
        ("to-board-dead@41:2",),
        ("clock-jump=3600@41",),
        ("board-reboot@41", "host-stall@41:0.3"),
        ("frames-lost=0.9@41:2", "host-stall@41.5:0.3"),
        ("inclinometer-dead@45", "encoder-drift-low=3@50"),
        ("runaway@41",),
        ("motor-hot@41",),
    ],
    ids=" ".join,
)
def test_an_explanation_is_german_on_a_german_page(page: Page, tmp_path: Path, faults: tuple[str, ...]) -> None:
    program = tmp_path / "short.toml"
    program.write_text(SHORT, encoding="utf-8")
    told = explain(read(Path(bench(tmp_path, *faults, program=program)["blackbox"]))).in_brief
    said = page.evaluate(
        "async (sentences) => { const texts = await import('/page/texts.js');"
        " await texts.loadLanguage('de'); return sentences.map(texts.told); }",
        list(told),
    )
    assert [text for text in said if ENGLISH.search(text)] == []


def test_comfort_is_kept_where_the_records_are(page: Page, past: Past, folder: Path) -> None:
    go(page, f"history/{past.sessions[1]}")
    scales = page.locator("fieldset.comfort")
    expect(scales).to_have_count(2)
    before, after = scales.all()
    expect(before.get_by_role("radio", name="5", exact=True)).to_be_checked()
    before.get_by_text("3", exact=True).click()
    after.get_by_text("10", exact=True).click()
    page.get_by_label("Note").fill("slept well — ça va")
    page.get_by_role("button", name="Save how it felt").click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    with open_records(default_url(folder)) as records, records.read() as transaction:
        kept = sessions.get(transaction, past.sessions[1])
    assert (kept.comfort_before, kept.comfort_after, kept.comfort_note) == (3, 10, "slept well — ça va")


def test_black_box_table_and_report_are_taken_along(page: Page, past: Past, tmp_path: Path) -> None:
    go(page, f"history/{past.sessions[2]}")
    for link, name in (("Black box (MCAP)", "a.mcap"), ("All signals (CSV)", "a.csv"), ("Report (PDF)", "a.pdf")):
        with page.expect_download(timeout=PATIENCE_MS) as loading:
            page.get_by_role("link", name=link).click()
        loading.value.save_as(tmp_path / name)
    recording = read(tmp_path / "a.mcap")
    assert recording.problems == []
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as paper:
        assert sum(1 for _ in csv.DictReader(paper)) == len(recording.inputs)
    text = PdfReader(tmp_path / "a.pdf").pages[0].extract_text()
    assert ("Ada" in text, "drive-fault" in text) == (True, True)


@pytest.mark.parametrize("route", ["history", "history?rider=1", "history/3"])
def test_nothing_hinders_anybody_at_any_size(page: Page, route: str) -> None:
    go(page, route)
    nothing_hinders(page)


def test_what_is_not_there_is_told(page: Page) -> None:
    go(page, "history/99999")
    expect(page.get_by_role("alert").filter(has_text="99999")).to_be_visible()


def test_the_log_of_alarms_says_when_and_leads_to_the_session(page: Page, past: Past) -> None:
    go(page, "alarms")
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        told = page.locator("tbody tr").first.locator("td").last.bounding_box()
        assert told is not None
        assert told["width"] > width / 2, "what it says has most of the room"
    row = page.locator("tbody tr", has_text="drive-fault").first
    row.get_by_role("link", name=re.compile(r"\b20\d\d\b")).click()
    page.wait_for_url(f"**#/history/{past.sessions[KINDS.index(TRIPPED)]}")
