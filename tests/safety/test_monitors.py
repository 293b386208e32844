"""Each monitor acts at its threshold and not just below it, and the register is the one that the concept shows."""

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from safety.monitors import REGISTER, angle, drive, link, motion, people
from safety.monitors.base import Monitor
from safety.signals import CommandMode, DriveFault, Input, MotionRequest, Response, Status
from safety.supervisor import OWN_TRIPS
from safety.view import View
from tests.safety.kinematic_table import ALL_WELL, TABLE
from tests.safety.views import CONFIG, response, view_of

NONE, INHIBIT, RETURN, EMERGENCY = Response.NONE, Response.INHIBIT, Response.RETURN, Response.EMERGENCY_RETURN
STOP, TORQUE_OFF = Response.STOP, Response.TORQUE_OFF

BOARDED: dict[str, Any] = {"status": Status.BRAKE_CLOSED, "low_deg": -75.0, "away": False, "upright": True}
CASES: list[tuple[type[Monitor], float, dict[str, Any], Response]] = [
    (link.Link, 0.0, {"age_s": 0.1}, NONE),
    (link.Link, 0.0, {"age_s": 0.101}, EMERGENCY),
    (link.Link, 0.0, {"age_s": 0.101, "away": False}, INHIBIT),
    (link.Link, 0.0, {"age_s": None}, EMERGENCY),
    (link.Link, 0.0, {"heard_s": 0.5}, NONE),
    (link.Link, 0.0, {"heard_s": 0.49}, EMERGENCY),
    (link.Link, 0.0, {"heard_s": 0.49, "away": False}, INHIBIT),
    (link.Link, 0.0, {"heard_s": 0.0, "away": False, "was_away": True}, EMERGENCY),
    (link.Link, 0.0, {"status": Status.WATCHDOG_EXPIRED, "sending_s": 0.1}, NONE),
    (link.Link, 0.0, {"status": Status.WATCHDOG_EXPIRED, "sending_s": 0.11}, EMERGENCY),
    (link.Link, 0.0, {"status": Status.WATCHDOG_EXPIRED, "sending_s": 0.11, "late_s": 0.11}, NONE),
    (link.Link, 0.0, {"status": Status.WATCHDOG_EXPIRED, "sending_s": 0.11, "away": False}, INHIBIT),
    (link.Link, 0.0, {"status": Status.WATCHDOG_EXPIRED, "sending_s": 0.1, "away": False}, NONE),
    (link.Session, 0.0, {}, NONE),
    (link.Session, 0.0, {"session_id": 0}, EMERGENCY),
    (link.Session, 0.0, {"config": None}, EMERGENCY),
    (link.Session, 0.0, {"been_upright": False}, EMERGENCY),
    (link.Session, 0.0, {"session_id": 9, "away": False}, INHIBIT),
    (link.BoardConfigured, 0.0, {"config": CONFIG._replace(inverted_limit_deg=60.5)}, NONE),
    (link.BoardConfigured, 0.0, {"config": CONFIG._replace(inverted_limit_deg=60.6)}, INHIBIT),
    (link.BoardConfigured, 0.0, {"config": CONFIG._replace(upright_deg=-75.6)}, INHIBIT),
    (link.BoardConfigured, 0.0, {"config": CONFIG._replace(max_rate_dps=math.nan)}, INHIBIT),
    (link.BoardConfigured, 0.0, {"config": CONFIG._replace(watchdog_s=0.26)}, INHIBIT),
    (link.BoardConfigured, 0.0, {"config": None}, NONE),
    (link.Rejected, 0.0, {"rejected_in_row": 2}, NONE),
    (link.Rejected, 0.0, {"rejected_in_row": 3}, STOP),
    (link.Tick, 0.0, {"late_s": 0.151, "away": False, "was_away": True}, EMERGENCY),
    (link.Tick, 0.0, {"late_s": 0.15}, NONE),
    (link.Tick, 0.0, {"late_s": 0.151}, EMERGENCY),
    (link.Tick, 0.0, {"late_s": 0.151, "away": False}, NONE),
    (link.DriveReports, 0.0, {"faults": DriveFault.OVERTEMPERATURE}, RETURN),
    (link.DriveReports, 0.0, {"faults": DriveFault.OVERTEMPERATURE | DriveFault.DRIVER}, TORQUE_OFF),
    (link.DriveReports, 0.0, {"faults": 1 << 9}, STOP),
    (link.Request, 0.0, {"request": MotionRequest(999.0)}, NONE),
    (link.Request, 0.0, {"request": MotionRequest(math.nan)}, STOP),
    (angle.AnglePlausibility, 0.0, {}, NONE),
    (angle.OverAngle, 0.5, {"high_deg": 62.0}, NONE),
    (angle.OverAngle, 0.5, {"high_deg": 62.01}, EMERGENCY),
    (angle.OverAngle, 0.09, {"high_deg": 62.01, "rate_dps": 0.51}, EMERGENCY),
    (angle.OverAngle, 0.1, {"high_deg": 62.01, "rate_dps": 0.51}, TORQUE_OFF),
    (angle.Standstill, 0.0, {"held_low_deg": 29.0, "held_high_deg": 29.0}, NONE),
    (angle.Standstill, 0.0, {"held_low_deg": 28.99, "held_high_deg": 28.99}, EMERGENCY),
    (angle.Standstill, 0.0, {"held_low_deg": 31.01, "held_high_deg": 31.01, "away": False}, INHIBIT),
    (angle.Standstill, 0.0, {"held_low_deg": 28.0, "held_high_deg": 30.0}, NONE),
    (motion.Overspeed, 0.5, {"rate_dps": 4.75}, NONE),
    (motion.Overspeed, 0.02, {"rate_dps": 4.76}, NONE),
    (motion.Overspeed, 0.03, {"rate_dps": 4.76}, STOP),
    (motion.Overspeed, 0.03, {"table_rate_dps": -4.76, "parting": True}, STOP),
    (motion.Overspeed, 0.5, {"table_rate_dps": -4.76}, NONE),
    (motion.Overspeed, 0.01, {"rate_dps": 6.01}, NONE),
    (motion.Overspeed, 0.02, {"rate_dps": 6.01}, TORQUE_OFF),
    (motion.Overspeed, 0.5, {"rate_dps": 9.0, "fresh": False}, NONE),
    (motion.Following, 0.5, {"rate_dps": 4.0, "expected_dps": 2.0, "command_dps": 2.0}, NONE),
    (motion.Following, 0.14, {"rate_dps": 4.1, "expected_dps": 2.0, "command_dps": 2.0}, NONE),
    (motion.Following, 0.15, {"rate_dps": 4.1, "expected_dps": 2.0, "command_dps": 2.0}, STOP),
    (motion.Following, 0.04, {"rate_dps": -1.1, "expected_dps": 2.0, "command_dps": 2.0}, NONE),
    (motion.Following, 0.05, {"rate_dps": -1.1, "expected_dps": 2.0, "command_dps": 2.0}, TORQUE_OFF),
    (motion.Following, 0.14, {"rate_dps": -1.0, "expected_dps": 2.0, "command_dps": 2.0}, NONE),
    (motion.Following, 0.08, {"rate_dps": 2.1, "command_mode": CommandMode.HOLD}, TORQUE_OFF),
    (motion.Following, 0.5, {"rate_dps": 2.1, "command_mode": CommandMode.TORQUE_OFF}, NONE),
    (motion.Following, 0.5, {"rate_dps": None}, NONE),
    (motion.StopTime, 0.55, {"rate_dps": 2.1, "command_mode": CommandMode.HOLD}, NONE),
    (motion.StopTime, 0.57, {"rate_dps": 2.1, "command_mode": CommandMode.HOLD}, TORQUE_OFF),
    (motion.StopTime, 2.0, {"rate_dps": 2.0, "command_mode": CommandMode.HOLD, "status": Status.BRAKE_CLOSED}, NONE),
    (motion.StopTime, 0.86, {"rate_dps": 2.1, "command_mode": CommandMode.HOLD, "status": Status.BRAKE_CLOSED}, NONE),
    (
        motion.StopTime,
        0.87,
        {"rate_dps": 2.1, "command_mode": CommandMode.HOLD, "status": Status.BRAKE_CLOSED},
        TORQUE_OFF,
    ),
    (motion.StopTime, 2.0, {"rate_dps": None, "command_mode": CommandMode.HOLD, "status": Status.BRAKE_CLOSED}, NONE),
    (motion.StopTime, 0.69, {"rate_dps": None, "command_mode": CommandMode.HOLD}, NONE),
    (motion.StopTime, 0.71, {"rate_dps": None, "command_mode": CommandMode.HOLD}, TORQUE_OFF),
    (motion.Progress, 1.5, {"expected_dps": 0.7}, STOP),
    (motion.Progress, 1.5, {"expected_dps": 0.65}, NONE),
    (motion.Progress, 1.48, {"expected_dps": 3.0}, NONE),
    (motion.Progress, 1.5, {"expected_dps": 3.0, "angle_deg": None}, NONE),
    (angle.Switches, 0.04, {"inputs": ALL_WELL | Input.UPRIGHT_SWITCH}, NONE),
    (angle.Switches, 0.05, {"inputs": ALL_WELL | Input.UPRIGHT_SWITCH}, RETURN),
    (angle.Switches, 1.0, {"inputs": ALL_WELL | Input.UPRIGHT_SWITCH, "low_deg": -60.0}, NONE),
    (angle.Switches, 1.0, {"inputs": ALL_WELL | Input.UPRIGHT_SWITCH, "low_deg": None}, NONE),
    (angle.Switches, 0.05, {"inputs": ALL_WELL | Input.INVERTED_SWITCH}, RETURN),
    (angle.Switches, 1.0, {"inputs": ALL_WELL | Input.INVERTED_SWITCH, "high_deg": 45.0}, NONE),
    (angle.Switches, 0.05, {**BOARDED, "high_deg": -74.9}, INHIBIT),
    (angle.Switches, 1.0, {**BOARDED, "high_deg": -74.9, "inputs": ALL_WELL | Input.UPRIGHT_SWITCH}, NONE),
    (angle.Switches, 1.0, {**BOARDED, "high_deg": -74.9, "status": 0}, NONE),
    (angle.Switches, 1.0, {**BOARDED, "high_deg": -74.89}, NONE),
    (drive.Energy, 1.0, {"bus_v": 20.0}, NONE),
    (drive.Energy, 0.09, {"bus_v": 19.99}, NONE),
    (drive.Energy, 0.1, {"bus_v": 19.99}, EMERGENCY),
    (drive.Energy, 0.1, {"bus_v": math.nan}, EMERGENCY),
    (drive.Energy, 0.1, {"bus_v": 19.99, "away": False}, INHIBIT),
    (drive.Energy, 1.0, {"bus_v": None}, NONE),
    (drive.Temperature, 0.0, {"drive_temperature_c": 75.0, "motor_temperature_c": 100.0}, NONE),
    (drive.Temperature, 0.0, {"drive_temperature_c": 75.1}, RETURN),
    (drive.Temperature, 0.0, {"motor_temperature_c": 100.1}, RETURN),
    (drive.Temperature, 0.0, {"drive_temperature_c": 85.1}, EMERGENCY),
    (drive.Temperature, 0.0, {"motor_temperature_c": 120.1}, EMERGENCY),
    (drive.Temperature, 0.0, {"motor_temperature_c": 120.1, "away": False}, INHIBIT),
    (drive.Temperature, 0.0, {"motor_temperature_c": math.nan}, RETURN),
    (drive.Temperature, 0.0, {"drive_temperature_c": None, "motor_temperature_c": None}, NONE),
    (drive.Duty, 100.0, {"current_a": 6.0}, NONE),
    (drive.Duty, 86.0, {"current_a": 12.0}, NONE),
    (drive.Duty, 87.0, {"current_a": 12.0}, RETURN),
    (drive.Duty, 87.0, {"current_a": -12.0, "away": False}, INHIBIT),
    (drive.Duty, 100.0, {"current_a": 12.0, "fresh": False}, NONE),
    (drive.Duty, 100.0, {"current_a": math.nan}, NONE),
    (drive.ReverseOnLoad, 1.0, {"current_a": 9.0, "steady_s": 1.0, "command_dps": 2.0}, NONE),
    (drive.RiderLoad, 1.98, {"current_a": 4.1, "steady_s": 0.5, "command_dps": 2.0, "rate_dps": 2.0}, NONE),
    (drive.RiderLoad, 2.01, {"current_a": 4.1, "steady_s": 0.5, "command_dps": 2.0, "rate_dps": 2.0}, RETURN),
    (drive.RiderLoad, 9.0, {"current_a": 4.0, "steady_s": 0.5, "command_dps": 2.0, "rate_dps": 2.0}, NONE),
    (drive.RiderLoad, 2.01, {"current_a": -0.1, "steady_s": 0.5, "command_dps": 2.0, "rate_dps": 2.0}, RETURN),
    (drive.RiderLoad, 9.0, {"current_a": 4.1, "steady_s": 0.49, "command_dps": 2.0}, NONE),
    (drive.RiderLoad, 9.0, {"current_a": 4.1, "steady_s": 0.5, "command_dps": -2.0}, NONE),
    (drive.RiderLoad, 9.0, {"current_a": None, "steady_s": 0.5, "command_dps": 2.0}, NONE),
    (drive.RiderLoad, 9.0, {"current_a": 4.1, "steady_s": 0.5, "command_dps": 2.0, "upright": True}, NONE),
    (drive.TorqueOff, 0.29, {"current_a": -6.0, "standing_s": 1.0}, NONE),
    (drive.TorqueOff, 0.3, {"current_a": -6.0, "standing_s": 1.0}, TORQUE_OFF),
    (drive.TorqueOff, 0.3, {"current_a": 1.1, "standing_s": 1.0}, TORQUE_OFF),
    (drive.TorqueOff, 9.0, {"current_a": 1.0, "standing_s": 1.0}, NONE),
    (drive.TorqueOff, 9.0, {"current_a": -6.0, "rate_dps": 3.0}, NONE),
    (drive.TorqueOff, 9.0, {"current_a": -6.0, "rate_dps": None}, NONE),
    (drive.TorqueOff, 0.3, {"current_a": -6.0, "rate_dps": -3.0}, TORQUE_OFF),
    (drive.TorqueOff, 9.0, {"current_a": -6.0, "standing_s": 1.0, "status": Status.TORQUE_ON}, NONE),
    (drive.TorqueOff, 9.0, {"current_a": None, "standing_s": 1.0}, NONE),
    (drive.TorqueOff, 0.3, {"current_a": -6.0, "standing_s": 1.0, "away": False}, INHIBIT),
    (people.Screened, 0.0, {"screened": False, "config": CONFIG._replace(serial=16)}, INHIBIT),
    (people.Screened, 0.0, {"screened": False, "config": CONFIG._replace(serial=0)}, INHIBIT),
    (people.Screened, 0.0, {"screened": False, "config": CONFIG._replace(serial=0xFFFFFFFF)}, INHIBIT),
    (people.Screened, 0.0, {"screened": False, "config": None}, INHIBIT),
    (people.Screened, 0.0, {"screened": False, "config": CONFIG._replace(serial=15)}, NONE),
    (people.EmergencyStop, 0.0, {"inputs": ALL_WELL}, NONE),
    (people.EmergencyStop, 0.0, {"inputs": ALL_WELL & ~Input.ESTOP_CHAIN}, TORQUE_OFF),
    (people.HandSwitch, 0.01, {"inputs": ALL_WELL & ~Input.HAND_SWITCH_NO}, NONE),
    (people.HandSwitch, 0.02, {"inputs": ALL_WELL & ~Input.HAND_SWITCH_NO}, EMERGENCY),
    (people.HandSwitch, 0.02, {"inputs": ALL_WELL | Input.HAND_SWITCH_NC, "away": False}, INHIBIT),
    (people.HandSwitch, 0.02, {"inputs": ALL_WELL, "hand_switch_mode": "press-to-return"}, EMERGENCY),
    (people.Controls, 60.0, {}, INHIBIT),
    (people.Controls, 60.0, {"inputs": ALL_WELL ^ Input.HAND_SWITCH_NO ^ Input.HAND_SWITCH_NC}, INHIBIT),
    (people.AnkleLatch, 0.01, {"inputs": ALL_WELL & ~Input.ANKLE_LATCH_NO}, NONE),
    (people.AnkleLatch, 0.02, {"inputs": ALL_WELL & ~Input.ANKLE_LATCH_NO}, EMERGENCY),
    (people.AnkleLatch, 0.02, {"inputs": ALL_WELL ^ Input.ANKLE_LATCH_NO ^ Input.ANKLE_LATCH_NC}, EMERGENCY),
    (people.AnkleLatch, 0.02, {"inputs": ALL_WELL | Input.ANKLE_LATCH_NC, "away": False}, INHIBIT),
    (people.TimeInverted, 0.0, {"inverted_s": 600.0}, NONE),
    (people.TimeInverted, 0.0, {"inverted_s": 600.01}, RETURN),
    (people.TimeInverted, 0.0, {"inverted_s": 630.01}, EMERGENCY),
    (people.TimeInverted, 0.0, {"inverted_s": 630.01, "inverted": False}, NONE),
    (people.Presence, 60.0, {"request": MotionRequest()}, NONE),
    (people.Presence, 60.0, {"request": MotionRequest(presence_age_s=2.0)}, NONE),
    (people.Presence, 0.0, {"request": MotionRequest(presence_age_s=2.01)}, RETURN),
    (people.Presence, 0.0, {"request": MotionRequest(presence_age_s=10.0)}, RETURN),
    (people.Presence, 0.0, {"request": MotionRequest(presence_age_s=10.01)}, EMERGENCY),
    (people.Presence, 0.0, {"request": MotionRequest(presence_age_s=10.01), "away": False}, INHIBIT),
    (people.Presence, 0.0, {"request": MotionRequest(presence_age_s=2.01), "away": False}, INHIBIT),
    (people.Presence, 0.0, {"request": MotionRequest(presence_age_s=math.nan)}, EMERGENCY),
    (people.Presence, 0.0, {"request": MotionRequest(presence_age_s=-0.01)}, EMERGENCY),
    (people.Presence, 0.0, {"request": MotionRequest(presence_age_s=math.inf)}, EMERGENCY),
    (people.Presence, 0.0, {"request": MotionRequest(presence_age_s=math.nan), "away": False}, INHIBIT),
]


@pytest.mark.requirement(
    "REQ-MON-LINK",
    "REQ-MON-SESSION",
    "REQ-MON-BOARD-CONFIG",
    "REQ-MON-REJECTED",
    "REQ-MON-TICK",
    "REQ-MON-DRIVE-FAULT",
    "REQ-MON-REQUEST",
    "REQ-MON-ANGLE-PLAUSIBILITY",
    "REQ-MON-OVER-ANGLE",
    "REQ-MON-STANDSTILL",
    "REQ-MON-SWITCHES",
    "REQ-MON-OVERSPEED",
    "REQ-MON-FOLLOWING",
    "REQ-MON-STOP-TIME",
    "REQ-MON-PROGRESS",
    "REQ-MON-EMERGENCY-STOP",
    "REQ-MON-HAND-SWITCH",
    "REQ-MON-CONTROLS",
    "REQ-MON-ANKLE-LATCH",
    "REQ-MON-TIME-INVERTED",
    "REQ-MON-ENERGY",
    "REQ-MON-TEMPERATURE",
    "REQ-MON-DUTY",
    "REQ-MON-REVERSE-ON-LOAD",
    "REQ-MON-RIDER-LOAD",
    "REQ-MON-TORQUE-OFF",
    "REQ-MON-SCREENING",
    "REQ-MON-PRESENCE",
)
@pytest.mark.parametrize(("kind", "held_s", "changes", "expected"), CASES)
def test_threshold(kind: type[Monitor], held_s: float, changes: dict[str, Any], expected: Response) -> None:
    assert response(kind(), held_s, **changes) is expected


@pytest.mark.requirement("REQ-MON-ANGLE-AGREEMENT")
@pytest.mark.parametrize(("apart_deg", "held_s", "expected"), [(3.0, 1.0, NONE), (3.1, 0.09, NONE), (-3.1, 0.1, STOP)])
def test_angle_agreement(apart_deg: float, held_s: float, expected: Response) -> None:
    monitor, view, last = angle.AngleAgreement(), view_of({"disagreement_deg": apart_deg}), NONE
    for tick in range(round(held_s * 100) + 1):
        view.now_s = tick / 100.0
        last = monitor.check(view)
    assert last is expected


@pytest.mark.requirement("REQ-MON-ANGLE-PLAUSIBILITY")
@pytest.mark.parametrize(("lost", "expected"), [(1, RETURN), (2, STOP)])
def test_angle_plausibility(lost: int, expected: Response) -> None:
    monitor, view = angle.AnglePlausibility(), view_of({})
    for channel in (view.angles.inclinometer, view.angles.encoder)[:lost]:
        channel.lost = "fell off"
    assert monitor.check(view) is expected
    assert monitor.detail(view).count("fell off") == lost


@pytest.mark.requirement("REQ-ALM-FALSE")
@pytest.mark.parametrize("kind", [kind for kind in REGISTER if kind is not people.Controls])  # it waits to be shown
def test_nothing_acts_while_all_is_well(kind: type[Monitor]) -> None:
    assert response(kind(), 2.0) is NONE


def test_every_monitor_has_a_case() -> None:
    assert {case[0] for case in CASES} | {angle.AngleAgreement} == set(REGISTER)


def load(step_a: float, held_s: float, sign: float = 1.0) -> Response:
    """What the monitor of the load says of a step of the current, after the baseline stood for 2 s."""
    monitor = drive.ReverseOnLoad()
    view = view_of({"steady_s": 0.5, "command_dps": 2.0 * sign, "current_a": 1.0 * sign})
    last = NONE
    for tick in range(200 + round(held_s * 100) + 1):
        view.now_s = tick / 100.0
        assert view.telemetry is not None
        view.telemetry = view.telemetry._replace(current_a=(1.0 + (step_a if tick >= 200 else 0.0)) * sign)
        last = monitor.check(view)
    if last is not NONE:
        assert f"{step_a:.1f} A more" in monitor.detail(view)
        assert monitor.since_s(view) == pytest.approx(2.0)
    return last


@pytest.mark.requirement("REQ-MON-REVERSE-ON-LOAD")
@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize(("step_a", "held_s", "expected"), [
    (2.0, 1.0, NONE), (2.1, 0.09, NONE), (2.1, 0.1, STOP), (-5.0, 1.0, NONE)
])  # fmt: skip
def test_a_step_of_the_load_stops_either_way(step_a: float, held_s: float, expected: Response, sign: float) -> None:
    assert load(step_a, held_s, sign) is expected


@pytest.mark.requirement("REQ-MON-REVERSE-ON-LOAD")
def test_what_is_in_the_way_does_not_become_what_is_normal() -> None:
    assert load(2.1, 9.0) is STOP


@pytest.mark.requirement("REQ-MON-REVERSE-ON-LOAD")
def test_a_load_that_grows_with_the_angle_is_the_rider_s() -> None:
    monitor, view = drive.ReverseOnLoad(), view_of({"steady_s": 0.5, "command_dps": 2.0})
    for tick in range(1000):
        view.now_s = tick / 100.0
        assert view.telemetry is not None
        view.telemetry = view.telemetry._replace(current_a=0.01 * tick)
        assert monitor.check(view) is NONE


@pytest.mark.requirement("REQ-MON-REVERSE-ON-LOAD")
def test_without_a_new_current_the_load_is_not_judged() -> None:
    monitor, view = drive.ReverseOnLoad(), view_of({"steady_s": 0.5, "command_dps": 2.0, "current_a": math.nan})
    assert monitor.check(view) is NONE
    view.steady_s = 0.49
    assert monitor.check(view) is NONE


@pytest.mark.requirement("REQ-MON-TORQUE-OFF")
def test_without_a_new_frame_what_was_said_of_a_current_stands() -> None:
    monitor, view = drive.TorqueOff(), view_of({"current_a": 6.0, "standing_s": 1.0})
    for tick in range(40):
        view.now_s = tick / 100.0
        monitor.check(view)
    view.fresh = False
    assert monitor.check(view) is TORQUE_OFF
    assert "6.0 A" in monitor.detail(view)
    assert monitor.since_s(view) == 0.0


@pytest.mark.requirement("REQ-MON-DUTY")
def test_a_motor_that_was_worked_too_hard_rests_to_four_fifths() -> None:
    monitor, view = drive.Duty(), view_of({"current_a": 12.0})
    while monitor.check(view) is NONE:
        pass
    assert view.telemetry is not None
    view.telemetry = view.telemetry._replace(current_a=0.0)
    ticks = 0
    while monitor.check(view) is RETURN:
        ticks += 1
    assert ticks * 0.01 == pytest.approx(drive.DUTY_S * math.log(1.0 / drive.RESTED), rel=0.01)


@pytest.mark.requirement("REQ-MON-PRESENCE")
@pytest.mark.parametrize("absent_s", [None, math.nan, -1.0, -math.inf])
@pytest.mark.parametrize(("after_s", "expected"), [(2.0, NONE), (2.01, RETURN), (10.0, RETURN), (10.02, EMERGENCY)])
def test_a_sign_of_life_goes_on_ageing_when_none_follows(
    absent_s: float | None, after_s: float, expected: Response
) -> None:
    monitor, view = people.Presence(), view_of({"request": MotionRequest(presence_age_s=0.0)})
    assert monitor.check(view) is NONE
    view.request, view.now_s = MotionRequest(presence_age_s=absent_s), view.now_s + after_s
    assert monitor.check(view) is expected


@pytest.mark.requirement("REQ-MON-PRESENCE")
def test_the_operator_who_comes_back_is_believed() -> None:
    monitor, view = people.Presence(), view_of({"request": MotionRequest(presence_age_s=5.0)})
    assert monitor.check(view) is RETURN
    assert "5.0 s, limit 2 s" in monitor.detail(view)
    view.request = MotionRequest(presence_age_s=0.1)
    assert monitor.check(view) is NONE


def test_ids_are_unique_and_every_monitor_names_its_hazard() -> None:
    assert len({monitor.id for monitor in REGISTER}) == len(REGISTER)
    for monitor in REGISTER:
        assert re.fullmatch(r"H-\d\d", monitor.hazard)
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", monitor.id)


def test_the_register_is_the_table_of_the_concept(repository: Path) -> None:
    text = (repository / "docs" / "safety-concept.md").read_text().split("## Monitors")[1].split("\n## ")[0]
    rows = re.findall(r"^\| ([a-z-]+) \|", text, re.MULTILINE)
    assert sorted(name for name in rows if name != "id" and name.strip("-")) == sorted(
        (*(m.id for m in REGISTER), *OWN_TRIPS)
    )


def test_only_a_person_s_stop_waits_for_a_person() -> None:
    wait = [monitor.id for monitor in REGISTER if monitor.recovery.name == "ON_REQUEST"]
    assert wait == ["emergency-stop"]


def check_of(kind: Callable[[], Monitor]) -> Response:
    return kind().check(View(TABLE, TABLE, "hold-to-run"))


@pytest.mark.parametrize("kind", REGISTER)
def test_before_the_first_frame_no_monitor_asks_for_motion(kind: type[Monitor]) -> None:
    assert check_of(kind) in (NONE, INHIBIT)
