"""People, tokens and the log in a real browser: what is set counts at the panel's door, and the log tells of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.api.house import House
from tests.panel.still import standing_still
from tests.panel.views import nothing_hinders, opened
from tests.panel.waiting import until

PIN = "471108"


@pytest.fixture
def standing(tmp_path: Path) -> Iterator[House]:
    with standing_still(tmp_path) as opened_house:
        yield opened_house


@pytest.fixture
def page(browser: Browser, standing: House) -> Iterator[Page]:
    with opened(browser, standing.url, "people") as page:
        page.wait_for_selector("#people-title")
        yield page


def add(page: Page, name: str, role: str, pin: str = "") -> None:
    form = page.get_by_role("form", name="Add somebody")
    form.get_by_label("Name").fill(name)
    form.get_by_label("Role").select_option(role)
    form.get_by_label("New PIN", exact=True).fill(pin)
    form.get_by_label("New PIN again").fill(pin)
    form.get_by_role("button", name="Add").click()


def log_in(page: Page, standing: House, name: str, pin: str) -> None:
    """By the API; the login of the page has tests of its own."""
    done = page.request.post(f"{standing.url}/api/v1/login", data={"name": name, "pin": pin})
    assert done.ok, done.text()
    page.goto("about:blank")
    page.goto(f"{standing.url}#/people")
    page.wait_for_selector("body:not(.stale) #people-title")


def test_somebody_is_added_renamed_and_put_away(page: Page, standing: House) -> None:
    expect(page.get_by_text("Nobody has a PIN yet")).to_be_visible()
    add(page, "Ada", "operator")
    person = page.locator(".people-list > li").filter(has_text="Ada")
    expect(person).to_contain_text("Operator")
    person.locator("summary").click()
    person.get_by_label("Name").fill("Ada L.")
    person.get_by_label("Role").select_option("Clinician")
    person.get_by_role("button", name="Save name and role").click()
    person = page.locator(".people-list > li").filter(has_text="Ada L.")
    expect(person).to_contain_text("Clinician")
    person.locator("summary").click()
    person.get_by_role("button", name="Put away").click()
    page.get_by_role("dialog").get_by_role("button", name="Put away").click()
    expect(person).to_contain_text("put away")
    (kept,) = standing.client().get("/people").json()["people"]
    assert (kept["name"], kept["role"], kept["active"]) == ("Ada L.", "clinician", False)


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(page: Page) -> None:
    add(page, "Grace", "operator", PIN)
    form = page.get_by_role("form", name="Add somebody")
    expect(form).to_contain_text("the first PIN is for a person of the role service")
    expect(form.get_by_label("Name")).to_have_value("Grace")
    form.get_by_label("Role").select_option("Service")
    form.get_by_label("New PIN again").fill("other")
    form.get_by_role("button", name="Add").click()
    expect(form.locator("[data-field=again]")).to_contain_text("not the same")
    expect(form.get_by_label("New PIN", exact=True)).to_have_value(PIN)


def test_the_first_pin_closes_the_door_and_another_one_can_be_set(page: Page, standing: House) -> None:
    add(page, "Grace", "service", PIN)
    until(lambda: standing.client().get("/people").status_code == 401, page, "nobody comes in any more")
    log_in(page, standing, "Grace", PIN)
    person = page.locator(".people-list > li").filter(has_text="Grace")
    person.locator("summary").click()
    person.get_by_label("New PIN", exact=True).fill("31415926")
    person.get_by_label("New PIN again").fill("31415926")
    person.get_by_role("button", name="Change PIN").click()
    expect(page.get_by_text("PIN set for Grace")).to_be_visible()
    assert standing.client().post("/login", json={"name": "Grace", "pin": "31415926"}).status_code == 200


def test_a_token_is_shown_once_opens_the_api_and_is_taken_away(page: Page, standing: House) -> None:
    standing.person("Grace", "service", PIN)
    standing.app.state.parts.guard.pin_was_set()
    log_in(page, standing, "Grace", PIN)
    form = page.get_by_role("form", name="Make a token")
    form.get_by_label("What it is for").fill("Reception")
    form.get_by_label("Role").select_option("Operator")
    form.get_by_role("button", name="Make a token").click()
    token = page.locator(".shown code").inner_text()
    assert standing.client(token).get("/sessions").status_code == 200
    page.get_by_role("button", name="I have it").click()
    expect(page.locator(".shown code")).to_have_count(0)
    row = page.locator(".tokens > li").filter(has_text="Reception")
    expect(row).to_contain_text("never ends")
    row.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(row).to_have_count(0)
    assert standing.client(token).get("/sessions").status_code == 401


def test_the_log_tells_what_was_done_and_is_verified(page: Page, standing: House) -> None:
    add(page, "Ada", "operator")
    expect(page.locator(".people-list > li")).to_have_count(1)
    page.reload()
    page.wait_for_selector("body:not(.stale) #audit-title")
    table = page.get_by_role("region", name="Entries of the log")
    expect(table).to_contain_text("person added")
    page.get_by_role("button", name="Verify the log").click()
    expect(page.get_by_text("The log is whole")).to_be_visible()
    with standing.records.begin() as transaction:
        transaction.connection.exec_driver_sql("UPDATE audit SET what = 'nothing' WHERE id = 1")
    page.get_by_role("button", name="Verify the log").click()
    expect(page.get_by_text("The log was changed")).to_be_visible()


def test_nothing_hinders_anybody_at_any_size(page: Page) -> None:
    add(page, "Ada", "operator")
    page.locator(".people-list summary").click()
    nothing_hinders(page)
