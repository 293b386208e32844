"""The pre-flight check: when it is due, what it reads, and what lets a motion begin."""

from collections.abc import Callable
from datetime import date
from math import nan
from typing import Any, Final

import pytest

from firmware_host.control.preflight import CONFIRMATIONS, FIRST_OF_THE_DAY, HOLDING_S, Check, Preflight
from firmware_host.control.ticks import NO_REQUEST
from safety.limits import MACHINE
from safety.signals import BoardConfig, Input, Status, Telemetry
from safety.view import View
from tests.firmware_host.lockstep import Lockstep

pytestmark = pytest.mark.requirement("REQ-SES-PREFLIGHT")

TODAY: Final = date(2026, 11, 23)
TOMORROW: Final = date(2026, 11, 24)
PERIOD_S: Final = 0.01
CONFIG: Final = BoardConfig(7, 1001, (1, 0, 0), 1, -75.0, 60.0, 8.0, 0.25)
GOOD: Final = Input.HAND_SWITCH_NO | Input.ANKLE_LATCH_NO | Input.ESTOP_CHAIN | Input.UPRIGHT_SWITCH
FRAME: Final = Telemetry(
    7, 1, 0, 1, 0.0, -75.0, -74.9, 0.0, 0.0, 24.0, 25.0, 30.0, GOOD, Status.BRAKE_CLOSED, 0, 0, 0
)  # fmt: skip
LET_GO: Final = GOOD & ~Input.HAND_SWITCH_NO | Input.HAND_SWITCH_NC


class Table:
    """A table that shows what it is told to, and the check that looks at it."""

    def __init__(self, first: Telemetry = FRAME) -> None:
        self.preflight = Preflight()
        self.now_s = 50.0
        self.view = View(MACHINE, MACHINE, "hold-to-run", config=CONFIG, age_s=0.0)
        self.active: set[str] = set()
        self.show(first)

    def show(self, frame: Telemetry) -> None:
        self.now_s += PERIOD_S
        self.view.telemetry = frame
        self.view.angles.update(frame, self.now_s, PERIOD_S, MACHINE, on_its_own=False)
        self.preflight.observe(frame, self.now_s)

    def for_s(self, seconds: float, **shown: Any) -> None:
        for _ in range(round(seconds / PERIOD_S)):
            self.show(FRAME._replace(**shown))

    def check(self, name: str) -> Check:
        return next(check for check in self.preflight.checks(self.view, self.active) if check.id == name)

    def state(self, name: str) -> str:
        return self.check(name).state

    def why_not(self, today: date = TODAY) -> str:
        return self.preflight.why_not(today, self.view, self.active)

    def confirm_all(self) -> None:
        for name in CONFIRMATIONS:
            assert self.preflight.confirm(name, yes=True) == ""

    def check_all(self) -> None:
        self.for_s(0.1, inputs=LET_GO)
        self.for_s(HOLDING_S + 0.1)
        self.confirm_all()


@pytest.fixture
def table() -> Table:
    table = Table()
    table.for_s(0.1)
    return table


def test_before_the_first_motion_of_a_day_everything_has_to_be_checked(table: Table) -> None:
    assert FIRST_OF_THE_DAY in table.why_not()
    table.check_all()
    assert table.why_not() == ""
    assert {check.state for check in table.preflight.checks(table.view, table.active)} == {"ok"}


def test_what_was_passed_counts_for_the_day(table: Table) -> None:
    table.check_all()
    table.preflight.passed(TODAY)
    table.for_s(0.5, inputs=0)
    assert table.why_not() == "", "what forbids a start now is the monitors' business"
    assert FIRST_OF_THE_DAY in table.why_not(TOMORROW)
    table.check_all()
    assert table.why_not(TOMORROW) == ""


def test_after_a_trip_everything_is_asked_for_again(table: Table) -> None:
    table.check_all()
    table.preflight.passed(TODAY)
    table.preflight.begin_anew("after a session that ended by a trip (ankle-latch)")
    assert "ankle-latch" in table.why_not()
    assert {table.state(name) for name in ("hand-switch", "brake", *CONFIRMATIONS)} == {"waiting"}


@pytest.mark.parametrize("missing", ["hand-switch", "brake", *CONFIRMATIONS])
def test_one_thing_that_is_missing_keeps_the_table_where_it_is(table: Table, missing: str) -> None:
    if missing != "hand-switch":
        table.for_s(0.1, inputs=LET_GO)
    table.for_s(1.0 if missing == "brake" else HOLDING_S + 0.1)
    table.confirm_all()
    if missing in CONFIRMATIONS:
        table.preflight.confirm(missing, yes=False)
    assert table.check(missing).text in table.why_not()
    others = [check for check in table.preflight.checks(table.view, table.active) if check.state != "ok"]
    assert [check.id for check in others] == [missing]


WRONG: Final[dict[str, Callable[[Table], None]]] = {
    "link": lambda table: setattr(table.view, "age_s", 0.11),
    "board-limits": lambda table: table.active.add("board-config"),
    "angles": lambda table: table.for_s(0.05, inclinometer_deg=-71.0),
    "upright-switch": lambda table: table.for_s(0.05, inputs=GOOD & ~Input.UPRIGHT_SWITCH),
    "ankle-latch": lambda table: table.for_s(0.05, inputs=GOOD & ~Input.ANKLE_LATCH_NO),
    "emergency-stop": lambda table: table.for_s(0.05, inputs=GOOD & ~Input.ESTOP_CHAIN),
    "energy": lambda table: table.for_s(0.05, bus_v=nan),
    "temperatures": lambda table: table.active.add("temperature"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_the_machine_shows_to_be_wrong_is_named(table: Table, name: str) -> None:
    table.check_all()
    assert table.state(name) == "ok"
    WRONG[name](table)
    assert table.state(name) == "wrong"
    assert table.check(name).text in table.why_not()


@pytest.mark.parametrize(("angle_deg", "state"), [(-73.2, "ok"), (-72.0, "wrong")])
def test_angles_that_agree_elsewhere_than_upright_are_wrong(angle_deg: float, state: str) -> None:
    assert Table(FRAME._replace(encoder_deg=angle_deg, inclinometer_deg=angle_deg)).state("angles") == state


def test_without_a_board_there_is_one_thing_to_do(table: Table) -> None:
    table.view.telemetry = None
    machine = [check for check in table.preflight.checks(table.view, ()) if check.kind == "machine"]
    assert [(check.id, check.state) for check in machine] == [("link", "wrong")]


def test_a_drive_that_does_not_measure_its_supply_is_no_reason_to_wait(table: Table) -> None:
    table.for_s(0.05, bus_v=None, drive_temperature_c=None, motor_temperature_c=None)
    assert (table.state("energy"), table.check("energy").value) == ("ok", None)
    assert table.check("temperatures").value is None


def test_the_hand_switch_has_to_be_seen_both_ways(table: Table) -> None:
    assert table.check("hand-switch").text == "Ask the rider to let go of the hand switch"
    table.show(FRAME._replace(inputs=LET_GO))
    table.for_s(0.1)
    assert table.state("hand-switch") == "waiting", "one frame is a bounce"
    table.for_s(0.05, inputs=LET_GO)
    assert table.state("hand-switch") == "waiting", "let go is not how it has to be"
    table.for_s(0.05)
    assert table.state("hand-switch") == "ok"
    table.for_s(0.05, inputs=GOOD | Input.HAND_SWITCH_NC)
    assert table.state("hand-switch") == "wrong"


def test_a_hand_switch_that_is_pressed_to_return_is_good_when_it_is_let_go(table: Table) -> None:
    table.view.hand_switch_mode = "press-to-return"
    table.for_s(0.05, inputs=LET_GO)
    assert table.state("hand-switch") == "ok"


def test_the_rider_who_never_pressed_it_is_asked_to() -> None:
    fresh = Table()
    fresh.for_s(0.1, inputs=LET_GO)
    assert fresh.check("hand-switch").text == "Ask the rider to press the hand switch"


def test_on_a_simulated_table_nobody_has_to_try_the_hand_switch(table: Table) -> None:
    table.view.config = CONFIG._replace(serial=1)
    assert table.state("hand-switch") == "ok"
    table.for_s(0.05, inputs=LET_GO)
    assert table.state("hand-switch") != "ok"


def test_the_brake_has_to_hold_both_angles_for_the_whole_time(table: Table) -> None:
    table.preflight.test_brake()
    table.for_s(HOLDING_S - 0.1)
    assert table.state("brake") == "waiting"
    table.for_s(0.2)
    assert table.state("brake") == "ok"


@pytest.mark.parametrize("angle", ["encoder_deg", "inclinometer_deg"])
@pytest.mark.parametrize(("moved_deg", "state"), [(0.29, "ok"), (0.32, "wrong")])
def test_a_brake_that_was_asked_to_hold_and_moves_is_wrong_until_it_is_asked_again(
    table: Table, angle: str, moved_deg: float, state: str
) -> None:
    table.preflight.test_brake()
    table.for_s(1.0)
    table.for_s(4.0, **{angle: getattr(FRAME, angle) + moved_deg})
    assert table.state("brake") == state
    table.preflight.test_brake()
    table.for_s(HOLDING_S + 0.1, **{angle: getattr(FRAME, angle) + moved_deg})
    assert table.state("brake") == "ok"


def test_a_rider_who_steps_on_makes_the_test_begin_anew_where_nobody_asked_for_it(table: Table) -> None:
    table.for_s(1.0)
    table.for_s(1.0, encoder_deg=-74.0)
    table.for_s(HOLDING_S - 0.5)
    assert table.state("brake") == "waiting"
    table.for_s(1.0)
    assert table.state("brake") == "ok"


def test_what_nobody_looked_at_is_not_tested(table: Table) -> None:
    table.for_s(2.0)
    table.now_s += 10.0
    table.for_s(2.0)
    table.now_s -= 100.0
    table.for_s(2.0)
    assert table.state("brake") == "waiting"
    table.for_s(1.1)
    assert table.state("brake") == "ok"


def test_a_brake_that_slips_slowly_never_passes(table: Table) -> None:
    for tick in range(2000):
        table.show(FRAME._replace(encoder_deg=-75.0 + 0.002 * tick))
        assert not table.preflight._brake.passed


@pytest.mark.parametrize("shown", [{"status": 0}, {"encoder_deg": None}, {"inclinometer_deg": None}])
def test_without_a_closed_brake_or_an_angle_nothing_is_tested(table: Table, shown: dict[str, Any]) -> None:
    table.for_s(2.0)
    table.for_s(0.02, **shown)
    table.for_s(HOLDING_S - 0.1)
    assert table.state("brake") == "waiting"


@pytest.mark.parametrize("name", ["link", "brake", "hand-switch", "nonsense"])
def test_what_the_machine_sees_nobody_confirms(table: Table, name: str) -> None:
    assert table.preflight.confirm(name, yes=True) != ""


def test_the_simulated_table_passes_all_that_it_can_see() -> None:
    table, preflight = Lockstep(), Preflight()
    for _ in range(500):
        table.tick(NO_REQUEST)
        frame = table.controller.safety.view.telemetry
        if frame is not None:
            preflight.observe(frame, table.now_s)
    checks = preflight.checks(table.controller.safety.view, table.controller.safety.supervisor.active)
    assert {check.id for check in checks if check.state != "ok"} == set(CONFIRMATIONS)
