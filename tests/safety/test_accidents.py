"""Written as an accident investigator would: the chain of events first, then what must not have come of it."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from safety.limits import narrow
from safety.monitors.base import Since
from safety.signals import CommandMode, DriveFault, Input, MotionRequest, Response, Status, Telemetry
from tests.safety.kinematic_table import (
    ACKNOWLEDGE,
    ASK_EMERGENCY,
    ASK_RETURN,
    ASK_STOP,
    HOLD,
    RECOVER,
    TABLE,
    KinematicTable,
    at,
    comes_up,
    grip,
    let_go,
)

pytestmark = pytest.mark.untraced

# --------------------------------------------------------------------------------------- clocks


@pytest.mark.requirement("REQ-MON-CLOCK")
@pytest.mark.parametrize("jump_s", [-1000.0, -1e9, 1e300, -1e300])
@pytest.mark.parametrize("phase", ["RETURNING", "HELD"])
def test_no_jump_of_the_clock_stops_the_timers_that_bring_a_rider_up(jump_s: float, phase: str) -> None:
    table = at(3.0)
    if phase == "HELD":
        table.faults = DriveFault.OVERCURRENT
        table.run(1.0)
        table.faults = 0
    else:
        table.tick(ASK_EMERGENCY)
        table.until(lambda: table.angle_deg < 0.3 and table.rate_dps == 0.0, 10.0)
    assert table.phase == phase
    table.now_s += jump_s
    for _ in range(9000):
        table.tick()
        if table.phase == "BOARDED":
            break
    assert table.angle_deg < -72.0


@pytest.mark.requirement("REQ-MON-TIME-INVERTED", "REQ-MON-CLOCK")
def test_time_inverted_goes_on_while_the_clock_stands() -> None:
    table = at(10.0, limits=narrow(TABLE, {"time_inverted_s": 20.0}, "rider"))
    for _ in range(2500):
        table.tick(period_s=0.0)
    assert "time-inverted" in table.causes()


@pytest.mark.requirement("REQ-ALM-CAUSE")
def test_a_trip_is_dated_by_the_clock_that_the_loop_goes_by() -> None:
    table = at(-40.0)
    let_go(table)
    for _ in range(3):
        table.tick()
    (trip,) = table.trips
    assert trip.t_s == table.now_s
    assert trip.since_s == pytest.approx(table.now_s - 0.02)


@pytest.mark.requirement("REQ-MON-TICK")
def test_a_loop_that_calls_itself_endlessly_late_is_late() -> None:
    table = at(-40.0)
    table.late_s = math.inf
    table.tick()
    assert table.causes() == ["tick"]


# --------------------------------------------------------------------------------------- strength that was used up


@pytest.mark.requirement("REQ-REC-RUNAWAY")
@pytest.mark.parametrize("late", ["same monitor", "other monitor"])
def test_a_recovery_that_runs_away_loses_its_torque_even_if_torque_was_cut_before(late: str) -> None:
    """The latch stands, the table creeps: the second runaway must be cut like the first."""
    table = at(30.0)
    if late == "same monitor":
        table.move = lambda rate_dps: 3.0 if rate_dps < -0.5 else 0.0
        table.tick(ASK_RETURN)
        table.until(lambda: table.state.supervisor.torque_off, 3.0)
        table.move = lambda rate_dps: rate_dps
    else:
        table.tick(MotionRequest(ask=Response.TORQUE_OFF))
        table.run(2.5)
        table.tick(RECOVER)
    table.until(lambda: table.phase == "CREEPING" and table.rate_dps < -3.0, 10.0)
    table.move = lambda _: 9.0
    table.until(lambda: table.state.supervisor.torque_off, 0.5)
    assert table.verdict.command is not None
    assert table.verdict.command.mode is CommandMode.TORQUE_OFF


@pytest.mark.requirement("REQ-REC-RUNAWAY")
def test_a_stop_in_a_recovery_that_turns_into_a_runaway_loses_its_torque() -> None:
    table = at(30.0)
    table.tick(MotionRequest(ask=Response.TORQUE_OFF))
    table.run(2.5)
    table.tick(RECOVER)
    table.until(lambda: table.phase == "CREEPING" and table.rate_dps < -3.0, 10.0)
    table.tick(ASK_STOP)
    assert table.phase == "STOPPING"
    table.move = lambda _: 6.0
    table.until(lambda: table.state.supervisor.torque_off, 0.5)


@pytest.mark.requirement("REQ-REC-RUNAWAY")
@pytest.mark.parametrize("every_s", [0.02, 0.5, 3.0])
@pytest.mark.parametrize("inclinometer", [True, False])
def test_asking_again_and_again_turns_nobody_farther_down_where_the_drive_runs_away(
    every_s: float, inclinometer: bool
) -> None:
    """A key that is held repeats itself 30 times a second, and whoever sees the rider upside down presses again."""
    table = at(39.0)
    if not inclinometer:
        table.bend = lambda t: t._replace(inclinometer_deg=None)
    table.move = lambda rate_dps: 4.0 if rate_dps < -0.5 else 0.0
    table.tick(ASK_RETURN)
    for tick in range(6000):
        table.tick(RECOVER if tick % round(every_s * 100) == 0 else HOLD)
    assert table.state.supervisor.exhausted
    assert table.angle_deg < 39.0 + 6.0
    table.move = lambda rate_dps: rate_dps
    table.run(10.0, RECOVER)
    assert table.phase == "HELD", "what made it worse so often is not tried once more"


@pytest.mark.requirement("REQ-REC-ATTEMPTS")
def test_a_dead_power_stage_is_tried_once_and_then_told() -> None:
    table = at(30.0)
    table.faults, table.move = DriveFault.DRIVER, lambda _: 0.0
    table.until(lambda: table.state.supervisor.exhausted, 10.0)


# --------------------------------------------------------------------------------------- what may interrupt a return


@pytest.mark.requirement("REQ-MON-REQUEST")
@pytest.mark.parametrize("rate_dps", [math.nan, math.inf, 1e9])
def test_garbage_from_the_operating_side_does_not_interrupt_a_return(rate_dps: float) -> None:
    table = at(40.0)
    let_go(table)
    table.run(0.05)
    garbage = MotionRequest(rate_dps)
    assert table.until(lambda: table.angle_deg < 0.6, 12.0, garbage) < 9.0
    table.until(lambda: table.phase == "BOARDED", 60.0, garbage)
    assert table.causes() == ["hand-switch"]


def test_without_a_frame_the_last_word_on_the_motion_stands() -> None:
    """Every second frame is lost: a recovery must not slip through where nothing was judged."""
    table = at(30.0)
    table.move = lambda _: 6.0
    table.until(lambda: table.phase == "HELD", 1.0)
    for number in range(500):
        table.silent = number % 2 == 0
        table.tick()
        assert table.phase == "HELD", "the brake does not hold: nothing may open it"


# --------------------------------------------------------------------------------------- a reset starts nothing


@pytest.mark.requirement("REQ-RSP-RESET")
def test_acknowledging_while_a_rate_is_asked_for_moves_nothing() -> None:
    table = at(-60.0)
    let_go(table)
    comes_up(table)
    grip(table)
    table.run(0.2, MotionRequest(2.0))
    table.tick(MotionRequest(2.0, acknowledge=True))
    before = table.angle_deg
    table.run(3.0, MotionRequest(2.0))
    assert table.angle_deg == before
    table.tick()
    table.run(3.0, MotionRequest(2.0))
    assert table.angle_deg > before + 1.0


@pytest.mark.requirement("REQ-RSP-STUCK-BUTTON")
def test_an_acknowledge_button_that_is_stuck_clears_nothing_by_itself() -> None:
    table = at(-60.0)
    let_go(table)
    comes_up_with = MotionRequest(acknowledge=True)
    table.until(lambda: table.phase == "BOARDED", 60.0, comes_up_with)
    grip(table)
    table.run(1.0, comes_up_with)
    assert table.phase == "BOARDED"
    table.tick()
    table.tick(ACKNOWLEDGE)
    table.tick()
    assert table.phase == "FREE"


@pytest.mark.requirement("REQ-RSP-STUCK-BUTTON")
@pytest.mark.parametrize("person", ["stop", "chain"])
def test_a_recover_button_that_is_stuck_does_not_undo_a_stop(person: str) -> None:
    table = at(30.0)
    if person == "chain":
        table.inputs &= ~Input.ESTOP_CHAIN
    table.tick(MotionRequest(ask=Response.STOP if person == "stop" else Response.NONE, recover=True))
    table.run(1.0, RECOVER)
    table.inputs |= Input.ESTOP_CHAIN
    table.run(20.0, RECOVER)
    assert table.phase == "HELD"
    table.tick()
    table.tick(RECOVER)
    comes_up(table)


@pytest.mark.requirement("REQ-RSP-STUCK-BUTTON")
def test_a_recover_button_that_is_stuck_does_not_push_for_ever() -> None:
    table = at(30.0)
    table.move = lambda rate_dps: max(rate_dps, 0.0)
    table.tick(ASK_RETURN)
    table.until(lambda: table.state.supervisor.exhausted, 60.0, RECOVER)


@pytest.mark.requirement("REQ-REC-NO-TRAP")
def test_recover_pressed_while_the_table_still_brakes_is_not_forgotten() -> None:
    table = at(30.0)
    table.tick(MotionRequest(-3.0))
    table.run(2.0, MotionRequest(-3.0))
    table.tick(ASK_STOP)
    table.tick(RECOVER)
    assert table.phase == "STOPPING"
    comes_up(table)


# --------------------------------------------------------------------------------------- held by a person, and then ...


@pytest.mark.requirement("REQ-REC-RIDER-ASKS")
@pytest.mark.parametrize("stop", ["stop", "chain"])
@pytest.mark.parametrize("mode", ["hold-to-run", "press-to-return"])
def test_a_held_rider_who_uses_the_hand_switch_is_brought_upright(stop: str, mode: Any) -> None:
    table = at(30.0, hand_switch_mode=mode)
    if stop == "chain":
        table.inputs &= ~Input.ESTOP_CHAIN
        table.run(0.2)
        table.inputs |= Input.ESTOP_CHAIN
    else:
        table.tick(ASK_STOP)
    table.run(20.0)
    assert table.phase == "HELD"
    (let_go if mode == "hold-to-run" else grip)(table)
    comes_up(table)


@pytest.mark.requirement("REQ-REC-RIDER-ASKS")
@pytest.mark.parametrize("when", ["before", "while it brakes"])
def test_letting_go_with_the_stop_is_no_wish_to_move(when: str) -> None:
    """Everybody lets go when the table stops; only what the rider does after that is a request."""
    table = at(30.0)
    if when == "before":
        let_go(table)
        table.run(0.5)
        table.tick(ASK_STOP)
    else:
        table.tick(MotionRequest(-3.0))
        table.run(2.0, MotionRequest(-3.0))
        table.tick(ASK_STOP)
        let_go(table)
    table.run(20.0)
    assert table.phase == "HELD"
    grip(table)
    table.run(0.5)
    assert table.phase == "HELD"
    let_go(table)
    comes_up(table)


@pytest.mark.requirement("REQ-REC-FORBIDDEN")
def test_while_the_chain_is_open_nothing_that_the_rider_does_moves_the_table() -> None:
    table = at(30.0)
    table.inputs &= ~Input.ESTOP_CHAIN
    table.run(1.0)
    let_go(table)
    table.run(20.0)
    assert table.phase == "HELD"


@pytest.mark.requirement("REQ-REC-RIDER-ASKS")
@pytest.mark.parametrize("slip_dps", [0.15, -0.15, 1.0])
def test_a_brake_that_slips_under_a_person_s_stop_is_no_reason_to_watch(slip_dps: float) -> None:
    table = at(30.0)
    table.tick(ASK_STOP)
    table.run(1.0)
    table.move = lambda rate_dps: rate_dps if table.phase == "CREEPING" else slip_dps
    table.until(lambda: table.phase == "CREEPING", 20.0)
    assert abs(table.angle_deg - 30.0) < 4.0
    table.move = lambda rate_dps: rate_dps
    comes_up(table)


@pytest.mark.requirement("REQ-REC-ATTEMPTS")
def test_a_board_that_returned_by_itself_proves_that_the_table_moves_after_all() -> None:
    table = at(40.0)
    table.move = lambda rate_dps: max(rate_dps, 0.0)
    table.tick(ASK_RETURN)
    table.until(lambda: table.state.supervisor.exhausted, 60.0)
    table.silent = True
    table.run(0.5)
    table.move, table.silent = lambda rate_dps: rate_dps, False
    table.angle_deg, table.status = 36.0, Status.WATCHDOG_EXPIRED | Status.DEAD_HOST_RETURN
    table.tick()
    table.status = 0
    comes_up(table)


# --------------------------------------------------------------------------------------- false angles


def drifting(per_s: float, table_of: Callable[[], KinematicTable]) -> Callable[[Telemetry], Telemetry]:
    """An encoder that drifts in the drive's own loop shows what was commanded, and the table turns otherwise."""
    error = [0.0]

    def bend(t: Telemetry) -> Telemetry:
        error[0] += per_s * 0.01
        assert t.encoder_deg is not None
        assert t.rate_dps is not None
        return t._replace(encoder_deg=t.encoder_deg + error[0], rate_dps=t.rate_dps + per_s)

    table = table_of()
    table.move = lambda rate_dps: rate_dps - per_s if table.state.view.command_mode is CommandMode.MOVE else 0.0
    return bend


@pytest.mark.requirement("REQ-ANG-BRAKE")
@pytest.mark.parametrize("per_s", [0.1, 0.3, 0.5, 1.0, -0.1, -0.3, -0.5])
def test_an_encoder_that_drifts_inside_the_drive_s_loop_is_found_out_on_the_brake(per_s: float) -> None:
    table = KinematicTable()
    table.until(lambda: table.angle_deg > -40.0, 60.0, MotionRequest(2.0))
    table.bend = drifting(per_s, lambda: table)
    table.until(lambda: "angle-agreement" in table.causes(), 60.0, MotionRequest(2.0 if abs(per_s) > 0.2 else 1.5))
    assert table.state.view.angles.inclinometer.lost, "dead reckoning believes the encoder: it obeys the commands"
    comes_up(table, 120.0)
    assert not table.state.view.angles.inclinometer.lost
    assert "on its brake" in table.state.view.angles.encoder.lost
    assert table.angle_deg == pytest.approx(-75.0, abs=1.5)


@pytest.mark.requirement("REQ-ANG-BRAKE")
@pytest.mark.parametrize("returns", [False, True], ids=["asked", "return"])
def test_an_encoder_that_falls_behind_the_table_makes_nobody_upright_too_fast(returns: bool) -> None:
    """By the encoder the rider is still inverted, where 3 deg/s are allowed; by the other angle head-up already."""
    table = at(20.0)
    table.until(lambda: table.angle_deg < 18.0, 5.0, MotionRequest(-3.0))
    table.bend = drifting(0.4, lambda: table)
    fast_s = 0.0
    while table.causes() == [] and table.angle_deg > -6.0:
        table.tick(ASK_RETURN if returns else MotionRequest(-3.0))
        fast_s += 0.01 if table.angle_deg < -1.0 and table.rate_dps < -2.5 else 0.0
    assert table.angle_deg < -1.0
    assert fast_s == 0.0


@pytest.mark.requirement("REQ-ANG-VOTE")
@pytest.mark.parametrize("per_s", [0.3, -1.0])
def test_the_vote_is_not_reversed_by_the_one_that_lost_it(per_s: float) -> None:
    table = at(30.0)
    error = [0.0]

    def bend(t: Telemetry) -> Telemetry:
        error[0] += per_s * 0.01
        assert t.inclinometer_deg is not None
        return t._replace(inclinometer_deg=t.inclinometer_deg + error[0])

    table.bend = bend
    comes_up(table, 120.0)
    assert table.state.view.angles.inclinometer.lost
    assert not table.state.view.angles.encoder.lost


@pytest.mark.requirement("REQ-ANG-VOTE")
def test_without_the_other_value_nothing_is_reconsidered() -> None:
    table = at(30.0)
    table.bend = lambda t: t._replace(inclinometer_deg=34.0) if t.sequence % 2 else t._replace(inclinometer_deg=None)
    table.run(1.0)
    angles = table.state.view.angles
    table.bend = lambda t: t._replace(status=0)
    table.run(1.0)
    assert angles.inclinometer.lost
    assert not angles.encoder.lost


@pytest.mark.requirement("REQ-ANG-VOTE")
def test_after_the_board_s_own_return_dead_reckoning_begins_anew() -> None:
    table = at(40.0)
    table.silent = True
    table.run(30.0)
    table.silent, table.angle_deg = False, -60.0
    table.tick()
    assert table.state.view.angles.estimate_deg == pytest.approx(-60.0, abs=0.5)


@pytest.mark.requirement("REQ-MON-ANGLE-PLAUSIBILITY")
def test_one_angle_that_has_not_spoken_yet_forbids_inversion() -> None:
    table = KinematicTable()
    table.run(0.1)
    table.tick(ACKNOWLEDGE)
    table.bend = lambda t: t._replace(inclinometer_deg=None)
    table.tick(MotionRequest(2.0))
    assert table.verdict.inhibited == ("angle-plausibility",)
    assert table.state.supervisor.active["angle-plausibility"].detail(table.state.view) == "waiting for both angles"
    assert table.rate_dps == 0.0


# --------------------------------------------------------------------------------------- slow and flickering faults


@pytest.mark.requirement("REQ-MON-STANDSTILL")
@pytest.mark.parametrize("wrong_dps", [1.5, -1.5])
def test_a_table_that_wanders_under_torque_is_stopped(wrong_dps: float) -> None:
    """Too slow for overspeed and following, and no brake that could be seen to slip."""
    table = at(20.0)
    table.move = lambda rate_dps: rate_dps if table.trips else wrong_dps
    table.until(lambda: bool(table.trips), 4.0, MotionRequest(0.0))
    assert table.causes() == ["progress"]
    assert "1.5 s" in table.trips[0].detail
    assert table.trips[0].since_s < table.trips[0].t_s - 1.0
    comes_up(table)


@pytest.mark.requirement("REQ-MON-FLICKER")
@pytest.mark.parametrize("pattern", [(1, 1), (2, 1), (3, 2)])
def test_a_hand_switch_that_flickers_counts_as_released(pattern: tuple[int, int]) -> None:
    table = at(30.0)
    bad, good = pattern
    for number in range(100):
        (let_go if number % (bad + good) < bad else grip)(table)
        table.tick()
    assert table.causes() == ["hand-switch"]


@pytest.mark.requirement("REQ-MON-ANGLE-AGREEMENT", "REQ-MON-FLICKER")
def test_angles_that_disagree_most_of_the_time_disagree() -> None:
    table = at(30.0)
    table.bend = lambda t: t._replace(inclinometer_deg=table.angle_deg + (1.7 if t.sequence // 20 % 3 else 0.0) + 1.5)
    table.run(2.0)
    assert {"angle-agreement", "angle-plausibility"} & set(table.causes())


@pytest.mark.requirement("REQ-MON-FLICKER")
def test_a_single_bounce_is_forgotten() -> None:
    since = Since()
    for number in range(100):
        assert since.held_s(number % 4 == 0, number * 0.01) < 0.015
    since.held_s(True, 1.0)
    assert [round(since.held_s(True, 1.0 + tick * 0.01), 2) for tick in (1, 2, 3)] == [0.01, 0.02, 0.03]


# --------------------------------------------------------------------------------------- since when


@pytest.mark.requirement("REQ-ALM-CAUSE")
@pytest.mark.parametrize(
    ("monitor", "earlier_s", "happen"),
    [
        ("hand-switch", 0.02, lambda table: let_go(table)),
        ("ankle-latch", 0.02, lambda table: setattr(table, "inputs", table.inputs & ~Input.ANKLE_LATCH_NO)),
        ("link", 0.11, lambda table: setattr(table, "silent", True)),
        ("tick", 0.2, lambda table: setattr(table, "late_s", 0.2)),
        ("overspeed", 0.03, lambda table: setattr(table, "bend", lambda t: t._replace(rate_dps=5.5))),
        ("following", 0.05, lambda table: setattr(table, "bend", lambda t: t._replace(rate_dps=-2.5))),
        ("angle-plausibility", 0.04, lambda table: setattr(table, "bend", lambda t: t._replace(encoder_deg=None))),
        ("angle-agreement", 0.1, lambda table: setattr(table, "bend", _apart(table))),
        ("session", 0.0, lambda table: setattr(table, "session_id", 9)),
    ],
)
def test_a_trip_says_since_when(monitor: str, earlier_s: float, happen: Callable[[KinematicTable], None]) -> None:
    table = at(-30.0)
    table.run(1.0, MotionRequest(1.0))
    happen(table)
    table.until(lambda: bool(table.trips), 3.0, MotionRequest(1.0))
    assert table.trips[0].monitor == monitor
    assert table.trips[0].t_s - table.trips[0].since_s == pytest.approx(earlier_s, abs=0.011)


def _apart(table: KinematicTable) -> Callable[[Telemetry], Telemetry]:
    begins = table.sequence

    def bend(t: Telemetry) -> Telemetry:
        off = min((t.sequence - begins) * 0.02, 4.0)
        return t._replace(inclinometer_deg=table.angle_deg + off)

    return bend


@pytest.mark.requirement("REQ-MON-STOP-TIME")
def test_a_stop_that_never_stands_says_when_it_was_ordered() -> None:
    table = at(20.0)
    table.run(1.0)
    monitor = next(m for m, _ in table.state.supervisor._monitors if m.id == "stop-time")
    assert monitor.since_s(table.state.view) < table.state.view.now_s - 0.9


@pytest.mark.requirement("REQ-MON-STOP-TIME")
@pytest.mark.parametrize("missing", [0, 1, 2, 3])
def test_a_frame_that_is_missing_as_a_stop_begins_takes_no_time_from_its_ramp(missing: int) -> None:
    table = at(40.0)
    table.tick(ASK_EMERGENCY)
    table.until(lambda: table.rate_dps < -7.5, 10.0)
    table.tick(ASK_STOP)
    table.silent = True
    for _ in range(missing):
        table.tick()
    table.silent = False
    table.until(lambda: table.phase == "HELD", 3.0)
    table.run(0.5)
    assert "stop-time" not in table.causes()
    assert not table.state.supervisor.torque_off
