"""What each monitor says of a trip, word for word: with it somebody decides what to do. And since when it was so."""

import math
from typing import Any

import pytest

from safety.monitors import REGISTER, angle, drive, link, motion, people
from safety.monitors.base import Monitor
from safety.signals import CommandMode, DriveFault, Input, MotionRequest, Status
from safety.view import View
from tests.safety.kinematic_table import ALL_WELL, TABLE
from tests.safety.views import CONFIG, view_of

HAND, LATCH = Input.HAND_SWITCH_NO | Input.HAND_SWITCH_NC, Input.ANKLE_LATCH_NO | Input.ANKLE_LATCH_NC
HOLD, EXPIRED = CommandMode.HOLD, Status.WATCHDOG_EXPIRED
HAND_BROKEN = "hand switch contacts contradict each other: broken wire or stuck contact"
LATCH_BROKEN = "ankle latch contacts contradict each other: broken wire or stuck contact"
BROKEN = "a switch or its wire is broken"

WORDS: list[tuple[type[Monitor], dict[str, Any], str]] = [
    (link.Link, {"age_s": None}, "no telemetry from the board yet"),
    (link.Link, {"age_s": 2.5}, "newest telemetry is 2500 ms old, limit 100 ms"),
    (link.Link, {"status": EXPIRED, "sending_s": 0.1}, "newest telemetry is 0 ms old, limit 100 ms"),
    (
        link.Link,
        {"status": EXPIRED, "sending_s": 0.11, "late_s": 0.1},
        "the board hears no commands and brings the table upright by itself: host-to-board line",
    ),
    (link.Link, {"status": EXPIRED, "sending_s": 0.11, "fresh": False}, "newest telemetry is 0 ms old, limit 100 ms"),
    (link.Link, {"sending_s": 0.11}, "newest telemetry is 0 ms old, limit 100 ms"),
    (
        link.Link,
        {"status": EXPIRED, "sending_s": 0.11, "away": False},
        "the board hears no commands: host-to-board line",
    ),
    (
        link.Link,
        {"silence_s": 0.12, "heard_s": 0.25},
        "no telemetry for 120 ms, limit 100 ms; it came back 0.25 s ago",
    ),
    (link.Link, {"silence_s": 0.12, "heard_s": 0.5}, "newest telemetry is 0 ms old, limit 100 ms"),
    (
        link.Link,
        {"silence_s": 0.12, "heard_s": 0.0, "age_s": 0.1},
        "no telemetry for 120 ms, limit 100 ms; it came back 0.00 s ago",
    ),
    (link.Link, {"silence_s": 0.12, "heard_s": 0.0, "age_s": 0.12}, "newest telemetry is 120 ms old, limit 100 ms"),
    (link.Session, {"been_upright": False}, "the table was found away from upright, angle 30.0 deg"),
    (link.Session, {"been_upright": False, "best_deg": None}, "the table was found away from upright, angle unknown"),
    (link.Session, {"been_upright": False, "away": False, "config": None}, "no handshake with the board yet"),
    (link.Session, {"config": None}, "no handshake with the board yet"),
    (
        link.Session,
        {"session_id": 0xAB},
        "board speaks in session 000000ab, the handshake made 00001234: it rebooted or was changed",
    ),
    (
        link.Session,
        {"telemetry": None},
        "board speaks in session none, the handshake made 00001234: it rebooted or was changed",
    ),
    (
        link.BoardConfigured,
        {"config": CONFIG._replace(inverted_limit_deg=70.0, upright_deg=-80.0, max_rate_dps=9.0, watchdog_s=0.5)},
        "inverted limit: board 70, table 60 deg; upright: board -80, table -75 deg; "
        "fastest rate: board 9, table 8 deg/s; watchdog: board 0.5, at most 0.25 s",
    ),
    (link.Rejected, {"rejected_in_row": 4, "reject_reason": 3}, "board refused 4 commands in a row, reason: stale"),
    (
        link.Rejected,
        {"rejected_in_row": 4, "reject_reason": 99},
        "board refused 4 commands in a row, reason: 99, which is not known",
    ),
    (link.Rejected, {"telemetry": None}, "board refused 0 commands in a row, reason: none"),
    (link.Tick, {"late_s": 2.0}, "control loop 2000 ms late, limit 150 ms"),
    (link.DriveReports, {"faults": DriveFault.ENCODER | DriveFault.BRAKE}, "drive reports: encoder, brake"),
    (link.DriveReports, {"faults": 1 << 9}, "drive reports: unknown flag 0x0200"),
    (link.DriveReports, {"telemetry": None}, "drive reports: unknown flag 0x0000"),
    (link.Request, {"request": MotionRequest(math.nan)}, "the operating side asked for a rate of nan deg/s"),
    (
        motion.Overspeed,
        {"rate_dps": -4.0, "table_rate_dps": 5.0, "parting": True},
        "rate 5.0 deg/s by the inclinometer, 4.0 by the motor, limit 4.75 deg/s",
    ),
    (
        motion.Overspeed,
        {"rate_dps": 0.0, "table_rate_dps": 5.0, "parting": True},
        "rate 5.0 deg/s by the inclinometer, 0.0 by the motor, limit 4.75 deg/s",
    ),
    (
        motion.Overspeed,
        {"rate_dps": None, "table_rate_dps": 5.0, "parting": True},
        "rate 5.0 deg/s, limit 4.75 deg/s",
    ),
    (motion.Overspeed, {"rate_dps": -4.0, "table_rate_dps": 5.0}, "rate 4.0 deg/s, limit 4.75 deg/s"),
    (motion.Overspeed, {"rate_dps": -4.0, "table_rate_dps": None}, "rate 4.0 deg/s, limit 4.75 deg/s"),
    (motion.Overspeed, {"rate_dps": None, "table_rate_dps": None}, "rate 0.0 deg/s, limit 4.75 deg/s"),
    (motion.Following, {"rate_dps": 1.234, "expected_dps": 2.0}, "rate 1.23 deg/s, expected 2.00 deg/s"),
    (motion.Following, {"rate_dps": None}, "rate unknown, expected 0.00 deg/s"),
    (motion.StopTime, {"rate_dps": 1.26}, "told to stand: rate 1.3 deg/s, brake not closed"),
    (
        motion.StopTime,
        {"rate_dps": None, "status": Status.BRAKE_CLOSED},
        "told to stand: rate unknown, brake closed",
    ),
    (motion.StopTime, {"telemetry": None}, "told to stand: rate 0.0 deg/s, brake not closed"),
    (
        motion.Progress,
        {"command_dps": 2.0},
        "commanded 2.0 deg/s, in 1.5 s the table made 0.0 deg where 0.0 deg were expected",
    ),
    (drive.Energy, {"bus_v": 19.5}, "supply at 19.50 V, a return needs 20 V"),
    (drive.Energy, {"telemetry": None}, "supply at unknown, a return needs 20 V"),
    (
        drive.Temperature,
        {"drive_temperature_c": 80.0, "motor_temperature_c": 101.0},
        "drive 80.0 degC (limits 75 and 85 degC), motor 101.0 degC (limits 100 and 120 degC)",
    ),
    (
        drive.Temperature,
        {"telemetry": None},
        "drive unknown (limits 75 and 85 degC), motor unknown (limits 100 and 120 degC)",
    ),
    (drive.Duty, {}, "motor current 0.0 A effective over 300 s, limit 6 A"),
    (drive.ReverseOnLoad, {}, "motor pushes with 0.0 A more than this load took, limit 2 A"),
    (drive.TorqueOff, {}, "the torque is off, and the motor draws 0.0 A against the brake"),
    (people.Screened, {}, "the rider's questionnaire, clearances or rest do not allow inversion"),
    (people.EmergencyStop, {}, "emergency-stop chain open, away from upright"),
    (people.EmergencyStop, {"away": False}, "emergency-stop chain open, at upright"),
    (people.HandSwitch, {"inputs": ALL_WELL & ~HAND}, HAND_BROKEN),
    (people.HandSwitch, {"inputs": ALL_WELL | HAND}, HAND_BROKEN),
    (people.HandSwitch, {"telemetry": None}, HAND_BROKEN),
    (people.HandSwitch, {"inputs": ALL_WELL ^ HAND}, "hand switch released"),
    (people.HandSwitch, {"hand_switch_mode": "press-to-return"}, "hand switch pressed"),
    (people.AnkleLatch, {"inputs": ALL_WELL & ~LATCH}, LATCH_BROKEN),
    (people.AnkleLatch, {"inputs": ALL_WELL | LATCH}, LATCH_BROKEN),
    (people.AnkleLatch, {"telemetry": None}, LATCH_BROKEN),
    (people.AnkleLatch, {"inputs": ALL_WELL ^ LATCH}, "ankle latch open"),
    (people.TimeInverted, {"inverted_s": 605.0}, "605 s inverted, allowance 600 s"),
    (angle.AnglePlausibility, {}, "waiting for both angles"),
    (angle.OverAngle, {"high_deg": 63.0}, "angle 63.0 deg, limit 60 + 2 deg"),
    (angle.OverAngle, {"high_deg": None}, "angle unknown, limit 60 + 2 deg"),
    (
        angle.Standstill,
        {"held_low_deg": 26.0, "held_high_deg": 28.0},
        "told to stand still, drifted by 2.0 deg, limit 1 deg",
    ),
    (
        angle.Standstill,
        {"held_low_deg": 33.0, "held_high_deg": 34.0},
        "told to stand still, drifted by 3.0 deg, limit 1 deg",
    ),
    (
        angle.Standstill,
        {"held_low_deg": 26.0, "held_high_deg": 28.0, "high_deg": None},
        "told to stand still, drifted by 0.0 deg, limit 1 deg",
    ),
    *(
        (
            angle.Standstill,
            {"held_low_deg": 28.0, "held_high_deg": 30.0} | change,
            "told to stand still, drifted by 0.0 deg, limit 1 deg",
        )
        for change in (
            {},
            {"held_low_deg": 29.0, "held_high_deg": 31.0},
            {"low_deg": None},
            {"held_high_deg": None},
            {"held_low_deg": None},
        )
    ),
    (angle.Switches, {}, f"upright switch open, inverted switch open, angle 30.0 deg: {BROKEN}"),
    (
        angle.Switches,
        {"inputs": Input.UPRIGHT_SWITCH, "best_deg": None},
        f"upright switch closed, inverted switch open, angle unknown: {BROKEN}",
    ),
    (
        angle.Switches,
        {"inputs": Input.INVERTED_SWITCH},
        f"upright switch open, inverted switch closed, angle 30.0 deg: {BROKEN}",
    ),
    (angle.Switches, {"telemetry": None}, f"upright switch open, inverted switch open, angle 30.0 deg: {BROKEN}"),
]


@pytest.mark.requirement("REQ-MON-LINK")
@pytest.mark.parametrize(("kind", "changes", "words"), WORDS)
def test_what_it_says(kind: type[Monitor], changes: dict[str, Any], words: str) -> None:
    assert kind().detail(view_of(changes)) == words


@pytest.mark.parametrize(
    ("current_a", "wrong"), [(-1.0, "head too heavy"), (5.0, "heavier than the table is made for")]
)
def test_what_it_says_of_a_load_that_is_not_right(current_a: float, wrong: str) -> None:
    monitor, view = (
        drive.RiderLoad(),
        view_of({"current_a": current_a, "steady_s": 0.5, "command_dps": 2.0, "rate_dps": 2.0}),
    )
    for _ in range(10):
        monitor.check(view)
    assert monitor.detail(view) == f"balance test: {current_a:.2f} A, right is 0 to 4 A: {wrong}"


def test_what_it_says_of_a_motor_that_was_worked_too_hard() -> None:
    monitor, view = drive.Duty(), view_of({"current_a": 12.0})
    for _ in range(3000):
        monitor.check(view)
    assert monitor.detail(view) == "motor current 3.7 A effective over 300 s, limit 6 A"


def test_what_it_says_of_two_angles_and_of_two_lost_channels() -> None:
    view = view_of({})
    view.angles.encoder.value_deg, view.angles.inclinometer.value_deg = 30.0, 33.5
    said = angle.AngleAgreement().detail(view)
    assert said == "encoder 30.0 deg, inclinometer 33.5 deg, limit 3 deg apart"
    view.angles.encoder.lost, view.angles.inclinometer.lost = "fell off", "is out of range"
    view.angles.encoder.lost_since_s, view.angles.inclinometer.lost_since_s = 3.0, 5.0
    monitor = angle.AnglePlausibility()
    assert monitor.detail(view) == "encoder fell off; inclinometer is out of range"
    assert monitor.since_s(view) == 5.0


LASTING: list[tuple[type[Monitor], dict[str, Any]]] = [
    (motion.Overspeed, {"rate_dps": 5.0}),
    (motion.Following, {"rate_dps": 4.1, "expected_dps": 2.0, "command_dps": 2.0}),
    (motion.StopTime, {"rate_dps": 2.1, "command_mode": HOLD}),
    (drive.Energy, {"bus_v": 19.0}),
    (people.HandSwitch, {"inputs": ALL_WELL & ~HAND}),
    (people.AnkleLatch, {"inputs": ALL_WELL & ~LATCH}),
    (angle.AngleAgreement, {"disagreement_deg": 4.0}),
    (angle.OverAngle, {"high_deg": 63.0, "rate_dps": 1.0}),
    (angle.Switches, {"inputs": ALL_WELL | Input.UPRIGHT_SWITCH}),
]


@pytest.mark.parametrize(("kind", "changes"), LASTING)
def test_since_when_it_was_so(kind: type[Monitor], changes: dict[str, Any]) -> None:
    monitor, view = kind(), view_of(changes)
    view.now_s = 7.0
    assert monitor.since_s(view) == 7.0, "not yet"
    for view.now_s in (7.5, 7.51, 7.52):
        monitor.check(view)
    assert monitor.since_s(view) == 7.5


@pytest.mark.parametrize("kind", REGISTER)
def test_before_anything_was_seen_it_is_since_now(kind: type[Monitor]) -> None:
    view = View(TABLE, TABLE, "hold-to-run")
    assert kind().since_s(view) == view.now_s


def test_since_when_the_link_is_silent_and_the_tick_was_due() -> None:
    assert link.Link().since_s(view_of({"now_s": 5.0, "age_s": 0.25})) == 4.75
    assert link.Link().since_s(view_of({"now_s": 5.0, "silence_s": 0.125, "heard_s": 0.25})) == 4.625
    assert link.Link().since_s(view_of({"now_s": 5.0, "silence_s": 0.125, "heard_s": 0.0, "age_s": 0.25})) == 4.75
    assert link.Tick().since_s(view_of({"now_s": 5.0, "late_s": 0.25})) == 4.75
    assert link.Tick().since_s(view_of({"now_s": 0.1, "late_s": 0.25})) == 0.0


@pytest.mark.requirement("REQ-MON-PRESENCE")
@pytest.mark.parametrize(
    ("age_s", "words", "since_s"),
    [
        (40.0, "no sign of life from the operator's panel for 40.0 s, limit 2 s", 60.0),
        (math.nan, "no sign of life from the operator's panel yet", 100.0),
    ],
)
def test_what_it_says_of_a_panel_that_nobody_watches_and_since_when(age_s: float, words: str, since_s: float) -> None:
    monitor, view = people.Presence(), view_of({"now_s": 100.0, "request": MotionRequest(presence_age_s=age_s)})
    monitor.check(view)
    assert monitor.detail(view) == words
    assert monitor.since_s(view) == since_s
