"""What a person presses, when, and what comes of it: the whole host, tick by tick, against the simulated table."""

import pytest

from drivers.board import HostLink
from firmware_host.control.ticks import OperatorRequest
from safety.signals import CommandMode
from sim import sensors
from tests.firmware_host.lockstep import START, Lockstep

STOP = OperatorRequest(stop=True)
UP = OperatorRequest(return_upright=True)
ACKNOWLEDGE = OperatorRequest(acknowledge=True)


@pytest.fixture
def inverted() -> Lockstep:
    table = Lockstep()
    table.start()
    table.until(lambda: table.angle_deg > 10.0)
    return table


@pytest.mark.requirement("REQ-SES-START")
def test_nothing_moves_before_start_is_pressed() -> None:
    table = Lockstep()
    table.run(5.0)
    assert table.state == "boarding_ready"
    assert table.angle_deg == pytest.approx(-75.0, abs=0.1)


@pytest.mark.requirement("REQ-SES-START")
def test_start_is_refused_while_something_is_not_clear() -> None:
    table = Lockstep()
    table.board.table.faults[sensors.ANKLE_LATCH_LOCKED] = 0.0
    table.run(1.0)
    assert table.state == "boarding_waiting"
    table.tick(START)
    table.run(2.0)
    assert not table.controller.started
    assert any("start refused" in text for text in table.texts("warning"))
    assert table.angle_deg == pytest.approx(-75.0, abs=0.1)


@pytest.mark.requirement("REQ-MON-PRESENCE")
def test_a_panel_that_falls_silent_lets_nobody_start_and_brings_the_rider_upright() -> None:
    table = Lockstep()
    watched, silent = OperatorRequest(presence_age_s=0.3), OperatorRequest(presence_age_s=2.5)
    table.until(lambda: table.state == "boarding_ready", 5.0)
    table.tick(silent)
    assert table.state == "boarding_waiting"
    table.tick(watched)
    table.tick(START._replace(presence_age_s=0.3))
    for _ in range(4000):
        table.tick(watched)
    assert table.state.startswith("session")
    table.tick(silent)
    assert table.state.startswith("returning")
    assert table.texts("trip")[0].startswith("RETURN by presence: no sign of life from the operator's panel for 2.5 s")
    table.until(lambda: table.state == "finished")
    assert table.angle_deg < -72.0


@pytest.mark.requirement("REQ-MON-TICK")
def test_a_late_loop_is_told_once_until_it_is_in_time_again() -> None:
    table = Lockstep()
    for late_s, told in ((0.05, 0), (0.051, 1), (0.09, 1), (0.05, 1), (0.06, 2)):
        table.late_s = late_s
        table.run(0.1)
        assert len([text for text in table.texts("warning") if "control loop" in text]) == told
    assert "control loop 51 ms late" in table.texts("warning")


@pytest.mark.requirement("REQ-MON-TICK", "REQ-SES-START")
@pytest.mark.parametrize("asleep", [False, True])
@pytest.mark.parametrize("absent_s", [2.0, 60.0])
def test_a_session_does_not_go_on_after_the_board_brought_the_rider_upright(
    inverted: Lockstep, absent_s: float, *, asleep: bool
) -> None:
    """The process was stopped for a while, or the whole machine slept: then its clock stood still too."""
    clock_s, stood_deg = inverted.now_s, inverted.angle_deg
    inverted.absent(absent_s)
    if asleep:
        inverted.now_s = clock_s
    else:
        inverted.late_s = absent_s
    inverted.tick()
    inverted.late_s = 0.0
    inverted.until(lambda: inverted.state == "finished")
    assert [trip.split(":")[0] for trip in inverted.texts("trip")] == [
        "EMERGENCY_RETURN by tick",
        "EMERGENCY_RETURN by link",
    ]
    inverted.run(20.0)
    assert inverted.state == "finished"
    assert inverted.angle_deg < -72.0
    assert inverted.board.table.truth().max_angle_deg < stood_deg + 2.0


@pytest.mark.requirement("REQ-SES-START")
def test_a_silence_at_upright_ends_a_session_that_had_just_begun() -> None:
    table = Lockstep()
    table.start()
    table.until(lambda: table.angle_deg > -74.5)
    table.absent(5.0)
    table.run(10.0)
    assert table.state == "boarding_ready"
    assert table.angle_deg < -74.0
    assert table.texts("trip") == []


@pytest.mark.requirement("REQ-SES-STOP")
def test_stop_holds_until_a_deliberate_return(inverted: Lockstep) -> None:
    inverted.tick(STOP)
    inverted.until(lambda: inverted.state == "stopped_held", 3.0)
    held_deg = inverted.angle_deg
    inverted.run(20.0)
    assert inverted.angle_deg == pytest.approx(held_deg, abs=0.2)
    inverted.tick(UP)
    inverted.until(lambda: inverted.state == "finished")
    assert inverted.controller.outcome_so_far().name == "stopped"


@pytest.mark.requirement("REQ-SES-STOP")
def test_return_upright_ends_the_session(inverted: Lockstep) -> None:
    inverted.tick(UP)
    assert inverted.state == "returning_inverted"
    inverted.until(lambda: inverted.state == "finished")
    assert inverted.controller.outcome_so_far().name == "returned"
    assert inverted.angle_deg < -72.0


def test_an_acknowledgement_does_not_disturb_a_running_session(inverted: Lockstep) -> None:
    before = inverted.tick().command
    during = inverted.tick(ACKNOWLEDGE).command
    assert before is not None
    assert during is not None
    assert during.mode is before.mode is CommandMode.MOVE
    assert not during.clear_faults, "the board keeps its faults while the rider is inverted"
    assert inverted.state == "session_moving"


def test_an_acknowledgement_upright_clears_the_board_s_faults() -> None:
    table = Lockstep()
    table.run(1.0)
    command = table.tick(ACKNOWLEDGE).command
    assert command is not None
    assert command.clear_faults
    after = table.tick().command
    assert after is not None
    assert not after.clear_faults


@pytest.mark.requirement("REQ-ALM-TODO")
def test_a_return_asked_for_under_an_emergency_stop_is_told_why_nothing_moves(inverted: Lockstep) -> None:
    inverted.board.table.faults[sensors.ESTOP_PRESSED] = 1.0
    inverted.until(lambda: inverted.state == "stopped_held", 3.0)
    inverted.tick(UP)
    inverted.run(5.0)
    assert inverted.state == "stopped_held"
    assert any("emergency stop is pressed" in text for text in inverted.texts("warning"))
    inverted.board.table.faults[sensors.ESTOP_PRESSED] = 0.0
    inverted.run(5.0)
    assert inverted.state == "stopped_held", "closing the chain moves nothing"
    inverted.tick(UP)
    inverted.until(lambda: inverted.state == "finished")


def test_a_link_lost_at_upright_just_after_the_start_lets_the_program_begin_anew() -> None:
    table = Lockstep()
    table.start()
    table.run(0.05)
    table.cut = True
    table.run(0.3)
    assert table.state == "offline"
    table.cut = False
    table.until(lambda: table.state == "boarding_ready", 5.0)
    table.tick(START)
    table.until(lambda: table.angle_deg > 10.0)
    assert table.texts("trip") == []


@pytest.mark.requirement("REQ-SES-START")
@pytest.mark.parametrize("contact", [sensors.ANKLE_LATCH_LOCKED, sensors.RIDER_AGREES])
def test_a_latch_that_closes_or_a_hand_that_grips_again_starts_nothing(contact: int) -> None:
    table = Lockstep()
    table.start()
    table.until(lambda: table.angle_deg > -74.3)
    table.board.table.faults[contact] = 0.0
    table.until(lambda: table.state == "boarding_waiting", 2.0)
    table.board.table.faults[contact] = 1.0
    table.run(20.0)
    assert table.state == "boarding_ready"
    assert table.angle_deg < -73.0
    assert any(text.startswith("the session is over") for text in table.texts("program"))
    table.tick(START)
    table.until(lambda: table.angle_deg > 10.0)


@pytest.mark.requirement("REQ-SES-START")
def test_a_panel_that_comes_back_starts_nothing() -> None:
    table = Lockstep()
    watched, silent = OperatorRequest(presence_age_s=0.3), OperatorRequest(presence_age_s=2.5)
    table.until(lambda: table.state == "boarding_ready", 5.0)
    table.tick(START._replace(presence_age_s=0.3))
    table.tick(silent)
    for _ in range(1000):
        table.tick(watched)
    assert table.state == "boarding_ready"
    assert table.angle_deg < -74.0


@pytest.mark.requirement("REQ-WIRE-CAUSE")
def test_a_cut_line_is_not_called_a_stalled_host(inverted: Lockstep) -> None:
    inverted.cut = True
    inverted.run(2.0)
    assert inverted.host.link.health.host_stalls == 0
    inverted.cut = False
    inverted.until(lambda: inverted.state == "finished")
    assert inverted.texts("trip")[0].startswith("EMERGENCY_RETURN by link")


@pytest.mark.requirement("REQ-WIRE-SESSION")
def test_only_the_board_of_the_table_file_is_accepted() -> None:
    table = Lockstep()
    assert isinstance(table.host.link, HostLink)
    table.host.link._serial = 4711
    table.run(2.0)
    assert table.state == "offline"
    assert table.host.link.problem is not None
    assert "4711" in table.host.link.problem
    assert "serial number 1," in table.host.link.problem
