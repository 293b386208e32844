"""Riders of one name are told apart wherever one is chosen, and no name breaks a page."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.panel.routes import fits
from tests.panel.still import add_rider, ask, still_panel
from tests.panel.views import go, opened

LONG = "W" * 100


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    with still_panel(tmp_path) as url, opened(browser, url, "riders") as page:
        yield page


def test_two_riders_of_one_name_are_told_apart(page: Page) -> None:
    add_rider(page, "Ada")
    add_rider(page, "Ada", mass_kg=91.25, height_m=1.9)
    go(page, "session/choose")
    choices = page.locator("label.choice", has_text="Ada")
    expect(choices).to_have_count(2)
    expect(choices.first).to_contain_text("70.5 kg, 172 cm")
    expect(choices.last).to_contain_text("91.3 kg, 190 cm")
    go(page, "riders")
    expect(page.locator(".list li", has_text="70.5 kg, 172 cm")).to_have_count(1)
    go(page, "history")
    expect(page.locator("#history-rider option", has_text="Ada")).to_have_text(
        ["Ada · 70.5 kg, 172 cm", "Ada · 91.3 kg, 190 cm"]
    )


def test_a_name_without_a_space_widens_no_page(page: Page) -> None:
    rider = add_rider(page, LONG)["id"]
    text = f'name = "{LONG}"\n[[step]]\ndo = "go"\nto_deg = 0\n'
    program = ask(page, "POST", "programs", {"text": text})["id"]
    ask(page, "POST", "people", {"name": LONG, "role": "operator"})
    for route in ("riders", f"riders/{rider}", f"riders/{rider}/screening", "session/choose", "history", "programs",
                  f"programs/{program}", "people", f"history?rider={rider}"):  # fmt: skip
        go(page, route)
        page.wait_for_timeout(100)
        for width, height in ((1280, 800), (640, 400), (390, 844), (320, 568)):
            page.set_viewport_size({"width": width, "height": height})
            fits(page, width)


@pytest.mark.parametrize("name", ["\u200b", "\u202eevil", "a\nb", "a\0b"])
def test_a_name_that_cannot_be_read_is_refused_at_its_field(page: Page, name: str) -> None:
    assert add_rider(page, name)["problems"][0]["field"] == "rider.name"
    refused = ask(page, "POST", "people", {"name": name, "role": "operator"})
    assert refused["problems"][0]["field"] == "name"


def test_nobody_weighs_nothing(page: Page) -> None:
    told = add_rider(page, "Ada", mass_kg=1e-300, height_m=1e-320)["problems"]
    assert {one["field"]: one["text"].split("must ")[1] for one in told} == {
        "rider.mass_kg": "be at least 20", "rider.height_m": "be at least 0.5",
    }  # fmt: skip
