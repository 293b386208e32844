"""What becomes of a rider at 40 degrees when something happens: each response from its cause to upright."""

from collections.abc import Callable
from typing import Any

import pytest

from safety.signals import CommandMode, DriveFault, Equipment, Input, MotionRequest, Response, Status, Telemetry
from tests.safety.kinematic_table import ACKNOWLEDGE, ASK_STOP, RECOVER, TABLE, KinematicTable

pytestmark = pytest.mark.untraced


@pytest.fixture
def table() -> KinematicTable:
    at_40 = KinematicTable()
    at_40.invert_to(40.0)
    assert at_40.causes() == []
    return at_40


def rescued(table: KinematicTable, horizontal_s: float, upright_s: float) -> None:
    """The rider comes to horizontal and upright in time, slowly after horizontal."""
    took_s = table.until(lambda: table.angle_deg <= 0.6, horizontal_s)
    fastest = [0.0]

    def boarded() -> bool:
        fastest[0] = max(fastest[0], -table.rate_dps if table.angle_deg < -1.0 else 0.0)
        return table.phase == "BOARDED" or (table.phase == "FREE" and table.angle_deg < -73.0)

    table.until(boarded, upright_s - took_s)
    assert fastest[0] <= 2.5
    assert table.angle_deg == pytest.approx(-75.0, abs=1.5)


def drift(channel: str, per_s: float) -> Callable[[Telemetry], Telemetry]:
    error = [0.0]

    def bend(t: Telemetry) -> Telemetry:
        error[0] += per_s * 0.01
        value = getattr(t, channel)
        return t._replace(**{channel: value + error[0]})

    return bend


# ------------------------------------------------------------------------------------------------------------- returns


@pytest.mark.requirement("REQ-RSP-RETURN", "REQ-RSP-TWO-STAGE")
def test_the_normal_return_goes_flat_rests_and_goes_on(table: KinematicTable) -> None:
    table.tick(MotionRequest(ask=Response.RETURN))
    rescued(table, 25.0, 95.0)
    table.run(0.1)
    assert table.phase == "FREE"
    assert table.causes() == []


@pytest.mark.requirement("REQ-RSP-RETURN")
def test_a_return_asked_while_inverting_turns_round_smoothly() -> None:
    table = KinematicTable()
    table.until(lambda: table.angle_deg > 20.0, 100.0, MotionRequest(2.0))
    before = table.rate_dps
    table.tick(MotionRequest(2.0, ask=Response.EMERGENCY_RETURN))
    assert abs(table.rate_dps - before) < 0.2
    rescued(table, 12.0, 65.0)


@pytest.mark.requirement("REQ-RSP-TWO-STAGE")
def test_a_return_from_head_up_goes_on_slowly_without_a_rest() -> None:
    table = KinematicTable()
    table.invert_to(-30.0)
    table.tick(MotionRequest(ask=Response.EMERGENCY_RETURN))
    assert table.until(lambda: table.phase in ("BOARDED", "FREE"), 40.0) < 30.0


@pytest.mark.requirement("REQ-RSP-HELD-FLAT")
def test_a_return_can_be_held_flat(table: KinematicTable) -> None:
    table.tick(MotionRequest(ask=Response.EMERGENCY_RETURN))
    table.run(200.0, MotionRequest(hold_flat=True))
    assert table.angle_deg == pytest.approx(0.0, abs=1.0)
    rescued(table, 1.0, 60.0)


@pytest.mark.requirement("REQ-RSP-STRONGEST")
def test_an_emergency_overtakes_a_return_and_not_the_other_way(table: KinematicTable) -> None:
    table.tick(MotionRequest(ask=Response.RETURN))
    table.run(2.0)
    table.inputs &= ~Input.HAND_SWITCH_NO
    table.run(0.1)
    assert table.verdict.response is Response.EMERGENCY_RETURN
    table.tick(MotionRequest(ask=Response.RETURN))
    assert table.verdict.response is Response.EMERGENCY_RETURN
    rescued(table, 12.0, 65.0)


@pytest.mark.requirement("REQ-MON-HAND-SWITCH", "REQ-RSP-EMERGENCY-RETURN")
@pytest.mark.parametrize("contacts", [0, Input.HAND_SWITCH_NO | Input.HAND_SWITCH_NC, Input.HAND_SWITCH_NC])
def test_letting_go_or_a_broken_wire_returns(table: KinematicTable, contacts: int) -> None:
    table.inputs = table.inputs & ~(Input.HAND_SWITCH_NO | Input.HAND_SWITCH_NC) | contacts
    rescued(table, 12.0, 65.0)
    assert table.causes() == ["hand-switch"]


@pytest.mark.requirement("REQ-MON-ANKLE-LATCH")
@pytest.mark.parametrize("contacts", [0, Input.ANKLE_LATCH_NO | Input.ANKLE_LATCH_NC, Input.ANKLE_LATCH_NC])
def test_an_ankle_latch_that_opens_returns(table: KinematicTable, contacts: int) -> None:
    table.inputs = table.inputs & ~(Input.ANKLE_LATCH_NO | Input.ANKLE_LATCH_NC) | contacts
    rescued(table, 12.0, 65.0)
    assert table.causes() == ["ankle-latch"]


@pytest.mark.requirement("REQ-MON-HAND-SWITCH")
def test_press_to_return() -> None:
    table = KinematicTable(hand_switch_mode="press-to-return")
    table.inputs = table.inputs & ~Input.HAND_SWITCH_NO | Input.HAND_SWITCH_NC
    table.invert_to(20.0)
    table.inputs = table.inputs & ~Input.HAND_SWITCH_NC | Input.HAND_SWITCH_NO
    rescued(table, 12.0, 65.0)
    assert table.trips[0].detail == "hand switch pressed"


# --------------------------------------------------------------------------------------------------- stops and recovery


@pytest.mark.requirement("REQ-RSP-STOP", "REQ-REC-PERSON")
def test_a_person_s_stop_waits_for_a_person(table: KinematicTable) -> None:
    table.tick(ASK_STOP)
    table.run(120.0)
    assert table.phase == "HELD"
    assert table.angle_deg == pytest.approx(40.0, abs=0.5)
    table.tick(RECOVER)
    rescued(table, 25.0, 85.0)


@pytest.mark.requirement("REQ-REC-PERSON")
def test_a_person_s_stop_during_the_recovery_stops_again(table: KinematicTable) -> None:
    table.tick(ASK_STOP)
    table.run(1.0)
    table.tick(RECOVER)
    table.run(3.0)
    assert table.phase == "CREEPING"
    table.tick(ASK_STOP)
    table.run(30.0)
    assert table.phase == "HELD"
    table.tick(RECOVER)
    rescued(table, 25.0, 85.0)


@pytest.mark.requirement("REQ-MON-EMERGENCY-STOP", "REQ-REC-NO-TRAP")
def test_the_emergency_stop_waits_for_its_release_and_a_request(table: KinematicTable) -> None:
    table.inputs &= ~Input.ESTOP_CHAIN
    table.run(5.0)
    assert table.verdict.command is not None
    assert table.verdict.command.mode is CommandMode.TORQUE_OFF
    table.tick(RECOVER)
    assert table.phase == "HELD"
    table.inputs |= Input.ESTOP_CHAIN
    table.run(60.0)
    assert table.phase == "HELD"
    table.tick(RECOVER)
    rescued(table, 25.0, 85.0)
    table.run(0.5)
    table.tick(ACKNOWLEDGE)
    table.tick()
    assert table.phase == "FREE"


def test_an_emergency_stop_at_boarding_clears_with_release_and_acknowledgement() -> None:
    table = KinematicTable()
    table.inputs &= ~Input.ESTOP_CHAIN
    table.run(1.0)
    assert table.phase == "HELD"
    table.tick(ACKNOWLEDGE)
    assert "emergency-stop" in table.state.supervisor.latched
    table.inputs |= Input.ESTOP_CHAIN
    table.run(0.1)
    assert table.phase == "BOARDED"
    table.tick(ACKNOWLEDGE)
    table.run(0.1)
    assert table.phase == "FREE"


@pytest.mark.requirement("REQ-MON-DRIVE-FAULT")
@pytest.mark.parametrize(
    ("fault", "response"),
    [
        (DriveFault.OVERCURRENT, Response.STOP),
        (DriveFault.OVERTEMPERATURE, Response.RETURN),
        (DriveFault.UNDERVOLTAGE, Response.EMERGENCY_RETURN),
        (DriveFault.ENCODER, Response.RETURN),
        (DriveFault.BRAKE, Response.EMERGENCY_RETURN),
        (DriveFault.DRIVER, Response.TORQUE_OFF),
        (1 << 12, Response.STOP),
    ],
)
def test_each_drive_fault_has_its_response(table: KinematicTable, fault: int, response: Response) -> None:
    table.faults = fault
    table.tick()
    assert table.trips[0].monitor == "drive-fault"
    assert table.trips[0].response is response
    table.faults = 0
    rescued(table, 25.0, 95.0)


@pytest.mark.requirement("REQ-MON-ANGLE-AGREEMENT", "REQ-REC-AUTOMATIC")
@pytest.mark.parametrize("channel", ["encoder_deg", "inclinometer_deg"])
@pytest.mark.parametrize("per_s", [0.3, 1.0, -0.3, -1.0])
def test_a_drifting_angle_stops_and_the_recovery_goes_by_the_other(
    table: KinematicTable, channel: str, per_s: float
) -> None:
    table.bend = drift(channel, per_s)
    table.until(lambda: bool(table.trips), 15.0)
    assert table.trips[0].monitor in ("angle-agreement", "angle-plausibility")  # plausibility: found on the brake
    assert table.trips[0].since_s < table.trips[0].t_s
    lost = table.state.view.angles.encoder if channel == "encoder_deg" else table.state.view.angles.inclinometer
    assert lost.lost
    rescued(table, 25.0, 85.0)


@pytest.mark.requirement("REQ-REC-BLIND")
def test_no_angle_at_all_creeps_blind_until_the_switch_closes(table: KinematicTable) -> None:
    table.bend = lambda t: t._replace(encoder_deg=None, inclinometer_deg=None, rate_dps=None)
    rescued(table, 25.0, 85.0)
    assert table.trips[0].monitor == "angle-plausibility"
    assert table.trips[0].response is Response.STOP


@pytest.mark.requirement("REQ-REC-BLIND")
def test_a_blind_return_without_a_switch_ends_with_its_time(table: KinematicTable) -> None:
    table.bend = lambda t: t._replace(
        encoder_deg=None, inclinometer_deg=None, rate_dps=None, inputs=t.inputs & ~Input.UPRIGHT_SWITCH
    )
    table.until(lambda: table.state.supervisor.exhausted, 1500.0)
    assert "return-late" in table.causes()
    assert table.phase == "HELD"


@pytest.mark.requirement("REQ-REC-UPRIGHT-SWITCH")
def test_an_upright_switch_stuck_closed_does_not_end_a_return_while_inverted(table: KinematicTable) -> None:
    table.inputs |= Input.UPRIGHT_SWITCH
    table.tick(MotionRequest(ask=Response.EMERGENCY_RETURN))
    table.until(lambda: table.angle_deg <= 0.6, 12.0)


@pytest.mark.requirement("REQ-REC-UPRIGHT-SWITCH")
def test_without_an_upright_switch_the_angle_ends_a_return(table: KinematicTable) -> None:
    table.bend = lambda t: t._replace(inputs=t.inputs & ~Input.UPRIGHT_SWITCH)
    table.tick(MotionRequest(ask=Response.EMERGENCY_RETURN))
    rescued(table, 12.0, 65.0)
    assert table.angle_deg == pytest.approx(-75.0, abs=0.1)


@pytest.mark.requirement("REQ-MON-FOLLOWING", "REQ-REC-AUTOMATIC", "REQ-REC-ATTEMPTS")
def test_a_blocked_table_is_tried_three_times_and_then_held(table: KinematicTable) -> None:
    table.move = lambda rate_dps: max(rate_dps, 0.0)
    table.tick(MotionRequest(ask=Response.RETURN))
    table.until(lambda: table.state.supervisor.exhausted, 60.0)
    assert table.phase == "HELD"
    assert set(table.causes()) == {"following", "angle-plausibility"}  # in the end the encoder itself is doubted
    table.move = lambda rate_dps: rate_dps
    table.run(60.0)
    assert table.phase == "HELD", "reset never starts motion"
    table.tick(RECOVER)
    rescued(table, 25.0, 85.0)


@pytest.mark.requirement("REQ-MON-PROGRESS")
def test_a_crawl_against_a_guard_is_found_by_its_progress(table: KinematicTable) -> None:
    table.tick(ASK_STOP)
    table.run(1.0)
    table.angle_deg = -20.0  # head-up, where the recovery is too slow for `following`
    table.bend = lambda t: t._replace(encoder_deg=-20.0, inclinometer_deg=-20.0, rate_dps=0.0)
    table.state.view.angles.reset()
    table.tick(RECOVER)
    table.run(8.0)
    assert "progress" in table.causes()


@pytest.mark.requirement("REQ-MON-FOLLOWING")
def test_a_table_that_runs_the_other_way_loses_its_torque(table: KinematicTable) -> None:
    table.move = lambda rate_dps: 3.0 if rate_dps < -0.5 else 0.0
    table.tick(MotionRequest(ask=Response.RETURN))
    table.until(lambda: table.state.supervisor.torque_off, 3.0)
    assert ("following", Response.TORQUE_OFF) in [(trip.monitor, trip.response) for trip in table.trips]
    table.until(lambda: table.state.supervisor.exhausted, 20.0)


@pytest.mark.requirement("REQ-MON-STOP-TIME", "REQ-RSP-TORQUE-OFF")
def test_a_runaway_under_a_stop_loses_its_torque(table: KinematicTable) -> None:
    table.move = lambda _: 5.0
    table.until(lambda: table.state.supervisor.torque_off, 0.5)


@pytest.mark.requirement("REQ-MON-STOP-TIME")
def test_a_stop_that_takes_too_long_loses_its_torque() -> None:
    table = KinematicTable()
    table.until(lambda: table.angle_deg > 20.0, 100.0, MotionRequest(3.0))
    rates = iter([3.0 - 0.02 * n for n in range(2000)])
    table.move = lambda _: next(rates)
    table.bend = lambda t: t
    table.state.view.angles.expected_dps = 3.0
    table.tick(ASK_STOP)
    table.until(lambda: table.state.supervisor.torque_off, 3.0)


@pytest.mark.requirement("REQ-MON-OVERSPEED")
@pytest.mark.parametrize(("rate_dps", "response"), [(5.2, Response.STOP), (9.0, Response.TORQUE_OFF)])
def test_overspeed(rate_dps: float, response: Response) -> None:
    table = KinematicTable()
    table.until(lambda: table.angle_deg > 10.0, 100.0, MotionRequest(3.0))
    table.move = lambda _: rate_dps
    request = MotionRequest(3.0)
    for _ in range(6):
        table.tick(request)
    assert ("overspeed", response) in [(trip.monitor, trip.response) for trip in table.trips]


@pytest.mark.requirement("REQ-MON-OVER-ANGLE")
def test_over_angle_returns_and_going_on_cuts_the_torque(table: KinematicTable) -> None:
    table.angle_deg = 62.5
    table.state.view.angles.reset()
    table.tick()
    assert table.trips[0].monitor == "over-angle"
    assert table.trips[0].response is Response.EMERGENCY_RETURN
    table.move = lambda _: 0.8
    table.until(lambda: table.state.supervisor.torque_off, 1.0)


@pytest.mark.requirement("REQ-MON-STANDSTILL")
def test_a_slipping_brake_returns(table: KinematicTable) -> None:
    table.run(1.0)
    table.move = lambda rate_dps: rate_dps if table.trips else 0.15
    table.until(lambda: bool(table.trips), 20.0)
    assert table.causes() == ["standstill"]
    assert "drifted by 1.0 deg" in table.trips[0].detail
    rescued(table, 12.0, 65.0)


@pytest.mark.requirement("REQ-MON-TIME-INVERTED")
def test_time_inverted_returns_and_then_hurries() -> None:
    from safety.limits import narrow

    table = KinematicTable(limits=narrow(TABLE, {"time_inverted_s": 20.0}, "rider"))
    table.invert_to(10.0)
    table.move = lambda rate_dps: rate_dps
    table.until(lambda: bool(table.trips), 30.0)
    assert [(trip.monitor, trip.response) for trip in table.trips] == [("time-inverted", Response.RETURN)]
    table.state.view.inverted_s = 51.0
    table.tick()
    assert table.trips[-1].response is Response.EMERGENCY_RETURN


@pytest.mark.requirement("REQ-MON-REJECTED")
@pytest.mark.parametrize(("reason", "told"), [(4, "reason: range"), (77, "reason: 77, which is not known")])
def test_refused_commands_stop(table: KinematicTable, reason: int, told: str) -> None:
    table.bend = lambda t: t._replace(rejected_in_row=2)
    table.run(0.1)
    assert table.causes() == []
    table.bend = lambda t: t._replace(rejected_in_row=3, reject_reason=reason)
    table.tick()
    assert table.causes() == ["rejected"]
    assert told in table.trips[0].detail


@pytest.mark.requirement("REQ-MON-REQUEST")
@pytest.mark.parametrize("rate_dps", [float("nan"), float("inf"), float("-inf"), 1e300])
def test_a_request_that_is_no_rate_stops(table: KinematicTable, rate_dps: float) -> None:
    table.tick(MotionRequest(rate_dps))
    assert table.causes() == ["request"]
    rescued(table, 25.0, 85.0)


# ------------------------------------------------------------------------------------------------------- link and time


@pytest.mark.requirement("REQ-MON-LINK")
def test_silence_sends_nothing_and_returns_once_the_link_is_back(table: KinematicTable) -> None:
    table.silent = True
    table.run(0.5)
    assert table.verdict.command is None
    assert table.causes() == ["link"]
    table.run(200.0)
    table.silent = False
    rescued(table, 12.0, 65.0)
    assert table.causes() == ["link"]


@pytest.mark.requirement("REQ-REC-LINK")
def test_the_board_s_own_return_is_taken_over_without_another_trip(table: KinematicTable) -> None:
    table.silent = True
    table.run(0.5)
    table.angle_deg, table.rate_dps, table.silent = 37.0, -8.0, False
    table.braked = False  # the board releases the brake for its return
    table.status = Status.WATCHDOG_EXPIRED | Status.DEAD_HOST_RETURN
    table.move = lambda rate_dps: rate_dps
    table.run(0.05)
    table.status = 0
    rescued(table, 12.0, 65.0)
    assert table.causes() == ["link"]


@pytest.mark.requirement("REQ-MON-LINK")
def test_a_board_that_hears_nothing_counts_as_a_lost_link(table: KinematicTable) -> None:
    table.status = Status.WATCHDOG_EXPIRED
    table.run(0.1)
    assert table.causes() == ["link"]
    assert "hears no commands" in table.trips[0].detail


@pytest.mark.requirement("REQ-MON-SESSION")
@pytest.mark.parametrize("session", [0, 0x9999])
def test_another_session_returns(table: KinematicTable, session: int) -> None:
    table.session_id = session
    table.run(0.1)
    assert table.causes() == ["session"]
    assert table.verdict.command is None


@pytest.mark.requirement("REQ-MON-SESSION")
def test_a_session_that_begins_inverted_returns() -> None:
    table = KinematicTable(angle_deg=30.0)
    assert table.causes() == ["session"]
    assert "found away from upright" in table.trips[0].detail
    rescued(table, 12.0, 65.0)


@pytest.mark.requirement("REQ-WIRE-SILENCE")
def test_no_board_no_motion() -> None:
    table = KinematicTable()
    table.config = None
    table.tick(MotionRequest(2.0))
    assert table.verdict.command is None
    assert "session" in table.verdict.inhibited


@pytest.mark.requirement("REQ-WIRE-SILENCE")
def test_never_a_frame_no_motion() -> None:
    table = KinematicTable()
    fresh = KinematicTable.__new__(KinematicTable)
    fresh.__dict__.update(table.__dict__)
    from safety.layer import SafetyState

    fresh.state = SafetyState(TABLE, TABLE, "hold-to-run")
    fresh.silent = True
    verdict = fresh.tick(MotionRequest(2.0))
    assert verdict.command is None
    assert set(verdict.inhibited) == {"link", "session"}
    supervisor, view = fresh.state.supervisor, fresh.state.view
    assert supervisor.active["link"].detail(view) == "no telemetry from the board yet"
    assert "session none" in supervisor.active["session"].detail(view)


@pytest.mark.requirement("REQ-MON-TICK")
def test_a_late_loop_returns_away_from_upright_alone(table: KinematicTable) -> None:
    table.late_s = 0.2
    table.tick()
    assert table.causes() == ["tick"]
    boarded = KinematicTable()
    boarded.late_s = 0.2
    boarded.tick()
    assert boarded.causes() == []


@pytest.mark.requirement("REQ-MON-TICK")
@pytest.mark.parametrize("stall_s", [0.2, 1.0, 10.0])
def test_a_stall_seen_by_the_clock_alone_returns(table: KinematicTable, stall_s: float) -> None:
    table.tick(period_s=stall_s)
    assert table.causes()[0] in ("tick", "link")
    rescued(table, 12.0, 65.0)


@pytest.mark.requirement("REQ-MON-CLOCK")
@pytest.mark.parametrize("jump_s", [-5.0, 0.0, float("nan"), float("inf")])
def test_a_clock_that_does_not_go_forward_counts_as_one_period(table: KinematicTable, jump_s: float) -> None:
    before = table.now_s
    table.now_s += jump_s
    verdict = table.tick(MotionRequest(0.0))
    assert verdict.command is not None
    table.now_s = before + 0.02
    table.late_s = float("nan")
    table.tick()


@pytest.mark.requirement("REQ-MON-BOARD-CONFIG")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("inverted_limit_deg", 75.0),
        ("upright_deg", -70.0),
        ("max_rate_dps", 10.0),
        ("watchdog_s", 0.5),
        ("watchdog_s", 0.0),
    ],
)
def test_a_board_with_other_limits_may_not_invert(field: str, value: Any) -> None:
    table = KinematicTable()
    assert table.config is not None
    table.config = table.config._replace(**{field: value})
    table.run(1.0, MotionRequest(2.0))
    assert table.verdict.inhibited == ("board-config",)
    assert table.angle_deg == -75.0
    detail = table.state.supervisor.active["board-config"].detail(table.state.view)
    assert ": board " in detail
    table.config = None
    assert table.state.supervisor.active["board-config"].detail(table.state.view)


@pytest.mark.parametrize(
    ("part", "told"),
    [
        (Equipment.MOTOR_ANGLE, "no angle on the motor's side"),
        (Equipment.TABLE_ANGLE, "no angle of the table itself (an inclinometer)"),
        (Equipment.TIMEOUT, "no timeout that stops the drive when the host dies"),
        (Equipment.HOLDING, "neither a brake nor a self-locking gear"),
        (Equipment.STOP_CHAIN, "no emergency-stop chain that cuts the torque and is read"),
        (Equipment.HAND_SWITCH, "no hand switch"),
        (Equipment.ANKLE_LATCH, "no contact at the ankle latch"),
        (Equipment.UPRIGHT_SWITCH, "no upright switch"),
    ],
)
def test_a_table_that_lacks_a_part_may_not_invert_and_says_which(part: int, told: str) -> None:
    table = KinematicTable()
    assert table.config is not None
    table.config = table.config._replace(equipment=Equipment.ALL & ~part)
    table.run(1.0, MotionRequest(2.0))
    assert table.verdict.inhibited == ("board-config",)
    assert table.angle_deg == -75.0
    detail = table.state.supervisor.active["board-config"].detail(table.state.view)
    assert detail == f"this table must not invert: it has {told}"


def test_all_missing_parts_and_other_limits_are_told_at_once() -> None:
    table = KinematicTable()
    assert table.config is not None
    table.config = table.config._replace(equipment=0, watchdog_s=0.5)
    table.run(0.1, MotionRequest(2.0))
    detail = table.state.supervisor.active["board-config"].detail(table.state.view)
    assert ("no hand switch" in detail, "no upright switch" in detail, "watchdog: board 0.5" in detail) == (True,) * 3


@pytest.mark.requirement("REQ-MON-HAND-SWITCH", "REQ-MON-ANKLE-LATCH")
@pytest.mark.parametrize("contact", [Input.HAND_SWITCH_NO, Input.ANKLE_LATCH_NO])
def test_without_hand_switch_or_latch_nobody_is_inverted(contact: int) -> None:
    table = KinematicTable()
    table.inputs &= ~contact
    table.run(1.0, MotionRequest(2.0))
    assert table.angle_deg < -74.9
    assert len(table.verdict.inhibited) == 1


@pytest.mark.requirement("REQ-RSP-LATCH")
def test_acknowledging_away_from_upright_clears_nothing(table: KinematicTable) -> None:
    table.inputs &= ~Input.HAND_SWITCH_NO
    table.run(0.2)
    table.tick(ACKNOWLEDGE)
    assert "hand-switch" in table.state.supervisor.latched


@pytest.mark.requirement("REQ-RSP-RESET")
def test_a_trip_clears_upright_with_its_cause_gone_and_motion_needs_a_new_request(table: KinematicTable) -> None:
    table.inputs &= ~Input.HAND_SWITCH_NO
    rescued(table, 12.0, 65.0)
    assert table.phase == "BOARDED"
    table.run(1.0, MotionRequest(2.0))
    assert table.phase == "BOARDED"
    table.inputs |= Input.HAND_SWITCH_NO
    table.run(0.1)
    table.tick(ACKNOWLEDGE)
    table.run(1.0)
    assert table.phase == "FREE"
    assert table.angle_deg < -73.0
