"""What the gate derives from each frame, and every field of the commands that it gives."""

import math
from typing import Any

import pytest

from safety.layer import SafetyState, _bounds, _take_stock, step
from safety.returning import Returning, emergency_return
from safety.signals import CommandMode, Input, MotionRequest, Response, SafeCommand, Status, Telemetry
from safety.supervisor import Supervisor
from safety.view import View
from tests.safety.kinematic_table import ALL_WELL, TABLE, KinematicTable
from tests.safety.views import view_of

pytestmark = pytest.mark.requirement("REQ-ENV-GATE")
MOVE, HOLD, OFF = CommandMode.MOVE, CommandMode.HOLD, CommandMode.TORQUE_OFF


def stepped(state: SafetyState, now_s: float, frame: Telemetry | None = None, late_s: float = 0.0) -> SafetyState:
    step(state, now_s, frame, None, late_s, MotionRequest())
    return state


def test_until_the_first_command_the_limit_of_the_rate_is_that_of_motion_in_inversion() -> None:
    assert View(TABLE, TABLE, "hold-to-run").rate_limit_dps == TABLE.invert_rate_dps


def test_a_session_begins_as_it_is_told() -> None:
    assert SafetyState(TABLE, TABLE, "hold-to-run").view.screened is True
    assert SafetyState(TABLE, TABLE, "hold-to-run", screened=False).view.screened is False


@pytest.mark.parametrize(
    ("clock_s", "dt_s", "kept_s"),
    [
        (5.02, 0.02, 5.02),
        (5.0, 0.01, 5.0),
        (4.0, 0.01, 4.0),
        (99.0, 60.0, 99.0),
        (math.inf, 0.01, 5.01),
        (math.nan, 0.01, 5.01),
    ],
)
def test_time_passes_whatever_the_clock_says(clock_s: float, dt_s: float, kept_s: float) -> None:
    state = stepped(stepped(SafetyState(TABLE, TABLE, "hold-to-run"), 5.0), clock_s)
    assert state.view.dt_s == pytest.approx(dt_s)
    assert state.view.clock_s == pytest.approx(kept_s)
    assert state.view.now_s == pytest.approx(0.01 + dt_s)


@pytest.mark.parametrize(
    ("late_s", "passed_s", "counted_s"), [(0.0, 0.05, 0.04), (0.2, 0.05, 0.2), (math.nan, 0.05, 0.04)]
)
def test_a_tick_is_as_late_as_the_worse_of_two_says(late_s: float, passed_s: float, counted_s: float) -> None:
    state = stepped(stepped(SafetyState(TABLE, TABLE, "hold-to-run"), 5.0), 5.0 + passed_s, late_s=late_s)
    assert state.view.late_s == pytest.approx(counted_s)


def test_the_first_tick_is_one_period_whatever_the_clock_begins_with() -> None:
    assert stepped(SafetyState(TABLE, TABLE, "hold-to-run"), 1e6).view.dt_s == 0.01


def test_every_field_of_a_command() -> None:
    table = KinematicTable()
    verdict = table.tick(MotionRequest(1.0))
    assert verdict.command is not None
    assert verdict.command.rate_dps == pytest.approx(0.02)
    assert verdict.command._replace(rate_dps=None) == SafeCommand(MOVE, None, 8.0, 1.0, 0)
    assert verdict.phase.name == "FREE"
    assert table.tick(MotionRequest(ask=Response.STOP)).command == SafeCommand(HOLD, None, 8.0, 1.0, 0, False)
    table.inputs &= ~Input.ESTOP_CHAIN
    assert table.tick().command == SafeCommand(OFF, None, 8.0, 1.0, 0, False)


def test_an_acknowledgement_that_takes_effect_is_told_to_the_board() -> None:
    table = KinematicTable()
    table.tick(MotionRequest(math.nan))
    table.run(0.5)
    assert table.tick(MotionRequest(acknowledge=True)).command == SafeCommand(HOLD, None, 8.0, 1.0, 0, True)


@pytest.mark.parametrize("bits", [1, 2])
def test_a_command_says_which_angle_is_lost(bits: int) -> None:
    table = KinematicTable()
    table.invert_to(-60.0)
    table.bend = lambda t: t._replace(encoder_deg=None) if bits == 1 else t._replace(inclinometer_deg=None)
    table.run(0.1)
    command = table.verdict.command
    assert command is not None
    assert (command.mode, command.lost_angles) == (MOVE, bits)
    hold = table.tick(MotionRequest(ask=Response.STOP)).command
    assert hold is not None
    assert (hold.mode, hold.lost_angles) == (HOLD, bits)


def test_a_recovery_creeps_with_reduced_torque() -> None:
    table = KinematicTable()
    table.invert_to(-50.0)
    table.tick(MotionRequest(math.nan))
    table.until(lambda: table.phase == "CREEPING", 5.0)
    command = table.tick().command
    assert command is not None
    assert (command.mode, command.torque_fraction) == (MOVE, TABLE.creep_torque_fraction)
    assert table.state.view.rate_limit_dps == TABLE.creep_upright_rate_dps


@pytest.mark.parametrize(("rate_dps", "standing"), [(0.19, True), (0.2, False), (-0.19, True), (-0.2, False)])
def test_standing_is_slower_than_a_fifth_of_a_degree_a_second(rate_dps: float, standing: bool) -> None:
    table = KinematicTable()
    table.bend = lambda t: t._replace(rate_dps=rate_dps)
    table.tick()
    assert (table.state.view.standing_s > 0.0) == standing
    table.bend = lambda t: t._replace(rate_dps=1.0)
    table.tick()
    assert table.state.view.standing_s == 0.0


@pytest.mark.parametrize(("angle_deg", "upright"), [(-73.0, True), (-72.9, False)])
def test_upright_is_within_two_degrees_of_boarding(angle_deg: float, upright: bool) -> None:
    assert KinematicTable(angle_deg).state.view.upright == upright


@pytest.mark.parametrize(
    ("encoder_deg", "inclinometer_deg", "switch", "upright"),
    [
        (-73.1, -72.0, False, True),
        (-73.1, -71.9, False, False),
        (-73.1, -71.9, True, True),
        (-72.9, -73.6, True, False),
    ],
)
def test_upright_by_one_angle_is_seconded_by_the_other_one_or_by_the_switch(
    encoder_deg: float, inclinometer_deg: float, switch: bool, upright: bool
) -> None:
    """Seed 7, session 5924: an encoder that counted backward called a table upright that had left it."""
    table = KinematicTable(-72.8)
    inputs = ALL_WELL | (Input.UPRIGHT_SWITCH if switch else 0)
    table.bend = lambda t: t._replace(encoder_deg=encoder_deg, inclinometer_deg=inclinometer_deg, inputs=inputs)
    table.tick()
    assert table.state.view.upright == upright


@pytest.mark.parametrize(
    ("switch", "angle_deg", "upright"), [(True, -61.0, True), (True, -59.0, False), (False, -75.0, False)]
)
def test_with_one_angle_lost_the_switch_is_believed_near_upright(switch: bool, angle_deg: float, upright: bool) -> None:
    table = KinematicTable(angle_deg)
    inputs = ALL_WELL | (Input.UPRIGHT_SWITCH if switch else 0)
    table.bend = lambda t: t._replace(inclinometer_deg=None, inputs=inputs)
    for _ in range(5):
        table.tick()
    assert table.state.view.upright == upright


@pytest.mark.parametrize(("angle_deg", "inverted"), [(0.5, False), (0.6, True)])
def test_the_time_in_inversion_is_counted_above_horizontal(angle_deg: float, inverted: bool) -> None:
    table = KinematicTable(angle_deg)
    table.tick()
    assert table.state.view.inverted == inverted
    assert table.state.view.inverted_s == pytest.approx(0.02 if inverted else 0.0)


@pytest.mark.parametrize(
    ("facts", "charged"),
    [
        ({"best_deg": 20.0}, True),
        ({"best_deg": -20.0, "charged": True}, False),
        ({"best_deg": -20.0, "charged": True, "lost_angles": 1}, True),
        ({"best_deg": -20.0, "charged": True, "lost_angles": 2}, True),
        ({"best_deg": -20.0, "lost_angles": 1}, False),
        ({"best_deg": None, "charged": True, "lost_angles": 3}, True),
        ({"best_deg": None, "charged": True}, True),
        ({"best_deg": None}, False),
        ({"best_deg": -74.0, "charged": True, "lost_angles": 1, "inputs": Input.UPRIGHT_SWITCH}, False),
    ],
)
def test_a_rider_is_charged_while_inverted_or_perhaps_still_inverted(facts: dict[str, Any], charged: bool) -> None:
    view = view_of({"charged_s": 5.0, **facts})
    _take_stock(view)
    assert view.charged is charged
    assert view.charged_s == pytest.approx(5.01 if charged else 5.0)


@pytest.mark.parametrize(("from_deg", "counts"), [(20.0, True), (-20.0, False)])
def test_a_rider_who_was_inverted_when_an_angle_was_lost_is_charged_until_upright(
    from_deg: float, counts: bool
) -> None:
    table = KinematicTable(from_deg)
    table.run(1.0)
    table.bend = lambda t: t._replace(inclinometer_deg=None)
    table.run(1.0)
    assert table.state.view.angles.lost_angles
    table.until(lambda: table.angle_deg < -50.0, 60.0)
    view = table.state.view
    assert view.inverted_s < 12.0
    assert view.charged_s == (pytest.approx(view.now_s, abs=0.05) if counts else 0.0)
    table.until(lambda: view.upright, 60.0)
    charged_s = view.charged_s
    table.run(1.0)
    assert view.charged_s == charged_s


def test_with_both_angles_a_rider_is_charged_for_what_they_say() -> None:
    table = KinematicTable(20.0)
    table.run(1.0)
    table.tick(MotionRequest(ask=Response.RETURN))
    table.until(lambda: table.angle_deg < -50.0, 90.0)
    assert table.state.view.charged_s == table.state.view.inverted_s > 1.0


def test_a_rate_is_steady_while_it_is_constant_and_not_zero() -> None:
    table = KinematicTable()
    table.run(0.2, MotionRequest(0.0))
    assert table.state.view.steady_s == 0.0
    table.run(0.3, MotionRequest(0.5))
    assert table.state.view.steady_s == pytest.approx(0.05)
    table.run(0.5, MotionRequest(0.5))
    assert table.state.view.steady_s == pytest.approx(0.55)
    table.run(0.01, MotionRequest(0.4))
    assert table.state.view.steady_s == 0.0


def test_sending_counts_from_the_last_silence_and_from_the_last_late_tick() -> None:
    table = KinematicTable()
    before_s = table.state.view.sending_s
    table.run(0.5)
    assert table.state.view.sending_s == pytest.approx(before_s + 0.5)
    table.late_s = 0.11
    table.tick()
    assert table.state.view.sending_s == 0.0
    table.late_s = 0.0
    table.run(0.1)
    assert table.state.view.sending_s == pytest.approx(0.1)
    table.silent = True
    table.run(0.2)
    assert table.state.view.sending_s == 0.0
    assert table.state.view.heard_s == 0.0


def test_after_a_silence_away_from_upright_the_board_is_left_to_itself_for_half_a_second() -> None:
    table = KinematicTable()
    table.invert_to(-50.0)
    table.silent = True
    table.run(0.2)
    table.silent = False
    silent_s = table.until(lambda: table.verdict.command is not None, 1.0)
    assert silent_s == pytest.approx(0.51, abs=0.011)


def test_where_the_table_came_to_rest_is_kept_while_it_is_told_to_stand() -> None:
    table = KinematicTable()
    table.invert_to(-60.0)
    view = table.state.view
    table.tick(MotionRequest(0.5))
    assert view.held_low_deg is None
    table.run(1.0, MotionRequest(ask=Response.STOP))
    kept = view.held_low_deg
    assert kept == pytest.approx(table.angle_deg, abs=0.001)
    table.angle_deg += 0.3
    table.run(0.1, MotionRequest(ask=Response.STOP))
    assert (view.held_low_deg, view.held_high_deg) == (kept, kept)


def test_a_request_to_recover_counts_once_and_not_beside_a_stop() -> None:
    table = KinematicTable()
    told = []
    for recover, ask in [(True, Response.STOP), (False, Response.NONE), (True, Response.NONE), (True, Response.NONE)]:
        table.tick(MotionRequest(recover=recover, ask=ask))
        told.append(table.state.view.recover)
    assert told == [False, False, True, False]


def test_what_the_board_does_on_its_own_is_compared_with_no_command() -> None:
    table = KinematicTable()
    table.run(1.0, MotionRequest(2.0))
    table.status = Status.DEAD_HOST_RETURN
    table.bend = lambda t: t._replace(rate_dps=-3.0)
    step(table.state, table.now_s + 0.01, table.frame(), table.config, 0.0, MotionRequest())
    angles = table.state.view.angles
    assert angles.expected_dps == -3.0
    assert table.state.view.rate_limit_dps >= TABLE.emergency_rate_dps


@pytest.mark.parametrize(("angle_deg", "rate_dps"), [(-40.0, -2.0), (20.0, -3.0)])
def test_the_way_up_is_slower_with_the_head_up(angle_deg: float, rate_dps: float) -> None:
    table = KinematicTable()
    table.invert_to(angle_deg, 3.0)
    table.run(2.0, MotionRequest(-8.0))
    assert table.rate_dps == pytest.approx(rate_dps)


@pytest.mark.parametrize(("drive_dps", "upright_dps"), [(-8.0, TABLE.head_up_rate_dps), (-1.0, 2.0), (3.0, 2.0)])
def test_a_return_of_a_rider_whom_no_angle_ever_showed_is_not_faster_than_head_up(
    drive_dps: float, upright_dps: float
) -> None:
    """They may be head-up already: what is too fast for that is braked."""
    view, supervisor = view_of({"best_deg": None, "low_deg": None, "high_deg": None, "angle_deg": None}), Supervisor()
    assert view.telemetry is not None
    view.command_mode, view.angles.rate_dps = None, drive_dps
    view.telemetry = view.telemetry._replace(rate_dps=drive_dps)
    supervisor.returning = Returning(emergency_return(TABLE), view)
    assert _bounds(view, supervisor).upright_rate_dps == upright_dps


@pytest.mark.parametrize(
    ("by_angle", "by_drive", "turning_dps"),
    [
        (-2.9, -2.0, -2.0),
        (-2.0, -2.9, -2.0),
        (-2.0, 2.0, 0.0),
        (0.0, -2.0, 0.0),
        (-2.9, None, -2.9),
        (-2.9, math.nan, -2.9),
        (None, -2.0, 1.5),
    ],
)
def test_a_motion_is_taken_over_with_the_smaller_of_two_rates(
    by_angle: float | None, by_drive: float | None, turning_dps: float
) -> None:
    """Without the encoder an angle's noise made a rate of 2.9 deg/s head-up of one of 2."""
    view = view_of({"command_dps": 1.5})
    assert view.telemetry is not None
    view.telemetry = view.telemetry._replace(rate_dps=by_drive)
    view.angles.rate_dps = by_angle
    assert view.turning_dps == turning_dps
    view.telemetry = view.telemetry._replace(status=Status.BRAKE_CLOSED)
    assert view.turning_dps == 0.0
    view.telemetry = None
    assert view.turning_dps == (1.5 if by_angle is None else by_angle)
