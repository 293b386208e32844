"""From the first start to the history of a session that a fault ended: one person's whole way, on the real stack.

Whatever is pressed on the page is held against the physics: where the table is, what its motor and its brake do.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect

from firmware_host.control.preflight import CONFIRMATIONS
from firmware_host.files.tables import load_table
from sim import sensors
from sim.board import VirtualBoard
from sim.faults import Fault
from sim.realtime import FaultyTable
from sim.table import Truth
from tests.panel.routes import AWAKE_MS, press_start
from tests.panel.stack import Stack, running
from tests.panel.still import ask
from tests.panel.views import go, keep_down, opened, put_down
from tests.panel.waiting import until

pytestmark = pytest.mark.realtime

UPRIGHT_DEG: Final = -75.0
TURNED_DEG: Final = 6.0
"""Enough for the check of directions, which asks for five."""
PATIENCE_MS: Final = 60_000
TABLE: Final = '[table]\nname = "Attic"\n'


class Way:
    """A page, and what is true at the table behind it."""

    def __init__(self, page: Page, stack: Stack, board: VirtualBoard, file: Path) -> None:
        self.page, self.truth, self.file, self._board = page, stack.truth, file, board

    def emergency_stop(self, *, pressed: bool) -> None:
        """Somebody strikes the hard-wired one at the table, or lets go of it."""
        self._board.table.faults[sensors.ESTOP_PRESSED] = float(pressed)

    def stands(self, near_deg: float | None = None) -> None:
        """The table stands on its closed brake, and its motor pushes no more."""

        def true() -> bool:
            t = self.truth()
            near = near_deg is None or abs(t.angle_deg - near_deg) < 0.5
            return near and t.rate_dps == 0.0 and t.brake_closed and abs(t.current_a) < 0.5

        until(true, self.page, "the table stands on its brake")

    def moves(self, true: Callable[[Truth], bool], what: str) -> None:
        """The brake is open, the motor pushes, and in time it is true."""
        seen: set[str] = set()

        def reached() -> bool:
            t = self.truth()
            if abs(t.rate_dps) > 0.5:
                seen.update(name for name, so in (("brake", not t.brake_closed), ("motor", t.current_a != 0.0)) if so)
            return true(t)

        until(reached, self.page, what)
        assert seen == {"brake", "motor"}, what


@pytest.fixture
def way(browser: Browser, tmp_path: Path) -> Iterator[Way]:
    file = tmp_path / "table.toml"
    file.write_text(TABLE)
    boards: list[VirtualBoard] = []

    def make_table(board: VirtualBoard, faults: list[Fault], seed: int) -> FaultyTable:
        boards.append(board)
        return FaultyTable(board, faults, seed)

    records = tmp_path / "records"
    records.mkdir()
    with (
        running(records, make_table=make_table, options=["--table", file]) as stack,
        opened(browser, stack.url, "service?page=setup", awake=False) as page,
    ):
        page.wait_for_timeout(AWAKE_MS)
        yield Way(page, stack, boards[0], file)


def write_the_table_file(way: Way) -> None:
    page = way.page
    page.get_by_role("button", name="Look who answers").click()
    expect(page.locator(".ports")).not_to_contain_text("Asking", timeout=PATIENCE_MS)
    page.get_by_label("Name of the table").fill("Attic of Ada")
    page.get_by_label("Name of the table").press("Tab")
    page.get_by_role("button", name="Write the file").click()
    expect(page.get_by_text("It counts from the next start")).to_be_visible()
    assert load_table(way.file).file.table.name == "Attic of Ada"
    way.stands(UPRIGHT_DEG)


def do_the_checks(way: Way, why: str) -> None:
    """What the table says, what is tried, what people see; nothing moves meanwhile."""
    page = way.page
    go(page, "checks")
    expect(page.get_by_text(why)).to_be_visible()
    page.get_by_role("button", name="TEST BRAKE").click()
    way.stands(UPRIGHT_DEG)
    for name in ("The way is clear", "Ankles and straps", "Emergency stop tried", "The rider is well"):
        page.get_by_role("button", name=f"{name}: Yes").click()
    expect(page.get_by_role("region", name="Result")).to_contain_text("Ready", timeout=PATIENCE_MS)
    assert page.locator(".check-list li[data-state=ok]").count() > len(CONFIRMATIONS)
    way.stands(UPRIGHT_DEG)


def hold(way: Way, name: str, done: Callable[[Truth], bool]) -> None:
    """Hold a button until something is true."""
    page = way.page
    button = page.get_by_role("button", name=name)
    expect(button).to_be_enabled()
    put_down(page, button)

    def reached(truth: Truth) -> bool:
        keep_down(page, button)
        return done(truth)

    way.moves(reached, name)
    page.mouse.up()
    way.stands()


def find_directions(way: Way) -> None:
    page = way.page
    go(page, "service?page=setup")
    page.get_by_label("Nobody is on the table").check()
    way.stands(UPRIGHT_DEG)
    hold(way, "Hold: toward inversion", lambda truth: truth.angle_deg > UPRIGHT_DEG + TURNED_DEG)
    hold(way, "Hold: toward upright", lambda truth: truth.angle_deg < UPRIGHT_DEG + 0.3)
    page.get_by_role("button", name="Keep the result in the table's file").click()
    until(lambda: "with the table empty" in way.file.read_text(), page, "the result is kept in the file")
    expect(page.get_by_text("Checked on")).to_be_visible()


def add_a_screened_rider(way: Way) -> None:
    page = way.page
    go(page, "riders/new")
    page.get_by_label("Name", exact=True).fill("Ada")
    page.get_by_label("Sex").select_option("female")
    page.get_by_label("Mass").fill("70.5")
    page.get_by_label("Height").fill("172")
    page.get_by_role("button", name="Save, and go on").click()
    asked = ask(page, "GET", "screening")
    good = (asked["consulted"], asked["supervised"])
    texts = [one["text"] for part in asked["pages"] for one in part["questions"]]
    for text in (*texts, *good):
        expect(page.locator("#question")).to_have_text(text)
        page.get_by_role("button", name="YES" if text in good else "NO", exact=True).click()
    page.get_by_role("button", name="Save these answers").click()
    expect(page.get_by_role("heading", name="Nothing stands against riding today")).to_be_visible()


def write_a_program(way: Way) -> None:
    """A little way, so that nobody waits: in the editor, and held against the rider."""
    page = way.page
    go(page, "programs/new")
    page.get_by_label("Name", exact=True).fill("Little way")
    page.get_by_label("Compare with rider").select_option("Ada")
    page.locator("[data-step='step.0'] summary").click()
    page.locator("input[data-key='step.0.to_deg']").fill("-55")
    expect(page.get_by_text("Fits Ada")).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(lambda url: url.split("/")[-1].isdigit())


def choose(way: Way) -> None:
    page = way.page
    go(page, "session/choose")
    page.get_by_role("radio", name="Ada").check()
    page.get_by_role("radio", name="Little way").check()
    page.get_by_role("button", name="Take these").click()
    expect(page.locator("#program")).to_have_text("Little way · Ada · Attic")
    way.stands(UPRIGHT_DEG)


def turn_until_a_fault(way: Way) -> float:
    """START, and the emergency stop once the table turns; gives the angle at which it then stands."""
    page = way.page
    press_start(page)
    way.stands(UPRIGHT_DEG)
    page.click("#start-now")
    way.moves(lambda truth: truth.angle_deg > UPRIGHT_DEG + 4.0, "the table turns toward inversion")
    way.emergency_stop(pressed=True)
    page.wait_for_selector("#alarms[data-priority=HIGH]")
    way.stands()
    expect(page.locator("#alarms .told")).to_contain_text("emergency-stop")
    return way.truth().angle_deg


def come_back(way: Way, stood_deg: float) -> None:
    page = way.page
    expect(page.locator("#alarms .instruction")).to_contain_text("ask for return upright")
    way.emergency_stop(pressed=False)
    expect(page.locator("#machine")).to_contain_text("not pressed")
    assert way.truth().angle_deg == pytest.approx(stood_deg, abs=0.2), "the table does not begin by itself"
    page.hover("#return")
    page.mouse.down()
    way.moves(lambda truth: truth.angle_deg < UPRIGHT_DEG + 0.5, "RETURN UPRIGHT brings the rider up")
    page.mouse.up()
    way.stands(UPRIGHT_DEG)
    page.click("#acknowledge")
    page.wait_for_selector("#alarms", state="hidden")
    expect(page.locator("#result-title")).to_be_visible()
    way.stands(UPRIGHT_DEG)


def look_it_up(way: Way) -> None:
    page = way.page
    go(page, "history")
    page.locator(".sessions > li", has_text="Little way").get_by_role("link").first.click(timeout=PATIENCE_MS)
    why = page.get_by_role("region", name="What happened")
    expect(why).to_contain_text("emergency-stop", timeout=PATIENCE_MS)
    expect(page.locator(".events")).to_contain_text("emergency-stop")
    way.stands(UPRIGHT_DEG)


@pytest.mark.requirement("REQ-SES-PREFLIGHT", "REQ-SES-CHOOSE", "REQ-SES-MANUAL")
def test_the_whole_way_from_the_first_start_to_the_history_of_a_session_that_a_fault_ended(way: Way) -> None:
    write_the_table_file(way)
    do_the_checks(way, "The check is due before the first motion of the day.")
    find_directions(way)
    add_a_screened_rider(way)
    write_a_program(way)
    choose(way)
    come_back(way, turn_until_a_fault(way))
    look_it_up(way)
    go(way.page, "session")
    expect(way.page.locator(".ended #picture")).to_be_visible()  # what is past is not shown as the present
    way.page.click("#next")
    expect(way.page.locator(".ended")).to_have_count(0)
    do_the_checks(way, "The check is due after a session that ended by a trip (emergency-stop).")
