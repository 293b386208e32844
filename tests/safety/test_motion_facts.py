"""Single facts of the monitors of motion and of the drive: which rate counts, which threshold, and who is doubted."""

from typing import Any

import pytest

from safety.limits import narrow
from safety.monitors import drive, link, motion
from safety.monitors.motion import TILT_MARGIN_DPS
from safety.signals import CommandMode, Equipment, Response, Status
from safety.view import View
from tests.safety.kinematic_table import TABLE
from tests.safety.views import CONFIG, WELL, response, view_of

NONE, RETURN, STOP, TORQUE_OFF = Response.NONE, Response.RETURN, Response.STOP, Response.TORQUE_OFF
MOVE, HOLD = CommandMode.MOVE, CommandMode.HOLD
TILTING_DPS = TABLE.head_up_rate_dps + TILT_MARGIN_DPS
FAST_DPS = TABLE.overspeed_factor * TABLE.invert_rate_dps + TABLE.overspeed_offset_dps


@pytest.mark.requirement("REQ-MON-OVERSPEED")
@pytest.mark.parametrize(
    ("changes", "noise_deg", "shown"),
    [
        ({"rate_dps": -1.0, "table_rate_dps": 3.0, "parting": True}, 0.0, "3.0"),
        ({"rate_dps": -1.0, "table_rate_dps": 3.0, "parting": True}, 0.05, "2.0"),
        ({"rate_dps": -1.0, "table_rate_dps": 3.0, "parting": False}, 0.0, "1.0"),
        ({"rate_dps": 0.0, "table_rate_dps": None, "parting": True}, 0.0, "0.0"),
        ({"rate_dps": None, "table_rate_dps": None, "parting": False}, 0.0, "0.0"),
    ],
)
def test_the_table_counts_where_it_parts_from_its_motor_as_far_as_its_noise_lets_it(
    changes: dict[str, Any], noise_deg: float, shown: str
) -> None:
    view = view_of(changes)
    view.angles.inclinometer.noise_deg = noise_deg
    assert motion.Overspeed().detail(view).startswith(f"rate {shown} deg/s")


def too_fast(encoder_lost: str = "", noise_deg: float = 0.0, **changes: Any) -> Response:
    """What is said of a rate that lasts a little longer than ``overspeed_s``."""
    monitor, said = motion.Overspeed(), NONE
    view = view_of(changes)
    view.angles.encoder.lost, view.angles.inclinometer.noise_deg = encoder_lost, noise_deg
    for tick in range(5):
        view.now_s = tick / 100.0
        said = monitor.check(view)
    return said


@pytest.mark.requirement("REQ-MON-OVERSPEED")
@pytest.mark.parametrize(
    ("best_deg", "rate_dps", "said"),
    [
        (-1.5, -TILTING_DPS - 0.25, STOP),
        (-1.5, -TILTING_DPS, NONE),
        (-1.0, -TILTING_DPS - 0.25, NONE),  # at horizontal it comes from the fast part of a return
        (-1.5, TILTING_DPS + 0.25, NONE),  # the other way
        (30.0, -TILTING_DPS - 0.25, NONE),
        (None, -TILTING_DPS - 0.25, NONE),
    ],
)
def test_little_is_added_to_the_rate_at_which_a_rider_is_tilted_upright(
    best_deg: float | None, rate_dps: float, said: Response
) -> None:
    assert too_fast(best_deg=best_deg, rate_dps=rate_dps) is said


@pytest.mark.requirement("REQ-MON-OVERSPEED")
@pytest.mark.parametrize(("above_dps", "said"), [(0.49, NONE), (0.51, STOP)])
def test_half_a_degree_a_second_is_added_to_the_slowest_rate_of_a_session_and_no_more(
    above_dps: float, said: Response
) -> None:
    limits = narrow(TABLE, {"head_up_rate_dps": 0.2}, "table")
    assert too_fast(limits=limits, best_deg=-20.0, rate_dps=-0.2 - above_dps) is said


@pytest.mark.requirement("REQ-MON-OVERSPEED")
@pytest.mark.parametrize("rate_dps", [0.0, 0.5])
def test_a_motor_that_tilts_nobody_upright_is_not_judged_as_if_it_did(rate_dps: float) -> None:
    told: dict[str, Any] = {"best_deg": -20.0, "rate_dps": rate_dps, "table_rate_dps": -3.0, "parting": True}
    assert too_fast(**told) is NONE
    assert too_fast(**told | {"rate_dps": -0.5}) is STOP


@pytest.mark.requirement("REQ-MON-OVERSPEED")
@pytest.mark.parametrize(
    ("lost", "noise_deg", "said"),
    [("", 0.05, STOP), ("no value", 0.05, NONE), ("no value", 0.02, STOP), ("no value", 0.0, STOP)],
)
def test_a_rate_from_an_angle_may_be_off_by_its_noise_and_no_more(lost: str, noise_deg: float, said: Response) -> None:
    assert too_fast(lost, noise_deg, best_deg=-20.0, rate_dps=-TILTING_DPS - 0.5) is said


@pytest.mark.requirement("REQ-MON-OVERSPEED")
def test_as_fast_as_the_threshold_is_not_too_fast() -> None:
    monitor, view = motion.Overspeed(), view_of({"rate_dps": FAST_DPS + 0.25})
    monitor.check(view)
    view.angles.rate_dps = FAST_DPS
    for tick in range(1, 6):
        view.now_s = tick / 100.0
        assert monitor.check(view) is NONE


DOUBTS: list[tuple[float | None, float, bool]] = [
    (2.0, 0.0, True),  # the motor turns as told, the angle stands
    (2.0, 1.5, True),  # or falls behind
    (2.0, 0.2, True),
    (2.0, 2.0, False),
    (2.0, 2.5, False),
    (2.9, 0.0, True),
    (3.0, 0.0, False),  # it turns much faster than told: its rate is noise
    (2.0, -0.05, True),
    (2.0, -0.1, False),  # it goes the other way: it may be the only one that sees it
    (2.0, -1.0, False),
    (1.01, 0.0, True),
    (1.0, 0.0, False),  # the motor is held as well
    (0.4, 0.0, False),
    (-2.0, 0.0, False),
    (float("nan"), 0.0, False),
    (None, 0.0, False),
]


@pytest.mark.parametrize("told_dps", [2.0, -2.0])
@pytest.mark.parametrize(("motor_dps", "made_dps", "doubted"), DOUBTS)
def test_the_last_angle_is_doubted_where_it_falls_behind_a_motor_that_turns_as_told(
    motor_dps: float | None, made_dps: float, doubted: bool, told_dps: float
) -> None:
    side = told_dps / 2.0
    view = view_of({"expected_dps": told_dps})
    angles = view.angles
    assert view.telemetry is not None
    view.telemetry = view.telemetry._replace(rate_dps=None if motor_dps is None else motor_dps * side)
    angles.rate_dps = made_dps * side
    motion.Following().on_trip(view)
    assert not angles.inclinometer.lost, "there is another angle yet"
    angles.encoder.lost = "no value"
    motion.Following().on_trip(view)
    assert bool(angles.inclinometer.lost) is doubted


def moved_in_a_window(made_deg: float, expected_deg: float, **changes: Any) -> tuple[motion.Progress, View, Response]:
    """What is said of so much motion in 1.5 s, all of which was expected in the middle of it."""
    monitor, view, said = motion.Progress(), view_of({"angle_deg": 0.0, "dt_s": 0.125, **changes}), NONE
    for tick in range(13):
        view.now_s, view.angles.expected_dps = tick * 0.125, expected_deg if 1 <= tick <= 8 else 0.0
        view.angles.angle_deg = made_deg if tick == 12 else 0.0
        said = monitor.check(view)
    return monitor, view, said


@pytest.mark.requirement("REQ-MON-PROGRESS")
@pytest.mark.parametrize(
    ("made_deg", "expected_deg", "said"),
    [
        (0.0, 1.0, NONE),
        (0.0, 1.0625, STOP),
        (0.8, 2.0, NONE),  # 40 % of it
        (0.79, 2.0, STOP),
        (-0.8, -2.0, NONE),
        (1.5, 0.0, NONE),
        (1.5625, 0.0, STOP),
        (-1.5625, 0.0, STOP),
    ],
)
def test_progress_is_on_its_edge_what_it_should_be(made_deg: float, expected_deg: float, said: Response) -> None:
    assert moved_in_a_window(made_deg, expected_deg)[2] is said


@pytest.mark.parametrize(
    ("made_deg", "expected_deg", "doubted"),
    [(0.0, 3.0, True), (0.9, 3.0, True), (-0.14, 3.0, True), (-0.2, 3.0, False), (0.14, -3.0, True)],
)
def test_the_last_angle_is_doubted_too_where_it_makes_no_progress(
    made_deg: float, expected_deg: float, doubted: bool
) -> None:
    monitor, view, said = moved_in_a_window(made_deg, expected_deg)
    assert said is STOP
    view.telemetry = WELL._replace(rate_dps=expected_deg / 1.5)
    view.angles.encoder.lost = "no value"
    monitor.on_trip(view)
    assert bool(view.angles.inclinometer.lost) is doubted


def test_a_table_told_to_stand_in_a_tick_without_a_frame_is_watched_from_then_on() -> None:
    monitor, view = motion.StopTime(), view_of({"fresh": False})
    monitor.check(view)
    view.command_mode = HOLD
    said = []
    for tick in range(74):
        view.now_s, view.fresh = tick / 100.0, tick > 0
        said.append(monitor.check(view))
    assert [one is TORQUE_OFF for one in said] == [False] * 70 + [True] * 4
    assert said[0] is NONE


@pytest.mark.requirement("REQ-MON-STOP-TIME")
def test_a_brake_that_a_board_opened_while_no_host_was_heard_has_the_time_to_close_again() -> None:
    monitor, view = motion.StopTime(), view_of({"command_mode": HOLD})
    closed = view.telemetry
    assert closed is not None
    opened = closed._replace(status=closed.status & ~Status.BRAKE_CLOSED)
    said = []
    for tick in range(1000):
        view.now_s = tick / 100.0
        view.telemetry = opened if 400 <= tick < 470 or tick >= 900 else closed._replace(status=Status.BRAKE_CLOSED)
        said.append(monitor.check(view))
    assert [tick for tick, one in enumerate(said) if one is TORQUE_OFF] == [*range(970, 1000)]


@pytest.mark.requirement("REQ-MON-STOP-TIME")
@pytest.mark.parametrize(
    ("lost", "noise_deg", "rate_dps", "said"),
    [
        ("", 0.1, 2.1, TORQUE_OFF),
        ("no value", 0.1, 2.1, NONE),
        ("no value", 0.1, -3.9, NONE),
        ("no value", 0.1, 4.1, TORQUE_OFF),
        ("no value", 0.0, 2.1, TORQUE_OFF),
    ],
)
def test_a_table_that_stands_is_not_taken_to_turn_by_the_noise_of_its_last_angle(
    lost: str, noise_deg: float, rate_dps: float, said: Response
) -> None:
    """On its closed brake, with the encoder lost, one frame in thousands gave a rate of 2.1 deg/s: a rider given up."""
    monitor = motion.StopTime()
    view = view_of({"rate_dps": rate_dps, "command_mode": HOLD, "status": Status.BRAKE_CLOSED})
    view.angles.encoder.lost, view.angles.inclinometer.noise_deg = lost, noise_deg
    last = NONE
    for tick in range(250):
        view.now_s = tick / 100.0
        last = monitor.check(view)
    assert last is said


def loaded(monitor: drive.ReverseOnLoad, now_s: float, current_a: float, **changes: Any) -> Response:
    view = view_of({"steady_s": 0.5, "command_dps": 0.5, "now_s": now_s, "current_a": current_a, **changes})
    return monitor.check(view)


@pytest.mark.requirement("REQ-REC-BACK-OFF")
@pytest.mark.parametrize(
    ("command_dps", "current_a", "said"), [(0.5, 4.0, STOP), (0.5, -4.0, NONE), (-0.5, -4.0, STOP)]
)
def test_a_load_is_what_the_motor_pushes_against_the_way_that_it_goes(
    command_dps: float, current_a: float, said: Response
) -> None:
    monitor = drive.ReverseOnLoad()
    loaded(monitor, 0.0, 0.0, command_dps=command_dps)
    told = [loaded(monitor, tick / 100.0, current_a, command_dps=command_dps) for tick in range(1, 12)]
    assert told[-1] is said


def test_a_load_that_was_over_for_long_is_forgotten() -> None:
    monitor = drive.ReverseOnLoad()
    for now_s, current_a in [(7.0, 0.0), (7.01, 4.0), (7.1, 0.0), (7.2, 0.0), (20.0, 4.0)]:
        assert loaded(monitor, now_s, current_a) is NONE
    assert monitor.since_s(view_of({"now_s": 20.0})) == 20.0


def test_after_a_late_tick_the_baseline_is_the_load_and_not_more() -> None:
    monitor = drive.ReverseOnLoad()
    loaded(monitor, 0.0, 1.0)
    loaded(monitor, 2.0, 1.5, dt_s=2.0)
    loaded(monitor, 2.01, 1.5)
    assert monitor.detail(view_of({})).startswith("motor pushes with 0.0 A more")


@pytest.mark.requirement("REQ-MON-RIDER-LOAD")
def test_a_motor_that_stands_has_moved_no_piece_of_the_way() -> None:
    monitor = drive.RiderLoad()
    for rate_dps, said in ((0.2, NONE), (0.21, RETURN)):
        response(monitor, 5.0, rate_dps=rate_dps, command_dps=0.5, current_a=5.0)
        assert response(monitor, 0.0) is said


@pytest.mark.requirement("REQ-MON-RIDER-LOAD")
def test_four_seconds_in_pieces_are_enough_and_what_is_judged_stays_judged() -> None:
    monitor = drive.RiderLoad()
    outward = {"rate_dps": 0.5, "command_dps": 0.5}
    assert response(monitor, 0.0, **outward, dt_s=4.0, current_a=2.0) is NONE
    assert response(monitor, 0.0) is NONE
    assert response(monitor, 0.0, **outward, steady_s=1.0, current_a=900.0) is NONE
    monitor = drive.RiderLoad()
    response(monitor, 0.0, **outward, dt_s=4.0, current_a=5.0)
    assert response(monitor, 0.0) is RETURN


def test_a_motor_at_its_limit_is_not_tired_yet() -> None:
    assert response(drive.Duty(), 0.0, dt_s=300.0, current_a=TABLE.duty_current_a) is NONE
    assert response(drive.Duty(), 0.0, dt_s=300.0, current_a=TABLE.duty_current_a + 0.1) is RETURN


def test_a_silence_is_told_in_milliseconds() -> None:
    view = view_of({"silence_s": 2.5, "heard_s": 0.25})
    assert "no telemetry for 2500 ms, limit 100 ms; it came back 0.25 s ago" in link.Link().detail(view)


def test_the_parts_that_a_table_lacks_are_named_one_after_the_other() -> None:
    lacking = Equipment.ALL & ~(Equipment.HAND_SWITCH | Equipment.UPRIGHT_SWITCH)
    view = view_of({"config": CONFIG._replace(equipment=lacking)})
    said = "this table must not invert: it has no hand switch, no upright switch"
    assert link.BoardConfigured().detail(view) == said
