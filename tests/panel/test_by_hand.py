"""Motion by hand and the check of directions in a real browser: what the table truly did is read from the physics."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from firmware_host.files.tables import load_table
from tests.panel.slow import Slow, slow_table
from tests.panel.views import keep_down, opened, put_down
from tests.panel.waiting import until

UPRIGHT_DEG = -75.0
TEXT = '# mine\n[table]\nname = "Attic"\n'


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "table.toml"
    file.write_text(TEXT)
    return file


@pytest.fixture
def slow(tmp_path: Path, table: Path) -> Iterator[Slow]:
    with slow_table(tmp_path, table, checked=True) as opened_table:
        yield opened_table


@pytest.fixture
def page(browser: Browser, slow: Slow) -> Iterator[Page]:
    with opened(browser, slow.panel.url, "service?page=jog") as page:
        yield page


def hold(page: Page, name: str) -> Locator:
    button = page.get_by_role("button", name=name)
    expect(button).to_be_enabled()
    put_down(page, button)
    return button


def hold_until(page: Page, name: str, done: Callable[[], bool]) -> None:
    """Hold a button until something is true."""
    button = hold(page, name)

    def reached() -> bool:
        keep_down(page, button)
        return done()

    until(reached, page, name)
    page.mouse.up()


def stands(page: Page, slow: Slow) -> None:
    until(lambda: slow.truth().rate_dps == 0.0 and slow.table.controller.manual_direction == 0, page, "it stands")


def test_the_table_moves_as_long_as_the_button_is_held(page: Page, slow: Slow) -> None:
    hold_until(page, "Hold: toward inversion", lambda: slow.truth().angle_deg > UPRIGHT_DEG + 3.0)
    stands(page, slow)
    there_deg = slow.truth().angle_deg
    hold_until(page, "Hold: toward upright", lambda: slow.truth().angle_deg < there_deg - 1.0)
    stands(page, slow)


def test_the_keyboard_moves_it_too_and_another_page_ends_it(page: Page, slow: Slow) -> None:
    button = page.get_by_role("button", name="Hold: toward inversion")
    expect(button).to_be_enabled()
    button.focus()
    page.keyboard.down("Enter")
    until(lambda: slow.truth().angle_deg > UPRIGHT_DEG + 2.0, page, "it turns")
    page.evaluate("location.hash = '#/history'")
    stands(page, slow)
    page.keyboard.up("Enter")


def test_directions_and_zero_are_found_and_kept_in_the_file(page: Page, slow: Slow, table: Path) -> None:
    page.evaluate("location.hash = '#/service?page=setup'")
    expect(page.get_by_text("The file tells of no check yet.")).to_be_visible()
    page.get_by_label("Nobody is on the table").check()
    keep = page.get_by_role("button", name="Keep the result in the table's file")
    expect(keep).to_be_disabled()
    result = page.get_by_role("region", name="Result")
    for button, row, done in (
        ("Hold: toward inversion", "Toward inversion", lambda: slow.truth().angle_deg > UPRIGHT_DEG + 8.0),
        ("Hold: toward upright", "Toward upright", lambda: slow.truth().angle_deg < UPRIGHT_DEG + 0.3),
    ):
        hold_until(page, button, done)
        stands(page, slow)
        expect(result.locator("tr").filter(has_text=row)).to_contain_text("right")
    expect(result.locator("tr").filter(has_text="At the upright switch")).to_contain_text("right")
    keep.click()
    expect(page.get_by_text("It counts from the next start")).to_be_visible()
    expect(page.get_by_text("Checked on")).to_be_visible()
    kept = table.read_text()
    assert kept.startswith(TEXT)
    assert ("with the table empty" in kept, "toward upright: encoder turned -" in kept) == (True, True)
    assert load_table(table).file.table.name == "Attic"
