"""Programs in a real browser, before the real panel: library, editor, text, and a run on the simulator."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from firmware_host.files.documents import STEP_KINDS
from firmware_host.files.programs import MotionSection
from firmware_host.files.toml_source import parse_toml
from firmware_host.panel.api import programs as routes_of_programs
from tests.panel.routes import in_reach
from tests.panel.still import add_rider, ask, reload, still_panel
from tests.panel.views import nothing_hinders, opened

pytestmark = pytest.mark.realtime

PATIENCE_S = 300.0
"""Only a hang takes so long."""

TEXT = """# Kept for Ada.
name = "Rounds"

[[step]]
do = "repeat"
times = 2

[[step.step]]
do = "go"
to_deg = 10   # gently

[[step.step]]
do = "hold"
for_s = 20
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of a panel for all tests here."""
    with still_panel(tmp_path_factory.mktemp("programs")) as url:
        yield url


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    with opened(browser, address, "programs") as page:
        page.wait_for_selector(".program-cards > li")
        yield page


def edit(page: Page, program: Any = "new") -> None:
    """Open a program in the editor, and wait for its curve."""
    page.evaluate("(hash) => { location.hash = hash; }", f"#/programs/{program}")
    page.wait_for_selector(".curve path.plan")


def add_program(page: Page, text: str = TEXT) -> Any:
    return ask(page, "POST", "programs", {"text": text})


def hold_against(page: Page, rider: Any) -> None:
    page.get_by_label("Compare with rider").select_option(str(rider["id"]))


def step(page: Page, path: str) -> Locator:
    return page.locator(f"[data-step='step.{path}']")


def value(page: Page, path: str) -> Locator:
    return page.locator(f"input[data-key='step.{path}']")


def words(page: Page) -> list[str]:
    return page.locator(".steps .words").all_inner_texts()


def test_the_library_says_what_fits_whom(page: Page) -> None:
    rider = add_rider(page, "Ada")
    reload(page)
    hold_against(page, rider)
    first, steep = (
        page.locator(".program-cards > li", has=page.get_by_role("heading", name=f"{name} built in", exact=True))
        for name in ("First time", "Full inversion")
    )
    expect(first).to_contain_text("Fits this rider")
    steep.get_by_text("Does not fit this rider").click()
    expect(steep).to_contain_text("above the 20° set by the allowance of beginner rider Ada")
    assert first.locator("svg path.plan").get_attribute("d") != ""


def test_a_refused_step_is_marked_in_the_list_and_on_the_curve_until_it_is_put_right(page: Page) -> None:
    rider = add_rider(page, "Grace")
    edit(page)
    hold_against(page, rider)
    page.get_by_label("Name", exact=True).fill("Morning")
    page.get_by_label("Kind of the new step").select_option("repeat")
    page.get_by_role("button", name="+ Add step", exact=True).click()
    step(page, "2").get_by_label("Kind of the new step").select_option("go")
    page.get_by_role("button", name="Add step to the repeat").click()
    value(page, "2.step.1.to_deg").fill("50")
    wrong = page.locator("[data-field='step.2.step.1.to_deg'] .problem")
    expect(wrong).to_contain_text("goes to 50°, above the 20°")
    expect(value(page, "2.step.1.to_deg")).to_be_focused()
    assert [step(page, path).get_attribute("class") for path in ("0", "2", "2.step.1")] == [
        "step", "step wrong", "step wrong",
    ]  # fmt: skip
    expect(page.locator(".curve rect.refused")).to_have_count(1)
    expect(page.get_by_role("button", name="Try it on the simulator")).to_be_disabled()
    step(page, "2").locator("summary").first.click()  # closed: the mark on the curve opens it again
    page.get_by_role("button", name="Step 3 is refused: show it").click()
    expect(step(page, "2").locator("details").first).to_have_attribute("open", "")
    value(page, "2.step.1.to_deg").fill("15")
    expect(page.get_by_text("Fits Grace")).to_be_visible()
    expect(page.locator(".curve rect.refused")).to_have_count(0)
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(lambda url: url.split("/")[-1].isdigit())
    kept = ask(page, "GET", f"programs/{page.url.split('/')[-1]}")["document"]
    assert kept["step"][2]["step"] == [{"do": "hold", "for_s": 20}, {"do": "go", "to_deg": 15}]


def test_a_view_is_dressed_by_its_own_style_sheets_wherever_one_comes_from(page: Page) -> None:
    edit(page)
    width = "document.querySelector('.curve svg').getBoundingClientRect().width"
    straight_px = page.evaluate(width)
    for route in ("history", "people", "service?page=signals"):
        page.evaluate("(route) => { location.hash = `#/${route}`; }", route)
        page.wait_for_function("(name) => document.body.dataset.view === name", arg=route.split("?")[0])
    edit(page)
    page.wait_for_function(f"(wanted) => {width} === wanted", arg=straight_px)


def test_the_curve_stays_in_view_while_a_step_is_edited_on_a_phone(page: Page) -> None:
    edit(page)
    page.set_viewport_size({"width": 390, "height": 844})
    for _ in range(6):
        page.get_by_role("button", name="+ Add step", exact=True).click()
    last = page.locator("[data-step='step.7']")
    last.locator("input").first.scroll_into_view_if_needed()
    last.locator("input").first.click()
    # All three at one moment: the curve is drawn anew when its plan is there.
    rectangles = page.wait_for_function(
        """() => {
            const names = [".curve svg", "[data-step='step.7'] input", "header"];
            const found = names.map((name) => document.querySelector(name));
            return found.every((one) => one !== null) && found.map((one) => one.getBoundingClientRect().toJSON());
        }"""
    )
    curve, field, banner = rectangles.json_value()
    assert curve["y"] >= banner["y"] + banner["height"] - 1.0, "the curve is wholly below the header"
    assert curve["y"] + curve["height"] <= field["y"], "and above the field"
    assert curve["height"] < 844 / 4
    in_reach(page, 390, 844)


def test_steps_are_moved_doubled_and_removed_by_keyboard_and_every_change_can_be_taken_back(page: Page) -> None:
    edit(page)
    assert words(page) == ["Go to +10°", "Hold 30 s"]
    step(page, "1").locator("summary").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Move up: Hold 30 s").focus()
    page.keyboard.press("Enter")
    assert words(page) == ["Hold 30 s", "Go to +10°"]
    expect(page.locator("[data-key='step.0.down']")).to_be_focused()
    page.get_by_role("button", name="Duplicate: Hold 30 s").press("Enter")
    assert words(page) == ["Hold 30 s", "Hold 30 s", "Go to +10°"]
    page.get_by_role("button", name="Remove: Hold 30 s").press("Enter")
    assert words(page) == ["Hold 30 s", "Go to +10°"]
    for shown in (["Hold 30 s", "Hold 30 s", "Go to +10°"], ["Hold 30 s", "Go to +10°"], ["Go to +10°", "Hold 30 s"]):
        page.get_by_role("button", name="Undo").click()
        assert words(page) == shown
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    page.get_by_role("button", name="Redo").click()
    assert words(page) == ["Hold 30 s", "Go to +10°"]


def test_what_was_changed_outlives_a_reload(page: Page) -> None:
    program = add_program(page)
    edit(page, program["id"])
    step(page, "0").locator("summary").first.click()
    value(page, "0.times").fill("3")
    reload(page)
    expect(page.get_by_text("Not saved yet.")).to_be_visible()
    assert words(page)[0] == "Repeat 3 times"
    page.get_by_role("button", name="Discard changes").click()
    page.get_by_role("button", name="Discard", exact=True).click()
    expect(page.locator(".steps .words").first).to_have_text("Repeat 2 times")
    assert ask(page, "GET", f"programs/{program['id']}")["version"] == 1


def test_text_and_steps_turn_into_one_another_and_comments_are_spoken_of(page: Page) -> None:
    edit(page, add_program(page)["id"])
    expect(page.get_by_text("The text has 2 comments. A change here drops them")).to_be_visible()
    page.get_by_role("button", name="Text", exact=True).click()
    area = page.get_by_label("The program as text (TOML)")
    expect(area).to_have_value(TEXT)
    area.fill(TEXT.replace("20", "25"))
    page.get_by_role("button", name="Steps", exact=True).click()
    expect(page.locator(".steps .words").nth(2)).to_have_text("Hold 25 s")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".editing > .quiet-text")).to_have_text("Saved")
    program = ask(page, "GET", f"programs/{page.url.split('/')[-1]}")
    assert program["text"] == TEXT.replace("20", "25")  # comments and all
    step(page, "0").locator("summary").first.click()
    value(page, "0.times").fill("4")
    page.get_by_role("button", name="Text", exact=True).click()
    expect(area).to_have_value(
        'name = "Rounds"\n\n[[step]]\ndo = "repeat"\ntimes = 4\n\n[[step.step]]\ndo = "go"\nto_deg = 10\n\n'
        '[[step.step]]\ndo = "hold"\nfor_s = 25\n'
    )
    page.get_by_role("button", name="Undo").click()
    expect(area).to_have_value(TEXT.replace("20", "25"))
    area.fill("name = [")
    expect(page.locator("[data-field=text] .problem")).to_contain_text("is not valid TOML")
    page.get_by_role("button", name="Steps", exact=True).click()
    expect(page.get_by_text("The text cannot be shown as steps.")).to_be_visible()


def test_a_program_is_imported_and_exported_as_it_is(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "rounds.toml"
    file.write_text(TEXT)
    page.get_by_text("Import a program").click()
    area = page.get_by_label("or paste the text of one")
    area.fill(TEXT.replace("for_s", "fors"))
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.locator("[data-field=text] .problem")).to_contain_text("Line 14: fors is not a known name")
    expect(area).to_have_value(TEXT.replace("for_s", "fors"))
    page.get_by_label("Choose a program file (.toml)").set_input_files(file)
    expect(area).to_have_value(TEXT)
    page.get_by_role("button", name="Import", exact=True).click()
    page.wait_for_selector(".curve path.plan")
    with page.expect_download() as caught:
        page.get_by_role("link", name="Export what is saved (TOML)").click()
    assert Path(caught.value.path()).read_text() == TEXT


def test_the_newest_preview_counts(page: Page) -> None:
    """An answer that was held up comes after the next one, and changes nothing."""
    held: list[Route] = []

    def hold_first(route: Route) -> None:
        if not held and 'to_deg":33' in (route.request.post_data or ""):
            held.append(route)
        else:
            route.continue_()

    edit(page)
    page.route("**/programs/preview", hold_first)
    step(page, "0").locator("summary").click()
    value(page, "0.to_deg").fill("33")
    page.wait_for_timeout(400)  # longer than the editor waits before it asks
    assert held
    value(page, "0.to_deg").fill("12")
    expect(page.locator(".curve-facts")).to_contain_text("+12°")
    with page.expect_response("**/programs/preview"):
        held[0].continue_()
    expect(page.locator(".curve-facts")).to_contain_text("+12°")


def test_a_late_answer_takes_no_field_from_under_a_hand(page: Page) -> None:
    program = add_program(page)
    held: list[Route] = []
    page.route("**/programs/preview", lambda route: held.append(route))
    page.evaluate("(hash) => { location.hash = hash; }", f"#/programs/{program['id']}")
    step(page, "0").locator("summary").first.click()
    value(page, "0.times").focus()
    field = value(page, "0.times").element_handle()
    assert held
    with page.expect_response("**/programs/preview"):
        held.pop().continue_()
    page.wait_for_selector(".curve path.plan")
    assert field.evaluate("(field) => field.isConnected && field === document.activeElement")
    page.keyboard.press("Control+A")
    page.keyboard.type("4")
    expect(page.locator(".steps .words").first).to_have_text("Repeat 4 times")


def test_what_is_typed_while_it_is_saved_is_kept(page: Page) -> None:
    program = add_program(page)
    edit(page, program["id"])
    step(page, "0").locator("summary").first.click()
    value(page, "0.times").fill("5")
    held: list[Route] = []
    page.route(
        f"**/programs/{program['id']}",
        lambda route: held.append(route) if route.request.method == "PUT" else route.continue_(),
    )
    with page.expect_request(lambda request: request.method == "PUT"):
        page.get_by_role("button", name="Save", exact=True).click()
    value(page, "0.times").fill("6")
    with page.expect_response(lambda response: response.request.method == "PUT"):
        held.pop().continue_()
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_enabled()
    expect(page.get_by_text("Not saved yet.")).to_be_visible()
    assert words(page)[0] == "Repeat 6 times"
    page.unroute(f"**/programs/{program['id']}")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".editing > .quiet-text")).to_have_text("Saved")
    assert "times = 6" in ask(page, "GET", f"programs/{program['id']}")["text"]


def test_it_is_tried_on_the_simulator_before_anybody_lies_down(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes_of_programs, "SIMULATED_S", PATIENCE_S)  # other tests want the processor too
    edit(page)
    page.get_by_label("Name", exact=True).fill("Short")
    expect(page.get_by_role("button", name="Try it on the simulator")).to_be_enabled()
    page.get_by_role("button", name="Try it on the simulator").click()
    expect(page.locator(".tried > p").first).to_contain_text("ran to its end", timeout=PATIENCE_S * 1e3)
    expect(page.locator(".curve path.simulated")).to_have_count(1)
    expect(page.locator(".tried")).to_contain_text("+10.0°")
    page.get_by_label("Name", exact=True).fill("Shorter")
    expect(page.locator(".curve path.simulated")).to_have_count(0)  # that was another program


def test_a_program_that_somebody_else_has_changed_is_shown_beside_ones_own(page: Page) -> None:
    program = add_program(page)
    edit(page, program["id"])
    step(page, "0").locator("summary").first.click()
    value(page, "0.times").fill("5")
    ask(page, "PUT", f"programs/{program['id']}", {"text": TEXT.replace("20", "30"), "version": 1})
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".conflict td").nth(0)).to_contain_text("times = 5")
    expect(page.locator(".conflict td").nth(1)).to_contain_text("for_s = 30")
    page.get_by_role("button", name="Take what was saved").click()
    expect(page.locator(".steps .words").nth(2)).to_have_text("Hold 30 s")


def test_own_programs_are_archived_and_deleted_and_built_in_ones_are_copied(page: Page) -> None:
    program = add_program(page, TEXT.replace("Rounds", "To go"))
    reload(page)
    card = page.locator(".program-cards > li", has_text="To go")
    card.get_by_text("More").click()
    card.get_by_role("button", name="Archive").click()
    expect(card).to_have_count(0)
    page.get_by_label("Show the archive").check()
    card.get_by_text("More").click()
    card.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(card).to_have_count(0)
    assert "error" in ask(page, "GET", f"programs/{program['id']}")
    page.get_by_label("Show the archive").uncheck()
    page.get_by_role("link", name="Open First time", exact=True).click()
    page.get_by_label("Name", exact=True).fill("First time, slower")
    page.get_by_role("button", name="Save as my own").click()
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_visible()


def test_the_editor_knows_every_step_value_and_range_that_programs_have(page: Page) -> None:
    script = """async () => {
        const {kinds, motionValues} = await import("/page/views/steps_model.js");
        return [kinds(), motionValues()];
    }"""
    kinds, motion = page.evaluate(script)
    assert [kind["do"] for kind in kinds] == list(STEP_KINDS)
    for kind in kinds:
        model = STEP_KINDS[kind["do"]]
        schema = model.model_json_schema()
        same_values(kind["values"], schema.get("$defs", {}).get(model.__name__, schema))
    same_values(motion, MotionSection.model_json_schema())


def same_values(shown: list[dict[str, Any]], schema: dict[str, Any]) -> None:
    """Hold what the editor offers against a model: names, bounds, whether a value is needed."""
    expected = {name: one for name, one in schema["properties"].items() if name not in ("do", "step")}
    assert {one["name"].split(".")[0] for one in shown} == set(expected)
    for one in shown:
        name = one["name"].split(".")[0]
        rule = expected[name]
        rule = rule.get("items", next((case for case in rule.get("anyOf", []) if case.get("type") != "null"), rule))
        low = rule.get("minimum", rule.get("exclusiveMinimum"))
        assert (one["low"], one["high"]) == (low, rule["maximum"]), one
        assert bool(one.get("above")) == ("exclusiveMinimum" in rule), one
        assert bool(one.get("whole")) == (rule["type"] == "integer"), one
        assert ("otherwise" not in one) == (name in schema.get("required", [])), one


def test_the_pages_of_programs_hinder_nobody(page: Page) -> None:
    rider = add_rider(page, "Mary")
    reload(page)
    page.get_by_text("Import a program").click()
    hold_against(page, rider)
    page.wait_for_selector(".misfit")
    nothing_hinders(page)
    edit(page, 1)
    nothing_hinders(page)
    page.evaluate("sessionStorage.removeItem('righting.draft.programs/new')")
    edit(page)
    page.get_by_label("Kind of the new step").select_option("oscillate")
    page.get_by_role("button", name="+ Add step", exact=True).click()
    value(page, "2.between_deg.1").fill("70")
    page.wait_for_selector("[data-step='step.2'].wrong")
    nothing_hinders(page)
    page.emulate_media(color_scheme="dark")
    nothing_hinders(page)
    page.get_by_role("button", name="Text", exact=True).click()
    nothing_hinders(page)
    assert parse_toml("t", page.get_by_label("The program as text (TOML)").input_value()).data["step"][2]["cycles"] == 3
