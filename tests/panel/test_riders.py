"""Riders in a real browser, before the real panel: from a name to an allowance, and to being forgotten."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.api.house import PIN
from tests.panel.routes import SETTINGS
from tests.panel.still import add_rider, ask, reload, standing_still, still_panel
from tests.panel.views import nothing_hinders, opened

pytestmark = pytest.mark.realtime

HERNIA = "Do you have a hernia of diaphragm or abdomen?"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of a panel for all tests here."""
    with still_panel(tmp_path_factory.mktemp("riders")) as url:
        yield url


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    with opened(browser, address, "riders") as page:
        yield page


def open_rider(page: Page, rider: Any, tail: str = "") -> None:
    page.evaluate("(hash) => { location.hash = hash; }", f"#/riders/{rider['id']}{tail}")
    page.wait_for_selector("#today" if tail == "" else "#question, #review")


def place(page: Page, name: str) -> Locator:
    return page.locator(f"[data-field='{name}']")


def answer_all(page: Page, *yes: str) -> None:
    """Answer every question: no but for some, and yes to being accompanied."""
    asked = ask(page, "GET", "screening")
    texts = [one["text"] for part in asked["pages"] for one in part["questions"]]
    for text in (*texts, asked["consulted"], asked["supervised"]):
        expect(page.locator("#question")).to_have_text(text)
        good = text in (asked["consulted"], asked["supervised"])
        page.get_by_role("button", name="YES" if good or text in yes else "NO", exact=True).click()
    page.wait_for_selector("#review")


def test_from_a_name_through_the_questions_to_an_allowance(page: Page) -> None:
    page.get_by_role("link", name="New rider").click()
    page.get_by_label("Name", exact=True).fill("Ada Lovelace")
    page.get_by_label("Mass").fill("seventy")
    page.get_by_role("button", name="Save, and go on").click()
    expect(place(page, "rider.mass_kg").locator(".problem")).to_contain_text("“seventy” is no number")
    expect(place(page, "rider.sex").locator(".problem")).to_have_text("Choose one.")
    reload(page)
    expect(page.get_by_label("Name", exact=True)).to_have_value("Ada Lovelace")  # nothing typed is lost
    expect(page.get_by_label("Mass")).to_have_value("seventy")
    page.get_by_label("Mass").fill("70,5")
    page.get_by_label("Sex").select_option("female")
    page.get_by_label("Height").fill("172")
    page.get_by_role("button", name="Save, and go on").click()
    expect(page.locator("#question")).to_have_text("Have you had a head injury lately?")
    page.get_by_role("button", name="NO", exact=True).click()
    reload(page)
    expect(page.locator(".question-page")).to_contain_text("Question 2 of 21")
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_role("button", name="NO", exact=True)).to_have_attribute("aria-pressed", "true")
    answer_all(page)
    page.get_by_role("button", name="Change the answer to: Do you have a cataract?").click()
    page.get_by_role("button", name="YES", exact=True).click()
    expect(page.locator(".review li", has_text="cataract")).to_contain_text("yes")
    page.get_by_role("button", name="Change the answer to: Do you have a cataract?").click()
    page.get_by_role("button", name="NO", exact=True).click()
    page.get_by_role("button", name="Save these answers").click()
    expect(page.get_by_role("heading", name="Nothing stands against riding today")).to_be_visible()
    expect(page.get_by_text("Up to +20°: what a beginner is allowed in the first 3 sessions.")).to_be_visible()
    page.get_by_role("link", name="To the rider").click()
    expect(page.get_by_text("Nothing stands against riding today.")).to_be_visible()
    expect(page.locator(".explained", has_text="Time inverted")).to_contain_text("2:00 min")
    (rider,) = (one for one in ask(page, "GET", "riders")["riders"] if one["name"] == "Ada Lovelace")
    document = ask(page, "GET", f"riders/{rider['id']}")["document"]
    assert (document["rider"]["mass_kg"], document["rider"]["height_m"]) == (70.5, 1.72)
    assert not any(document["screening"]["answers"].values())


def test_a_hand_that_taps_twice_answers_one_question(page: Page) -> None:
    rider = add_rider(page, "Maryam")
    open_rider(page, rider, "/screening")
    first = page.locator("#question").inner_text()
    page.get_by_role("button", name="NO", exact=True).dblclick()
    expect(page.locator("#question")).not_to_have_text(first)
    expect(page.locator(".question-page progress")).to_have_attribute("value", "1")


def test_a_yes_takes_a_clearance_and_the_clearance_settles_it(page: Page) -> None:
    rider = add_rider(page, "Grace")
    open_rider(page, rider)
    expect(page.locator(".reasons")).to_contain_text("The health questions have not been answered yet.")
    page.get_by_role("link", name="Answer the health questions").click()
    answer_all(page, HERNIA, "Do you have glaucoma, or raised pressure in the eye?")
    page.get_by_role("button", name="Save these answers").click()
    expect(page.locator(".reasons li")).to_have_count(2)
    expect(page.locator(".reasons")).to_contain_text("no clearance changes it")
    page.get_by_role("link", name="To the rider").click()
    page.get_by_text("Enter a clearance").click()
    page.get_by_role("button", name="Save clearance").click()
    expect(place(page, "clearance.given_by").locator(".problem")).to_have_text("Write the physician's name.")
    expect(place(page, "clearance.conditions").locator("> .problem")).to_contain_text("Say what it is for")
    page.get_by_label("Given by (physician)").fill("Dr. Example")
    page.get_by_label("Valid until").fill("2099-06-30")
    page.get_by_label("hernia of diaphragm").check()
    page.get_by_role("button", name="Save clearance").click()
    expect(page.locator(".reasons li")).to_have_count(1)
    expect(page.locator(".explained", has_text="Given by")).to_contain_text("Dr. Example")
    assert ask(page, "GET", f"riders/{rider['id']}")["document"]["clearance"]["conditions"] == ["hernia"]
    page.get_by_text("Change the clearance").click()
    page.get_by_role("button", name="Take clearance away").click()
    page.get_by_role("button", name="Take away").click()
    expect(page.locator(".reasons li")).to_have_count(2)


CLEARANCE: dict[str, Any] = {"given_by": "Dr. Newer", "expires": "2099-01-31", "conditions": ["hernia"]}
MEANWHILE = "has changed"


def test_a_clearance_that_was_begun_before_a_newer_one_does_not_replace_it_unseen(page: Page) -> None:
    rider = add_rider(page, "Chien-Shiung")
    open_rider(page, rider)
    page.get_by_text("Enter a clearance").click()
    page.get_by_label("Given by (physician)").fill("Dr. Older")
    page.get_by_label("Valid until").fill("2099-06-30")
    page.get_by_label("hernia of diaphragm").check()
    ask(page, "PUT", f"riders/{rider['id']}/clearance", {"clearance": CLEARANCE})
    reload(page)
    page.get_by_text("Change the clearance").click()
    expect(page.get_by_label("Given by (physician)")).to_have_value("Dr. Older")
    page.get_by_role("button", name="Save clearance").click()
    expect(page.locator("[aria-labelledby=clearance] .problems")).to_contain_text(MEANWHILE)
    expect(page.locator(".explained", has_text="Given by")).to_contain_text("Dr. Newer")
    assert ask(page, "GET", f"riders/{rider['id']}")["document"]["clearance"]["given_by"] == "Dr. Newer"
    page.get_by_role("button", name="Save clearance").click()
    expect(page.locator(".explained", has_text="Given by")).to_contain_text("Dr. Older")


def test_a_clearance_that_is_changed_while_another_is_typed_is_shown_first(page: Page) -> None:
    rider = add_rider(page, "Lise")
    open_rider(page, rider)
    page.get_by_text("Enter a clearance").click()
    page.get_by_label("Given by (physician)").fill("Dr. Older")
    page.get_by_label("Valid until").fill("2099-06-30")
    page.get_by_label("hernia of diaphragm").check()
    ask(page, "PUT", f"riders/{rider['id']}/clearance", {"clearance": CLEARANCE})
    page.get_by_role("button", name="Save clearance").click()
    expect(page.locator(".explained", has_text="Given by")).to_contain_text("Dr. Newer")
    page.get_by_text("Change the clearance").click()
    page.get_by_role("button", name="Save clearance").click()
    expect(page.locator(".explained", has_text="Given by")).to_contain_text("Dr. Older")


def answers(page: Page, *, yes: bool) -> dict[str, Any]:
    """What a colleague saves: the same to every question."""
    ids = [one["id"] for part in ask(page, "GET", "screening")["pages"] for one in part["questions"]]
    return {"answers": dict.fromkeys(ids, yes), "consulted": True, "supervised": True}


def saved_yes(page: Page, rider: Any) -> set[bool]:
    return set(ask(page, "GET", f"riders/{rider['id']}")["document"]["screening"]["answers"].values())


@pytest.mark.parametrize("loaded", [False, True])
def test_answers_that_were_begun_before_newer_ones_do_not_replace_them_unseen(page: Page, loaded: bool) -> None:
    rider = add_rider(page, "Barbara")
    open_rider(page, rider, "/screening")
    answer_all(page)
    ask(page, "PUT", f"riders/{rider['id']}/screening", answers(page, yes=True))
    if loaded:
        reload(page)
    page.get_by_role("button", name="Save these answers").click()
    expect(page.locator("[aria-labelledby=review] [role=alert]")).to_contain_text(MEANWHILE)
    assert saved_yes(page, rider) == {True}
    page.get_by_role("button", name="Save these answers").click()
    page.wait_for_selector("#result-of-screening")
    assert saved_yes(page, rider) == {False}


def test_answers_are_saved_although_something_else_of_the_rider_was_changed(page: Page) -> None:
    rider = add_rider(page, "Tu")
    open_rider(page, rider, "/screening")
    answer_all(page)
    document = {"rider": {**rider["document"]["rider"], "mass_kg": 61}}
    ask(page, "PUT", f"riders/{rider['id']}", {"document": document, "version": 1})
    page.get_by_role("button", name="Save these answers").click()
    page.wait_for_selector("#result-of-screening")
    assert ask(page, "GET", f"riders/{rider['id']}")["document"]["rider"]["mass_kg"] == 61


@pytest.mark.parametrize("loaded", [False, True])
def test_answers_begun_weeks_ago_are_asked_for_again(page: Page, loaded: bool) -> None:
    rider = add_rider(page, "Hedy")
    open_rider(page, rider, "/screening")
    answer_all(page)
    weeks = "{ const now = Date.now; Date.now = () => now() + 21 * 24 * 3600e3; }"
    if loaded:
        page.add_init_script(weeks)
        reload(page)
    else:
        page.evaluate(weeks)
        page.get_by_role("button", name="Save these answers").click()
    expect(page.locator(".question-page")).to_contain_text("Question 1 of 21")
    expect(page.locator("#hint")).to_contain_text("too old")
    expect(page.locator("[aria-pressed=true]")).to_have_count(0)
    assert "screening" not in ask(page, "GET", f"riders/{rider['id']}")["document"]
    answer_all(page)
    page.get_by_role("button", name="Save these answers").click()
    page.wait_for_selector("#result-of-screening")


def kept(page: Page) -> str:
    """What this tab keeps of riders."""
    return str(
        page.evaluate("JSON.stringify(Object.entries(sessionStorage).filter(([key]) => /rider|screening/.test(key)))")
    )


def log_in(page: Page, name: str) -> None:
    """On the cover that asks who is there."""
    page.locator("#cover select").select_option(name)
    page.locator("#cover input").fill(PIN)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#cover")).to_be_hidden()


def test_what_was_typed_about_riders_is_gone_for_whoever_comes_next(browser: Browser, tmp_path: Path) -> None:
    with standing_still(tmp_path) as home, opened(browser, home.url, "riders") as page:
        rider = add_rider(page, "Sofja")
        for name in ("Ada", "Bo"):
            home.person(name, "operator")
        home.app.state.parts.guard.pin_was_set()
        reload(page)

        def begin() -> None:
            open_rider(page, rider, "/screening")
            page.get_by_role("button", name="YES", exact=True).click()
            expect(page.locator(".question-page")).to_contain_text("Question 2")
            open_rider(page, rider)
            page.get_by_label("Mass").fill("64")
            assert "true" in kept(page)
            assert "64" in kept(page)

        log_in(page, "Ada")
        begin()
        reload(page)  # Ada is still there
        expect(page.get_by_label("Mass")).to_have_value("64")
        page.evaluate("location.hash = '#/settings'")
        page.get_by_role("button", name="Log out Ada").click()
        expect(page.locator("#cover select")).to_be_visible()
        assert kept(page) == "[]"
        log_in(page, "Ada")
        begin()
        page.get_by_role("button", name="Lock", exact=True).click()
        page.get_by_role("button", name="Somebody else").click()
        expect(page.locator("#cover select")).to_be_visible()
        assert kept(page) == "[]"
        log_in(page, "Ada")
        begin()
        ask(page, "POST", "logout", {})  # in another tab, which this one learns of late
        ask(page, "POST", "login", {"name": "Bo", "pin": PIN})
        page.route("**/me", lambda route: route.abort())  # a busy panel says late who is there
        reload(page)
        expect(page.get_by_label("Mass")).to_have_value("70.5")
        page.unroute("**/me")
        reload(page)
        expect(page.get_by_label("Mass")).to_have_value("70.5")
        assert kept(page) == "[]"


def test_own_limits_narrow_and_what_the_panel_refuses_is_told_beside_its_field(page: Page) -> None:
    open_rider(page, add_rider(page, "Mary"))
    page.get_by_text("Own limits, tighter than what is allowed").click()
    page.get_by_label("Time inverted in a session").fill("-5")
    page.get_by_role("button", name="Save profile").click()
    expect(place(page, "limits.time_inverted_s").locator(".problem")).not_to_be_empty()
    expect(page.get_by_label("Time inverted in a session")).to_have_value("-5")
    page.get_by_label("Time inverted in a session").fill("45")
    page.get_by_role("button", name="Save profile").click()
    shown = page.locator(".explained > div", has_text="Time inverted in a session")
    expect(shown).to_contain_text("45 s")
    expect(shown).to_contain_text("this rider's own limit")


def test_somebody_elses_change_is_shown_beside_ones_own(page: Page) -> None:
    rider = add_rider(page, "Emmy")
    open_rider(page, rider)
    page.get_by_label("Mass").fill("64")
    document = {"rider": {**rider["document"]["rider"], "mass_kg": 61, "name": "Emmy N."}}
    ask(page, "PUT", f"riders/{rider['id']}", {"document": document, "version": 1})
    page.get_by_role("button", name="Save profile").click()
    row = page.locator(".conflict tr", has_text="Mass")
    expect(row).to_contain_text("64")
    expect(row).to_contain_text("61")
    with page.expect_response(lambda one: one.request.method == "PUT"):
        page.get_by_role("button", name="Keep what was typed here").click()
    expect(page.locator(".conflict")).to_have_count(0)
    expect(page.get_by_label("Mass")).to_have_value("64")
    expect(page.locator(".who")).to_have_text("Emmy")
    assert ask(page, "GET", f"riders/{rider['id']}")["document"]["rider"]["mass_kg"] == 64


def test_pounds_and_inches_are_typed_and_kilograms_kept(browser: Browser, address: str) -> None:
    with opened(browser, address, "riders") as page:
        page.evaluate("([key, value]) => localStorage.setItem(key, value)", [SETTINGS, json.dumps({"units": "us"})])
        reload(page)
        rider = add_rider(page, "Katherine")
        open_rider(page, rider)
        expect(page.get_by_label("Mass")).to_have_value("155.4")
        page.get_by_label("Mass").fill("160")
        page.get_by_role("button", name="Save profile").click()
        expect(page.locator("#hint")).to_have_text("Saved")
        kept_kg = ask(page, "GET", f"riders/{rider['id']}")["document"]["rider"]["mass_kg"]
        assert kept_kg == pytest.approx(72.575, abs=1e-3)
        for typed, height_m in (("5 ft 8 in", 1.7272), ("6'2\"", 1.8796), ("68,5", 1.7399)):
            page.get_by_label("Height").fill(typed)
            with page.expect_response(lambda one: one.request.method == "PUT") as answer:
                page.get_by_role("button", name="Save profile").click()
            assert answer.value.json()["document"]["rider"]["height_m"] == pytest.approx(height_m, abs=1e-4)


@pytest.mark.parametrize(
    ("label", "typed", "told"),
    [
        ("Height", "1.75", "This is read as 2 cm: write from 80 cm to 250 cm."),
        ("Mass", "700", "This is read as 700.0 kg: write from 20.0 kg to 300.0 kg."),
    ],
)
def test_a_unit_that_was_mistaken_for_another_is_told_beside_its_field(
    page: Page, label: str, typed: str, told: str
) -> None:
    rider = add_rider(page, "Lise")
    open_rider(page, rider)
    page.get_by_label(label).fill(typed)
    page.get_by_role("button", name="Save profile").click()
    expect(page.locator(".wrong .problem")).to_have_text(told)
    expect(page.get_by_label(label)).to_have_value(typed)


def test_a_rider_is_searched_archived_exported_and_forgotten(page: Page) -> None:
    rider = add_rider(page, "Rosalind")
    reload(page)
    page.wait_for_selector(".list > li")
    page.get_by_label("Search by name").fill("rosa")
    expect(page.locator(".list > li")).to_have_count(1)
    page.locator(".list a").click()
    with page.expect_download() as caught:
        page.get_by_role("link", name="Download everything").click()
    assert "Rosalind" in Path(caught.value.path()).read_text()
    with page.expect_download() as caught:
        page.get_by_role("link", name="Download rider file").click()
    assert 'name = "Rosalind"' in Path(caught.value.path()).read_text()
    page.get_by_role("button", name="Archive", exact=True).click()
    expect(page.get_by_text("in the archive")).to_be_visible()
    assert "Rosalind" not in [one["name"] for one in ask(page, "GET", "riders")["riders"]]
    page.get_by_role("button", name="Take out of the archive").click()
    expect(page.get_by_role("button", name="Archive", exact=True)).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Keep").click()
    assert ask(page, "GET", f"riders/{rider['id']}")["id"] == rider["id"]
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete for good").click()
    page.wait_for_url("**/#/riders")
    assert "error" in ask(page, "GET", f"riders/{rider['id']}")


def test_the_pages_of_riders_hinder_nobody(page: Page) -> None:
    rider = add_rider(page, "Ada")
    reload(page)
    page.wait_for_selector(".list > li")
    nothing_hinders(page)
    page.get_by_role("link", name="New rider").click()
    page.get_by_role("button", name="Save, and go on").click()
    page.wait_for_selector(".wrong")
    nothing_hinders(page)
    open_rider(page, rider, "/screening")
    nothing_hinders(page)
    answer_all(page, HERNIA)
    nothing_hinders(page)
    page.get_by_role("button", name="Save these answers").click()
    page.wait_for_selector("#result-of-screening")
    nothing_hinders(page)
    open_rider(page, rider)
    page.get_by_text("Own limits, tighter than what is allowed").click()
    page.get_by_text("Enter a clearance").click()
    nothing_hinders(page)
    page.emulate_media(color_scheme="dark")
    nothing_hinders(page)
