"""The check list in a real browser: what the controller keeps is shown, and each word of a person reaches it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.panel.slow import TODAY, Slow, slow_table
from tests.panel.views import nothing_hinders, opened

CONFIRMED = ("The way is clear", "Ankles and straps", "Emergency stop tried", "The rider is well")
PATIENCE_MS = 60_000


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Slow]:
    with slow_table(tmp_path) as opened_table:
        yield opened_table


@pytest.fixture
def page(browser: Browser, slow: Slow) -> Iterator[Page]:
    with opened(browser, slow.panel.url, "checks") as page:
        page.wait_for_selector(".check-list li")
        yield page


def test_the_machine_says_what_it_reads(page: Page) -> None:
    expect(page.get_by_text("The check is due before the first motion of the day.")).to_be_visible()
    machine = page.get_by_role("region", name="What the table says")
    expect(machine.locator("li[data-state=ok]")).to_have_count(8, timeout=PATIENCE_MS)
    expect(machine).to_contain_text("The ankle latch is locked")


def test_confirmed_one_by_one_and_taken_back(page: Page, slow: Slow) -> None:
    verdict = page.get_by_role("region", name="Result")
    expect(verdict).to_contain_text("Not ready")
    for name in CONFIRMED:
        button = page.get_by_role("button", name=f"{name}: Yes")
        expect(button).to_have_attribute("aria-pressed", "false")
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="TEST BRAKE").click()
    expect(page.locator("li").filter(has_text="The closed brake held")).to_be_visible(timeout=PATIENCE_MS)
    expect(verdict).to_contain_text("Ready", timeout=PATIENCE_MS)
    page.get_by_role("button", name="The rider is well: Yes").click()
    expect(verdict).to_contain_text("Not ready, because of: The rider is well")
    view = slow.table.controller.safety.view
    assert [one.id for one in slow.preflight.checks(view, ()) if one.state != "ok"] == ["rider-well"]


def test_a_check_that_is_not_due_says_so(page: Page, slow: Slow) -> None:
    slow.preflight.passed(TODAY)
    expect(page.get_by_text("No check is needed now")).to_be_visible()
    expect(page.get_by_role("region", name="Result")).to_contain_text("Ready")


def test_a_link_that_is_lost_leaves_no_old_signal_on_the_list(page: Page, slow: Slow) -> None:
    machine = page.get_by_role("region", name="What the table says")
    expect(machine.locator("li:visible")).to_have_count(8)
    slow.table.cut = True
    expect(machine.locator("li:visible")).to_have_count(1, timeout=PATIENCE_MS)
    expect(machine).to_contain_text("check cable and power")
    expect(page.get_by_role("region", name="Result")).to_contain_text("Not ready, because of: Link to the table")


def test_nothing_hinders_anybody_at_any_size(page: Page) -> None:
    nothing_hinders(page)
