"""Monitors on the edge of their thresholds, and what they remember from one tick to the next."""

from typing import Any

import pytest

from safety.limits import MACHINE, narrow
from safety.monitors import angle, drive, link, motion, people
from safety.monitors.base import Monitor, Since
from safety.signals import CommandMode, Input, Response, Status
from tests.safety.kinematic_table import ALL_WELL
from tests.safety.views import CONFIG, response, view_of

NONE, INHIBIT, RETURN, EMERGENCY = Response.NONE, Response.INHIBIT, Response.RETURN, Response.EMERGENCY_RETURN
STOP, TORQUE_OFF = Response.STOP, Response.TORQUE_OFF
MOVE, HOLD, OFF = CommandMode.MOVE, CommandMode.HOLD, CommandMode.TORQUE_OFF
OUTWARD: dict[str, Any] = {"steady_s": 0.5, "command_dps": 0.5}

EDGES: list[tuple[type[Monitor], float, dict[str, Any], Response]] = [
    (link.BoardConfigured, 0.0, {"config": CONFIG._replace(upright_deg=-75.5)}, NONE),
    (link.BoardConfigured, 0.0, {"config": CONFIG._replace(max_rate_dps=8.5)}, NONE),
    (motion.Overspeed, 0.03, {"rate_dps": 6.0}, STOP),
    (motion.Following, 0.5, {"rate_dps": 1.5, "expected_dps": 0.0, "command_dps": 0.0}, NONE),
    (motion.Following, 0.05, {"rate_dps": -1.1, "expected_dps": 0.0, "command_dps": 2.0}, TORQUE_OFF),
    (motion.Following, 0.5, {"rate_dps": -1.5, "expected_dps": -0.5, "command_dps": 2.0}, NONE),
    (motion.Following, 0.15, {"rate_dps": 0.0, "expected_dps": 2.1, "command_dps": 2.0}, STOP),
    (motion.Following, 0.15, {"rate_dps": -0.9, "expected_dps": 1.9, "command_dps": 2.0}, STOP),
    (motion.Following, 0.06, {"rate_dps": 2.1, "command_mode": HOLD}, NONE),
    (motion.StopTime, 2.0, {"rate_dps": 2.1, "command_mode": HOLD, "fresh": False}, NONE),
    (drive.Temperature, 0.0, {"drive_temperature_c": 85.0}, RETURN),
    (drive.Temperature, 0.0, {"motor_temperature_c": 120.0}, RETURN),
    (drive.RiderLoad, 2.01, {**OUTWARD, "current_a": 4.1}, RETURN),
    (drive.RiderLoad, 9.0, {**OUTWARD, "current_a": 4.1, "command_dps": 0.0}, NONE),
    (drive.RiderLoad, 9.0, {**OUTWARD, "current_a": 1000.0}, NONE),
    (drive.RiderLoad, 9.0, {**OUTWARD, "current_a": -1000.0}, NONE),
    (drive.RiderLoad, 9.0, {**OUTWARD, "current_a": 4.1, "rate_dps": 1.5}, NONE),
    (drive.RiderLoad, 2.01, {**OUTWARD, "current_a": 4.1, "rate_dps": 1.4}, RETURN),
    (drive.TorqueOff, 0.3, {"current_a": 2.0, "rate_dps": 0.3}, TORQUE_OFF),
    (drive.TorqueOff, 0.3, {"current_a": 2.0, "rate_dps": 0.0}, NONE),
    (drive.TorqueOff, 0.3, {"current_a": 2.0, "rate_dps": None}, NONE),
    (people.TimeInverted, 0.0, {"inverted_s": 630.0}, RETURN),
    (angle.OverAngle, 0.5, {"high_deg": 62.01, "rate_dps": 0.5}, EMERGENCY),
    (angle.Switches, 0.1, {"telemetry": None}, NONE),
    (angle.Switches, 0.1, {"high_deg": None, "inputs": ALL_WELL | Input.INVERTED_SWITCH}, NONE),
    (angle.Switches, 0.1, {"angle_deg": None, "inputs": ALL_WELL | Input.INVERTED_SWITCH}, NONE),
]


@pytest.mark.parametrize(("kind", "held_s", "changes", "expected"), EDGES)
def test_edge(kind: type[Monitor], held_s: float, changes: dict[str, Any], expected: Response) -> None:
    assert response(kind(), held_s, **changes) is expected


WRONG: list[tuple[type[Monitor], dict[str, Any]]] = [
    (motion.Overspeed, {"rate_dps": 5.0}),
    (motion.Following, {"rate_dps": 4.1, "expected_dps": 2.0, "command_dps": 2.0}),
    (drive.Energy, {"bus_v": 19.0}),
    (people.HandSwitch, {"inputs": ALL_WELL ^ Input.HAND_SWITCH_NO}),
    (people.AnkleLatch, {"inputs": ALL_WELL ^ Input.ANKLE_LATCH_NO}),
    (angle.AngleAgreement, {"disagreement_deg": 4.0}),
    (angle.OverAngle, {"high_deg": 63.0, "rate_dps": 1.0}),
    (angle.Switches, {"inputs": ALL_WELL | Input.UPRIGHT_SWITCH}),
]


@pytest.mark.parametrize(("kind", "changes"), WRONG)
def test_what_is_over_for_long_is_forgotten(kind: type[Monitor], changes: dict[str, Any]) -> None:
    monitor, wrong, well = kind(), view_of(changes), view_of({})
    wrong.now_s = 7.0
    monitor.check(wrong)
    for well.now_s in (7.1, 7.2, 7.3):
        assert monitor.check(well) is NONE
    wrong.now_s = 20.0
    monitor.check(wrong)
    assert monitor.since_s(wrong) == 20.0


def test_a_condition_counts_from_when_it_was_seen_and_flickering_does_not_hide_it() -> None:
    since = Since()
    assert since.held_s(False, 5.0) == -1.0
    assert since.held_s(True, 5.0) == 0.0
    assert since.held_s(True, 5.1) == pytest.approx(0.1, abs=1e-5)
    assert since.held_s(False, 5.2) == -1.0
    assert since.held_s(True, 5.3) == pytest.approx(0.15, abs=1e-5), "half of the break was forgotten"


def test_a_stop_that_was_just_ordered_gets_its_chance() -> None:
    monitor = motion.Following()
    assert response(monitor, 0.14, rate_dps=4.1, expected_dps=2.0, command_dps=2.0) is NONE
    view = view_of({"rate_dps": 4.1, "expected_dps": 2.0, "command_mode": HOLD})
    for tick in range(15, 22):
        view.now_s = tick / 100.0
        assert monitor.check(view) is NONE
    view.now_s = 0.23
    assert monitor.check(view) is TORQUE_OFF


def test_the_ramp_of_a_stop_begins_at_the_rate_that_it_had() -> None:
    monitor = motion.StopTime()
    view = view_of({"rate_dps": -4.0, "command_mode": HOLD})
    monitor.check(view)
    view.angles.rate_dps = 2.1
    for tick in range(1, 80):
        view.now_s = tick / 100.0
        assert monitor.check(view) is NONE
    view.now_s = 0.81
    assert monitor.check(view) is TORQUE_OFF


@pytest.mark.parametrize(
    ("mode", "changes", "held_s", "believed"),
    [
        (OFF, {}, 0.69, True),
        (OFF, {}, 0.71, False),
        (OFF, {"status": Status.BRAKE_CLOSED}, 2.0, True),
        (OFF, {"telemetry": None}, 2.0, True),
        (MOVE, {}, 2.0, True),
    ],
)
def test_a_brake_that_never_says_closed_without_power_is_not_believed(
    mode: CommandMode, changes: dict[str, Any], held_s: float, believed: bool
) -> None:
    monitor = motion.StopTime()
    response(monitor, held_s, command_mode=mode, **changes)
    said, view = NONE, view_of({"command_mode": HOLD})
    for tick in range(80):
        view.now_s = 10.0 + tick / 100.0
        said = monitor.check(view)
    assert (said is TORQUE_OFF) == believed


@pytest.mark.parametrize(
    ("made_dps", "expected_dps", "expected"),
    [(3.0, 1.0, STOP), (2.3, 1.0, NONE), (-3.0, -1.0, STOP), (1.15, 3.0, STOP), (1.25, 3.0, NONE), (-1.1, 0.0, STOP)],
)
def test_the_distance_made_is_compared_with_the_one_expected(
    made_dps: float, expected_dps: float, expected: Response
) -> None:
    monitor, view, said = motion.Progress(), view_of({"expected_dps": expected_dps}), []
    for tick in range(151):
        view.now_s = 7.0 + tick / 100.0
        view.angles.angle_deg = 30.0 + made_dps * tick / 100.0
        said.append(monitor.check(view))
    assert said == [NONE] * 150 + [expected]
    assert monitor.since_s(view) == 7.0


@pytest.mark.parametrize(("gap_s", "expected"), [(0.24, STOP), (0.25, STOP), (0.26, NONE)])
def test_what_was_told_before_a_gap_is_compared_with_nothing(gap_s: float, expected: Response) -> None:
    """A drive that hears nobody stops by itself: a host that stalled for 13 s took that for an obstacle (VESC, 680)."""
    monitor, view = motion.Progress(), view_of({"expected_dps": -3.0, "angle_deg": 30.0})
    for tick in range(100):
        view.now_s = 7.0 + tick / 100.0
        assert monitor.check(view) is NONE
    view.now_s, view.dt_s = view.now_s + gap_s, gap_s
    assert monitor.check(view) is NONE
    view.now_s, view.dt_s = 8.5, 0.01
    assert monitor.check(view) is expected


def test_an_angle_that_is_no_more_over_the_limit_is_let_go() -> None:
    monitor, view = angle.OverAngle(), view_of({"high_deg": 63.0, "rate_dps": 1.0})
    assert monitor.check(view) is EMERGENCY
    view.now_s, view.angles.high_deg = 0.01, 60.0
    assert monitor.check(view) is NONE


def test_each_way_out_is_weighed_anew() -> None:
    monitor = drive.RiderLoad()
    assert response(monitor, 3.0, **OUTWARD, current_a=4.1) is RETURN
    assert response(monitor, 0.0, upright=True) is NONE
    assert response(monitor, 1.98, **OUTWARD, current_a=4.1) is NONE
    assert response(monitor, 0.02, **OUTWARD, current_a=4.1) is RETURN


@pytest.mark.requirement("REQ-MON-RIDER-LOAD")
@pytest.mark.parametrize(
    ("surge_a", "rate_dps", "expected"),
    [(-20.0, 2.0, NONE), (0.0, 2.0, NONE), (-20.0, -3.0, NONE), (4.0, 2.0, NONE)],
)
def test_a_drive_that_runs_away_is_not_taken_for_a_heavy_head(
    surge_a: float, rate_dps: float, expected: Response
) -> None:
    """What it pushes with for the last tenth of a second of the test says nothing of the rider."""
    limits = narrow(MACHINE, {"balance_low_a": 0.45}, "table")
    monitor, well = drive.RiderLoad(), {**OUTWARD, "limits": limits}
    assert response(monitor, 1.88, **well, current_a=0.7) is NONE
    assert response(monitor, 0.2, **{**well, "rate_dps": rate_dps}, current_a=surge_a) is expected
    assert response(monitor, 0.2, **well, current_a=0.7) is expected, "the test is over, and the rider is set up right"


@pytest.mark.requirement("REQ-MON-RIDER-LOAD")
@pytest.mark.parametrize("after_s", [0.3, 1.5])
def test_a_current_that_leaps_for_a_tenth_of_a_second_is_weighed_as_no_more_than_a_step(after_s: float) -> None:
    limits = narrow(MACHINE, {"balance_low_a": 0.45}, "table")
    monitor, well = drive.RiderLoad(), {**OUTWARD, "limits": limits, "rate_dps": 0.5}
    assert response(monitor, after_s, **well, current_a=0.7) is NONE
    assert response(monitor, 0.1, **well, current_a=-20.0) is NONE
    assert response(monitor, 2.0, **well, current_a=0.7) is NONE


def in_pieces(monitor: drive.RiderLoad, mean_a: float, pieces: int) -> Response:
    """Half a second each: more current to start a piece than to end it, and none while the brake opens."""
    limits = narrow(MACHINE, {"balance_low_a": 0.45}, "table")
    said = NONE
    for _ in range(pieces):
        for current_a, rate_dps, command_dps, ticks in (
            (0.0, 0.0, 0.5, 5),
            (mean_a + 1.0, 0.5, 1.0, 25),
            (mean_a - 1.0, 0.5, 0.5, 25),
            (0.0, 0.0, 0.0, 30),
        ):
            view = view_of({"current_a": current_a, "rate_dps": rate_dps, "command_dps": command_dps, "limits": limits})
            for _ in range(ticks):
                said = monitor.check(view)
    return said


@pytest.mark.requirement("REQ-MON-RIDER-LOAD")
@pytest.mark.parametrize(
    ("mean_a", "pieces", "expected"),
    [(0.44, 9, RETURN), (0.46, 9, NONE), (4.1, 9, RETURN), (3.9, 9, NONE), (0.44, 7, NONE)],
)
def test_a_way_out_in_pieces_passes_no_balance_test(mean_a: float, pieces: int, expected: Response) -> None:
    assert in_pieces(drive.RiderLoad(), mean_a, pieces) is expected


@pytest.mark.requirement("REQ-MON-RIDER-LOAD")
def test_a_rider_is_weighed_once_on_a_way_out_in_pieces() -> None:
    monitor = drive.RiderLoad()
    assert in_pieces(monitor, 3.9, 9) is NONE
    assert in_pieces(monitor, 9.0, 9) is NONE
