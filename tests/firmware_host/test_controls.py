"""What a person may do, and why not, on the simulated table in lock-step."""

import time
from datetime import date, timedelta
from typing import Final

import pytest

from firmware_host.control.controls import Controls
from firmware_host.control.loop import Requests
from firmware_host.control.preflight import CONFIRMATIONS, Preflight
from firmware_host.control.ticks import NO_REQUEST
from sim import sensors
from tests.firmware_host.lockstep import Lockstep

TODAY: Final = date(2026, 11, 23)


class Case:
    """A table with its controls, whose loop is turned by the test."""

    def __init__(self) -> None:
        self.table, self.requests, self.preflight = Lockstep(), Requests(), Preflight()
        self.told: list[str] = []
        self.busy = False
        self.day, self.last_day = TODAY, date.max
        self.controls = Controls(
            self.table.controller,
            self.requests,
            self.preflight,
            self.told.append,
            lambda: self.busy,
            lambda: "" if self.day <= self.last_day else "the clearance expired",
            lambda: self.day,
        )

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * 100)):
            self.table.tick(self.requests.take())
            frame = self.table.controller.safety.view.telemetry
            if frame is not None:
                self.preflight.observe(frame, self.table.now_s)


@pytest.fixture
def case() -> Case:
    case = Case()
    case.run(5.0)
    return case


def started(case: Case) -> bool:
    return case.table.controller.started


@pytest.mark.requirement("REQ-SES-PREFLIGHT")
def test_a_start_with_everything_confirmed_starts(case: Case) -> None:
    assert "pre-flight" in case.controls.press("start")
    case.run(0.1)
    assert not started(case)
    assert case.controls.press("start", list(CONFIRMATIONS)) == ""
    case.run(0.1)
    assert started(case)
    assert len(case.told) == len(CONFIRMATIONS)


@pytest.mark.requirement("REQ-SES-PREFLIGHT")
def test_a_confirmation_of_nothing_starts_nothing(case: Case) -> None:
    for check in CONFIRMATIONS:
        case.controls.confirm(check, yes=True)
    assert "nothing to be confirmed" in case.controls.press("start", ["ankle-latch"])
    case.run(0.1)
    assert not case.table.controller.started


@pytest.mark.requirement("REQ-SES-PREFLIGHT")
def test_the_terminal_learns_what_is_missing_and_who_can_help(case: Case) -> None:
    assert case.controls.to_confirm() == ([], list(CONFIRMATIONS))
    case.controls.press("test_brake")
    blocked, _ = case.controls.to_confirm()
    assert [text for text in blocked if "brake" in text.lower()] == blocked
    case.preflight.passed(TODAY)
    assert case.controls.to_confirm() == ([], [])


@pytest.mark.requirement("REQ-ALM-SEEN")
def test_an_alarm_left_at_the_end_of_a_session_can_be_put_away(case: Case) -> None:
    case.preflight.passed(TODAY)
    case.controls.press("start")
    case.run(3.0)
    table, alarms = case.table, case.table.controller.alarms
    table.board.table.faults[sensors.RIDER_AGREES] = 0.0
    case.run(0.5)
    table.board.table.faults[sensors.RIDER_AGREES] = 1.0
    table.until(lambda: table.controller.outcome is not None)
    (alarm,) = alarms.active
    assert (alarm.id, alarm.present, alarm.acknowledged) == ("hand-switch", False, False)
    assert case.controls.press("acknowledge") == ""
    assert alarms.active == (), "no tick comes any more that would take the press"


@pytest.mark.requirement("REQ-SES-CHOOSE")
def test_while_another_session_is_made_ready_none_starts(case: Case) -> None:
    case.busy = True
    assert "made ready" in case.controls.press("start", list(CONFIRMATIONS))
    assert "made ready" in case.controls.move("a", 1, time.monotonic())
    case.run(0.5)
    assert not case.table.controller.started
    assert not case.table.controller.moved


@pytest.mark.requirement("REQ-PPL-SCREENING")
def test_a_session_that_waited_beyond_the_last_day_of_a_clearance_does_not_begin(case: Case) -> None:
    case.preflight.passed(TODAY)
    case.last_day = TODAY
    assert case.controls.press("start") == ""
    case.requests.take()
    case.day += timedelta(days=1)
    case.preflight.passed(case.day)
    assert case.controls.press("start") == "the clearance expired"
    assert case.controls.move("a", 1, time.monotonic()) == "the clearance expired"
    case.run(0.5)
    assert (case.table.controller.started, case.table.controller.moved) == (False, False)


@pytest.mark.requirement("REQ-SES-MANUAL")
def test_a_rider_who_was_moved_by_hand_before_midnight_may_be_moved_upright_after_it(case: Case) -> None:
    case.preflight.passed(TODAY)
    for tick in range(300):
        if tick % 10 == 0:
            assert case.controls.move("out", 1, time.monotonic()) == ""
        case.run(0.01)
    case.controls.release("out")
    case.run(1.0)
    case.day += timedelta(days=1)
    assert "pre-flight" in case.controls.move("on", 1, time.monotonic())
    shown = case.controls.shown()["manual"]
    assert (shown["allowed"], shown["up_allowed"]) == (False, True), "the page offers what would be followed"
    assert case.controls.move("back", -1, time.monotonic()) == ""


@pytest.mark.requirement("REQ-SES-MANUAL")
def test_stop_ends_a_hold_and_a_hold_that_was_refused_stays_dead(case: Case) -> None:
    assert "pre-flight" in case.controls.move("early", 1, time.monotonic())
    case.preflight.passed(TODAY)
    assert "over" in case.controls.move("early", 1, time.monotonic())
    assert case.controls.move("a", 1, time.monotonic()) == ""
    assert case.requests.take().move == 1
    case.controls.press("stop")
    assert case.requests.take().move == 0
    assert "over" in case.controls.move("a", 1, time.monotonic())
    assert case.controls.move("b", -1, time.monotonic()) == ""
    case.controls.release("b")
    assert case.requests.take().move == 0


def test_what_is_shown_says_what_is_due_and_why_nothing_moves_by_hand(case: Case) -> None:
    shown = case.controls.shown()
    assert (shown["preflight"]["needed"], shown["preflight"]["done"]) == (True, False)
    assert {check["id"] for check in shown["preflight"]["checks"]} >= {"link", "brake", "hand-switch", *CONFIRMATIONS}
    assert "pre-flight" in shown["manual"]["why_not"]
    assert case.controls.press("start", list(CONFIRMATIONS)) == ""
    case.preflight.passed(TODAY)
    case.run(0.1)
    shown = case.controls.shown()
    assert shown["preflight"] == {"needed": False, "reason": "", "done": True, "checks": []}
    assert (shown["manual"]["allowed"], shown["manual"]["direction"]) == (False, 0)
    assert "moving" in shown["manual"]["why_not"]


def test_nobody_starts_what_is_not_ready(case: Case) -> None:
    case.preflight.passed(TODAY)
    case.table.cut = True
    case.run(0.5)
    assert "looking for the table board" in case.controls.press("start")
    assert case.requests.take() is NO_REQUEST
