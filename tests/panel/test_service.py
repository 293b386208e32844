"""The service pages in a real browser: what is written stands in the file, what is refused stands beside its line."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from firmware_host.files.tables import load_table
from tests.api.house import House
from tests.panel.still import standing_still
from tests.panel.views import go, nothing_hinders, opened

TEXT = """# by hand
[table]
name = "Attic"                # stays

[limits]
inverted_limit_deg = 45
"""
PAGES = ("setup", "jog", "signals", "limits", "help")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "table.toml"
    file.write_text(TEXT)
    return file


@pytest.fixture
def standing(tmp_path: Path, table: Path) -> Iterator[House]:
    with standing_still(tmp_path, table) as opened_house:
        yield opened_house


@pytest.fixture
def page(browser: Browser, standing: House) -> Iterator[Page]:
    with opened(browser, standing.url, "service") as page:
        yield page


def editor(page: Page) -> None:
    expect(page.get_by_label("Table file", exact=True)).to_have_value(TEXT)


def test_the_form_changes_the_text_and_the_text_the_file(page: Page, table: Path) -> None:
    editor(page)
    expect(page.get_by_label("Name of the table")).to_have_value("Attic")
    expect(page.get_by_label("Farthest inversion")).to_have_value("45")
    page.get_by_label("Farthest inversion").fill("40")
    page.get_by_label("Serial number of the board").fill("3")
    page.get_by_label("Heaviest rider").fill("110")
    page.get_by_label("Heaviest rider").press("Tab")
    changes = page.locator(".changes")
    expect(changes).to_contain_text("limits.inverted_limit_deg")
    expect(changes.locator("tbody tr")).to_have_count(3)
    assert table.read_text() == TEXT, "nothing is written by itself"
    page.get_by_role("button", name="Write the file").click()
    expect(page.get_by_text("It counts from the next start")).to_be_visible()
    kept = load_table(table)
    assert (kept.limits.inverted_limit_deg, kept.file.table.serial, kept.file.rating.max_mass_kg) == (40.0, 3, 110.0)
    assert ('name = "Attic"                # stays' in table.read_text(), "# by hand" in table.read_text()) == (
        True,
        True,
    )


def test_what_is_refused_stands_beside_its_line_and_keeps_the_file(page: Page, table: Path) -> None:
    go(page, "service?page=limits")
    editor(page)
    text = page.get_by_label("Table file", exact=True)
    text.fill(TEXT + "invert_rate_dps = 9\n")
    refusal = page.locator(".refused li")
    expect(refusal).to_contain_text("write at most 3")
    expect(page.locator(".gutter .wrong")).to_have_text("▲ 7")
    expect(page.get_by_role("button", name="Write the file")).to_be_disabled()
    refusal.get_by_role("button", name="Line 7").click()
    assert text.evaluate("area => area.value.slice(area.selectionStart, area.selectionEnd)") == "invert_rate_dps = 9"
    page.reload()
    page.wait_for_selector("body:not(.stale) .editor")
    expect(page.get_by_label("Table file", exact=True)).to_have_value(TEXT + "invert_rate_dps = 9\n")
    page.get_by_role("button", name="Back to the file").click()
    editor(page)
    assert table.read_text() == TEXT


def test_nothing_can_be_typed_before_the_file_has_come(page: Page) -> None:
    editor(page)
    held: list[Route] = []
    page.route("**/service/table", lambda route: held.append(route))
    page.evaluate("() => { location.hash = '#/service?page=limits'; }")
    text = page.locator("#limits-text")
    expect(text).not_to_be_editable()
    held.pop().continue_()
    expect(text).to_be_editable()
    expect(text).to_have_value(TEXT)


def test_every_limit_is_shown_with_its_source(page: Page) -> None:
    go(page, "service?page=limits")
    row = page.locator(".limits tbody tr").filter(has_text="inverted_limit_deg")
    expect(row).to_contain_text("the allowance of Ada")
    cells = [cell.inner_text() for cell in row.locator("td").all()]
    assert cells[:3] == ["90 °", "45", "45"]
    page.get_by_label("Only those that are narrowed").check()
    expect(page.locator(".limits tbody tr")).to_have_count(1)


def test_ports_are_asked_who_answers(page: Page) -> None:
    page.get_by_role("button", name="Look who answers").click()
    found = page.locator(".ports")
    expect(found).not_to_contain_text("Asking", timeout=60_000)
    expect(found.locator("li").first).to_be_visible()


def test_a_port_that_answered_is_taken_into_the_file(page: Page) -> None:
    """The ports of this machine are not known here, so their answer is made up; asking has tests of its own."""
    port = {"device": "/dev/ttyACM0", "description": "adapter", "answer": "a table board, serial 1001", "board": True}
    page.route("**/api/v1/service/ports", lambda route: route.fulfill(json={"ports": [port]}))
    page.get_by_role("button", name="Look who answers").click()
    page.get_by_role("button", name="Use this port").click()
    expect(page.get_by_label("Port", exact=True)).to_have_value("/dev/ttyACM0")
    expect(page.locator(".changes")).to_contain_text("table.port")


def test_signals_have_units_ages_and_say_what_is_lost(page: Page) -> None:
    go(page, "service?page=signals")
    table = page.locator("table.signals")
    expect(table.locator("tr").filter(has_text="Supply")).to_contain_text("24.02 V")
    expect(table.locator("tr").filter(has_text="Inclinometer")).to_contain_text("lost")
    expect(table.locator("tr").filter(has_text="Upright switch")).to_contain_text("closed")
    expect(page.get_by_role("region", name="Link")).to_contain_text("4,711")
    expect(page.get_by_role("region", name="Board")).to_contain_text("0.25 s")
    expect(table.locator(".sparkline path").first).to_have_attribute("d", re.compile("L"))


def test_buttons_that_would_do_nothing_say_why(page: Page) -> None:
    go(page, "service?page=jog")
    expect(page.get_by_role("button", name="Hold: toward inversion")).to_be_disabled()
    expect(page.get_by_text("the table stands still here")).to_be_visible()


def test_the_diagnostics_are_taken_along(page: Page, tmp_path: Path) -> None:
    go(page, "service?page=help")
    with page.expect_download() as loading:
        page.get_by_role("link", name="Download the diagnostics").click()
    loading.value.save_as(tmp_path / "d.zip")
    with zipfile.ZipFile(tmp_path / "d.zip") as bundle:
        assert "versions.json" in bundle.namelist()
        assert "Ada" not in bundle.read("live.json").decode()


@pytest.mark.parametrize("route", PAGES)
def test_nothing_hinders_anybody_at_any_size(page: Page, route: str) -> None:
    go(page, f"service?page={route}")
    if route == "setup":
        page.get_by_label("Nobody is on the table").check()
    nothing_hinders(page)
