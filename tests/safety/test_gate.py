"""The gate's own steps, one at a time: what it takes from a frame, what bounds it sets, and what it commands."""

import math
from typing import Any

import pytest

from safety import layer
from safety.envelope import Bounds, nearest_safe_rate_dps
from safety.layer import SafetyState, step
from safety.limits import narrow
from safety.returning import Returning, creep
from safety.signals import (
    BOARD_WATCHDOG_S,
    BoardConfig,
    CommandMode,
    Input,
    Lost,
    MotionRequest,
    SafeCommand,
    Status,
    Telemetry,
)
from safety.supervisor import Phase, Supervisor
from safety.view import LONGEST_STEP_S, View
from tests.safety.kinematic_table import SESSION, TABLE
from tests.safety.views import CONFIG, WELL, view_of

pytestmark = pytest.mark.requirement("REQ-ENV-GATE")
MOVE, HOLD = CommandMode.MOVE, CommandMode.HOLD
LIMITS = TABLE


def asked(rate_dps: float | None, **changes: Any) -> View:
    """A view in which a rate is asked for."""
    return view_of({"request": MotionRequest(rate_dps), **changes})


def commanded(view: View, supervisor: Supervisor | None = None) -> SafeCommand:
    """What comes of it, with nothing in force unless a supervisor says so."""
    command = layer._command(view, supervisor or Supervisor())
    assert command is not None
    return command


def recovering(view: View) -> Supervisor:
    supervisor = Supervisor()
    supervisor._enter(Phase.CREEPING, view)
    supervisor.returning = Returning(creep(LIMITS), view)
    return supervisor


@pytest.mark.parametrize(
    ("age_s", "sends"), [(0.0, True), (LIMITS.link_age_s, True), (LIMITS.link_age_s + 1e-6, False), (None, False)]
)
def test_a_frame_is_new_enough_up_to_the_limit_of_the_link(age_s: float | None, sends: bool) -> None:
    assert (layer._command(asked(1.0, age_s=age_s), Supervisor()) is not None) is sends


def test_a_command_is_what_the_envelope_leaves_of_the_request_by_the_worst_angle_and_the_age() -> None:
    view = asked(3.0, low_deg=57.0, high_deg=58.0, command_dps=3.0, age_s=0.05)
    reaction_s, brake_dps2 = 0.01 + LIMITS.latency_s, LIMITS.brake_accel_dps2
    bounds = Bounds(-76.0, 60.0, 3.0, 3.0, LIMITS.accel_dps2, brake_dps2, reaction_s)
    margin_deg = LIMITS.angle_margin_deg + 3.0 * 0.05
    rate_dps = commanded(view).rate_dps
    assert rate_dps == nearest_safe_rate_dps(3.0, 3.0, 57.0, 58.0 + margin_deg, 0.01, bounds)
    nearer = nearest_safe_rate_dps(3.0, 3.0, 57.0, 59.9 + margin_deg, 0.01, bounds)
    assert commanded(asked(3.0, high_deg=59.9, command_dps=3.0, age_s=0.05)).rate_dps == nearer < 3.0


def test_the_older_a_frame_the_less_of_the_way_is_left() -> None:
    told: dict[str, Any] = {"high_deg": 59.2, "command_dps": 2.9, "dt_s": 0.05}
    new, old = (commanded(asked(3.0, **told, age_s=age_s)).rate_dps for age_s in (0.0, 0.1))
    assert new is not None
    assert old is not None
    assert old < new < 2.9


def test_a_late_tick_changes_the_rate_by_no_more_than_the_longest_step() -> None:
    late, longest = (commanded(asked(3.0, dt_s=dt_s)).rate_dps for dt_s in (0.2, LONGEST_STEP_S))
    assert late == longest == LIMITS.accel_dps2 * LONGEST_STEP_S


def test_what_is_on_the_way_to_the_drive_is_counted() -> None:
    bounds = layer._bounds(asked(1.0), Supervisor())
    assert bounds.reaction_s == pytest.approx(0.01 + LIMITS.latency_s)
    assert (bounds.lower_deg, bounds.upper_deg) == (-76.0, 60.0)


def test_blind_nothing_moves_toward_inversion_and_a_return_goes_on_wherever_dead_reckoning_is() -> None:
    assert commanded(asked(2.0, angle_deg=None)).rate_dps == 0.0
    view = asked(None, angle_deg=None, best_deg=-120.0, low_deg=-120.0, high_deg=-120.0, lost_angles=3)
    view.command_dps, view.angles.rate_dps = -1.0, None
    rate_dps = commanded(view, recovering(view)).rate_dps
    assert rate_dps is not None
    assert rate_dps < -1.0


def test_a_command_says_which_angle_is_lost() -> None:
    assert commanded(asked(-1.0, lost_angles=Lost.INCLINOMETER)).lost_angles == Lost.INCLINOMETER


def test_a_recovery_has_less_torque_and_what_is_asked_for_has_all() -> None:
    view = asked(-1.0)
    assert commanded(view).torque_fraction == 1.0
    assert commanded(view, recovering(view)).torque_fraction == LIMITS.creep_torque_fraction < 1.0


@pytest.mark.parametrize(
    ("command_dps", "invert_dps", "upright_dps"), [(-5.0, 0.0, 5.0), (0.5, 0.5, None), (-0.1, 0.0, None)]
)
def test_a_return_begins_with_the_rate_in_force(
    command_dps: float, invert_dps: float, upright_dps: float | None
) -> None:
    view = asked(None, command_dps=command_dps)
    supervisor = recovering(view)
    assert supervisor.returning is not None
    bounds = layer._bounds(view, supervisor)
    assert bounds.invert_rate_dps == invert_dps
    assert bounds.upright_rate_dps == (supervisor.returning.pace.rate_dps if upright_dps is None else upright_dps)


def test_by_the_lower_angle_head_up_nothing_is_as_fast_as_in_inversion() -> None:
    """The other one may be that of an encoder that drifts in the drive's own loop."""
    view = asked(-3.0, head_up=True, command_dps=-3.0)
    assert layer._bounds(view, Supervisor()).upright_rate_dps == LIMITS.head_up_rate_dps < LIMITS.upward_rate_dps
    supervisor = recovering(view)
    assert supervisor.returning is not None
    assert (
        layer._bounds(view, supervisor).upright_rate_dps == LIMITS.head_up_rate_dps < supervisor.returning.pace.rate_dps
    )
    view.limits = narrow(LIMITS, {"head_up_rate_dps": 0.5}, "slow")
    assert layer._bounds(view, supervisor).upright_rate_dps == supervisor.returning.plan.head_up.rate_dps
    layer._remember(view, Supervisor(), SafeCommand(MOVE, -0.3, 8.0, 1.0, 0))
    assert view.rate_limit_dps == 0.5


@pytest.mark.parametrize(("low_deg", "head_up"), [(None, False), (0.0, False), (-0.01, True)])
def test_head_up_is_told_by_the_lower_angle(low_deg: float | None, head_up: bool) -> None:
    view = asked(None, low_deg=low_deg)
    layer._take_stock(view)
    assert view.head_up is head_up
    assert view.inverted


@pytest.mark.parametrize(("mode", "rate_dps"), [(MOVE, 1.0), (HOLD, -2.0), (None, -2.0)])
def test_the_rate_in_force_is_the_commanded_one_or_that_of_the_table(mode: CommandMode | None, rate_dps: float) -> None:
    view = asked(None, command_mode=mode, command_dps=1.0)
    view.angles.rate_dps = -2.0
    assert view.telemetry is not None
    view.telemetry = view.telemetry._replace(rate_dps=-2.0)
    assert layer._rate_in_force_dps(view) == rate_dps


@pytest.mark.parametrize(
    ("inverted", "rate_dps", "limit_dps"),
    [
        (False, 0.5, LIMITS.invert_rate_dps),
        (False, 0.0, LIMITS.head_up_rate_dps),
        (False, -0.5, LIMITS.head_up_rate_dps),
        (True, -0.5, LIMITS.upward_rate_dps),
    ],
)
def test_what_is_too_fast_goes_by_the_way_and_the_place(inverted: bool, rate_dps: float, limit_dps: float) -> None:
    view = asked(None, inverted=inverted)
    layer._remember(view, Supervisor(), SafeCommand(MOVE, rate_dps, 8.0, 1.0, 0))
    assert view.rate_limit_dps == limit_dps
    assert LIMITS.invert_rate_dps != LIMITS.head_up_rate_dps


def test_what_is_too_fast_in_a_recovery_is_faster_than_its_pace() -> None:
    view = asked(None, inverted=False, best_deg=-40.0)
    supervisor = recovering(view)
    layer._remember(view, supervisor, SafeCommand(MOVE, -0.5, 8.0, 1.0, 0))
    assert view.rate_limit_dps == LIMITS.creep_upright_rate_dps != LIMITS.head_up_rate_dps


@pytest.mark.parametrize(("rate_dps", "steady_s"), [(0.004, 0.01), (-0.004, 0.01), (0.005, 0.0), (-0.005, 0.0)])
def test_a_rate_that_changes_is_not_steady(rate_dps: float, steady_s: float) -> None:
    view = asked(None)
    layer._remember(view, Supervisor(), SafeCommand(MOVE, rate_dps, 8.0, 1.0, 0))
    assert view.steady_s == steady_s


@pytest.mark.parametrize(
    ("late_s", "sending_s"), [(0.0, 0.01), (LIMITS.link_age_s, 0.01), (LIMITS.link_age_s + 0.01, 0.0)]
)
def test_commands_are_sent_without_a_break_while_no_tick_is_later_than_the_link_may_be(
    late_s: float, sending_s: float
) -> None:
    view = asked(None, late_s=late_s)
    layer._remember(view, Supervisor(), SafeCommand(HOLD, None, 8.0, 1.0, 0))
    assert view.sending_s == sending_s


@pytest.mark.parametrize(("standing_s", "kept"), [(0.0, None), (0.01, 30.0), (5.0, 30.0)])
def test_where_it_came_to_rest_is_kept_as_soon_as_it_rests(standing_s: float, kept: float | None) -> None:
    view = asked(None, standing_s=standing_s)
    layer._remember(view, Supervisor(), SafeCommand(HOLD, None, 8.0, 1.0, 0))
    assert view.held_low_deg == view.held_high_deg == kept


SLEPT: list[tuple[float, float | None, float, float]] = [
    (10.0, 0.05, 0.01, 9.94),
    (0.3, 0.03, 0.01, 0.26),
    (0.28, 0.02, 0.02, 0.0),
    (BOARD_WATCHDOG_S, 0.0, 0.0, 0.0),
    (0.01, 0.0, 0.01, 0.0),
    (10.0, None, 0.01, 0.0),
]


@pytest.mark.parametrize(("by_the_board_s", "age_s", "dt_s", "slept_s"), SLEPT)
def test_how_long_the_machine_slept_is_what_the_board_counted_beyond_it(
    by_the_board_s: float, age_s: float | None, dt_s: float, slept_s: float
) -> None:
    view = asked(None, age_s=age_s)
    frame = WELL._replace(board_time_us=round(by_the_board_s * 1e6))
    assert layer._slept_s(view, frame, dt_s) == pytest.approx(slept_s, abs=1e-9)
    assert layer._slept_s(view, frame._replace(session_id=SESSION + 1), dt_s) == 0.0, "another board, another clock"
    assert layer._slept_s(view, None, dt_s) == 0.0
    view.telemetry = None
    assert layer._slept_s(view, frame, dt_s) == 0.0


def stepped(state: SafetyState, now_s: float, frame: Telemetry | None, config: BoardConfig = CONFIG) -> View:
    step(state, now_s, frame, config, 0.0, MotionRequest())
    return state.view


def test_a_tick_is_as_long_as_the_machine_slept_before_it() -> None:
    state = SafetyState(LIMITS, LIMITS, "hold-to-run")
    stepped(state, 5.0, WELL)
    assert stepped(state, 5.01, WELL._replace(board_time_us=10_000_000)).dt_s == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("age_s", "heard_s", "silence_s"), [(0.0, 1.01, 0.0), (0.09, 1.01, 0.0), (0.0901, 0.0, 0.1001), (0.5, 0.0, 0.51)]
)
def test_a_silence_is_longer_than_the_link_may_be(age_s: float, heard_s: float, silence_s: float) -> None:
    state = SafetyState(LIMITS, LIMITS, "hold-to-run")
    view = state.view
    stepped(state, 5.0, None)
    view.age_s, view.heard_s = age_s, 1.0
    layer._take_time(state, 5.01, 0.0, None)
    assert view.heard_s == pytest.approx(heard_s)
    assert view.silence_s == pytest.approx(silence_s)


def test_a_frame_as_old_as_the_link_may_be_is_no_silence() -> None:
    state = SafetyState(LIMITS, LIMITS, "hold-to-run")
    state.started, state.view.age_s, state.view.heard_s = True, 0.0, 1.0
    layer._take_time(state, LIMITS.link_age_s, 0.0, None)
    assert state.view.age_s == LIMITS.link_age_s
    assert state.view.heard_s == 1.0 + LIMITS.link_age_s


@pytest.mark.parametrize(
    ("changes", "status", "kept"),
    [
        ({"age_s": 0.01}, 0, True),
        ({"age_s": LIMITS.link_age_s}, 0, True),
        ({"age_s": LIMITS.link_age_s + 0.001}, 0, False),
        ({"age_s": None}, 0, False),
        ({"age_s": 0.01, "command_mode": None}, 0, False),
        ({"age_s": 0.01}, Status.DEAD_HOST_RETURN, False),
        ({"age_s": 0.01}, Status.WATCHDOG_EXPIRED, False),
    ],
)
def test_after_a_silence_or_by_itself_the_table_does_nothing_that_was_commanded(
    changes: dict[str, Any], status: int, kept: bool
) -> None:
    view = asked(None, command_dps=2.0, expected_dps=2.0, estimate_deg=20.0, **changes)
    layer._take_frame(view, Supervisor(), WELL._replace(status=status, rate_dps=-3.0))
    assert view.command_dps == (2.0 if kept else 0.0)
    assert view.command_mode is (MOVE if kept else None)
    assert (view.angles.expected_dps == -3.0) is not kept
    assert (view.rate_limit_dps == LIMITS.emergency_rate_dps) is not kept
    assert (view.angles.estimate_deg == 30.0) is not kept, "dead reckoning begins anew where the table was found"


@pytest.mark.parametrize(
    ("status", "exhausted"), [(0, True), (Status.BRAKE_CLOSED, True), (Status.DEAD_HOST_RETURN, False)]
)
def test_only_the_boards_own_return_is_a_new_chance_for_who_was_given_up(status: int, exhausted: bool) -> None:
    supervisor = Supervisor()
    supervisor.phase = Phase.HELD
    supervisor._attempts.give_up()
    layer._take_frame(asked(None), supervisor, WELL._replace(status=status))
    assert supervisor.exhausted is exhausted


def test_the_time_on_the_brake_is_counted_while_the_board_says_so() -> None:
    view = asked(None, braked_s=1.0, status=Status.BRAKE_CLOSED)
    layer._take_stock(view)
    assert view.braked_s == 1.01
    view.telemetry = WELL._replace(status=Status.TORQUE_ON)
    layer._take_stock(view)
    assert view.braked_s == 0.0
    view.telemetry, view.braked_s = None, 1.0
    layer._take_stock(view)
    assert view.braked_s == 0.0


@pytest.mark.parametrize(("best_deg", "upright"), [(-60.1, True), (-60.0, False)])
def test_with_one_angle_lost_the_switch_is_believed_below_a_place_and_not_at_it(best_deg: float, upright: bool) -> None:
    view = asked(None, best_deg=best_deg, angle_deg=best_deg, lost_angles=1, inputs=Input.UPRIGHT_SWITCH)
    layer._take_stock(view)
    assert view.upright is upright
    assert view.away is not upright


def test_a_request_that_is_no_number_moves_nothing() -> None:
    assert commanded(asked(math.nan)).rate_dps == 0.0


def test_a_switch_that_two_angles_refute_for_six_frames_is_no_witness_from_then_on() -> None:
    view = asked(None, inputs=Input.UPRIGHT_SWITCH)
    told = []
    for inputs, frames in ((Input.UPRIGHT_SWITCH, 5), (0, 1), (Input.UPRIGHT_SWITCH, 6), (0, 2)):
        view.telemetry = WELL._replace(inputs=inputs)
        for _ in range(frames):
            layer._take_stock(view)
            told.append(view.switch_lies)
    assert told == [False] * 11 + [True] * 3
    assert view.switch_wrong_s == 0.0
