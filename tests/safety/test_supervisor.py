"""Which response is in force, what stays latched, and what clears it."""

from itertools import product
from typing import Any

import pytest

from safety.signals import CommandMode, DriveFault, Input, MotionRequest, Response
from tests.safety.kinematic_table import ACKNOWLEDGE, KinematicTable

ASKS = [Response.RETURN, Response.EMERGENCY_RETURN, Response.STOP, Response.TORQUE_OFF]


@pytest.fixture
def table() -> KinematicTable:
    inverted = KinematicTable()
    inverted.invert_to(-40.0, 3.0)
    return inverted


@pytest.mark.requirement("REQ-RSP-STRONGEST")
@pytest.mark.parametrize(("first", "second"), list(product(ASKS, ASKS)))
def test_the_stronger_of_two_responses_is_in_force(table: KinematicTable, first: Response, second: Response) -> None:
    table.tick(MotionRequest(ask=first))
    table.tick(MotionRequest(ask=second))
    assert table.verdict.response is max(first, second)
    command = table.verdict.command
    assert command is not None
    expected = {Response.STOP: CommandMode.HOLD, Response.TORQUE_OFF: CommandMode.TORQUE_OFF}
    assert command.mode is expected.get(max(first, second), CommandMode.MOVE)


@pytest.mark.requirement("REQ-RSP-INHIBIT")
def test_asking_to_inhibit_is_no_response(table: KinematicTable) -> None:
    table.tick(MotionRequest(ask=Response.INHIBIT))
    assert table.phase == "FREE"


@pytest.mark.requirement("REQ-RSP-INHIBIT")
def test_an_inhibit_ends_with_its_cause() -> None:
    table = KinematicTable()
    table.inputs &= ~Input.HAND_SWITCH_NO
    table.run(0.1, MotionRequest(2.0))
    assert "hand-switch" in table.verdict.inhibited
    table.inputs |= Input.HAND_SWITCH_NO
    table.run(0.1, MotionRequest(2.0))
    assert not table.verdict.inhibited
    assert table.rate_dps > 0.0


@pytest.mark.requirement("REQ-RSP-LATCH")
def test_a_latch_outlives_its_cause_and_is_reported_once(table: KinematicTable) -> None:
    table.faults = DriveFault.UNDERVOLTAGE
    table.run(0.1)
    table.faults = 0
    table.until(lambda: table.phase == "BOARDED", 60.0)
    table.run(5.0, MotionRequest(2.0))
    assert table.phase == "BOARDED"
    assert table.causes() == ["drive-fault"]


@pytest.mark.requirement("REQ-ALM-CAUSE")
def test_a_worse_cause_of_the_same_monitor_is_reported_again(table: KinematicTable) -> None:
    table.faults = DriveFault.OVERTEMPERATURE
    table.tick()
    table.faults |= DriveFault.OVERCURRENT
    table.tick()
    assert [trip.response for trip in table.trips] == [Response.RETURN, Response.STOP]


@pytest.mark.requirement("REQ-RSP-LATCH")
@pytest.mark.parametrize("missing", ["upright", "standing", "cause", "nothing"])
def test_what_an_acknowledgement_needs(table: KinematicTable, missing: str) -> None:
    table.faults = DriveFault.BRAKE
    table.tick()
    if missing != "upright":
        table.until(lambda: table.phase == "BOARDED", 60.0)
        table.run(0.2)
    table.faults = DriveFault.BRAKE if missing == "cause" else 0
    if missing == "standing":
        table.bend = lambda t: t._replace(rate_dps=0.3)
    table.run(0.05)
    table.tick(ACKNOWLEDGE)
    assert ("drive-fault" in table.state.supervisor.latched) == (missing != "nothing")


@pytest.mark.requirement("REQ-RSP-LATCH")
@pytest.mark.requirement("REQ-RSP-RESET")
@pytest.mark.parametrize("wrong", [None, 12.6, -69.7])
@pytest.mark.parametrize("which", ["encoder_deg", "inclinometer_deg"])
def test_an_angle_that_is_still_wrong_when_acknowledged_stays_lost_and_moves_nothing(
    table: KinematicTable, which: str, wrong: Any
) -> None:
    """Nothing would tell any more which of the two is wrong: the good one might be lost, and the table driven."""
    table.bend = lambda t: t._replace(**{which: None})  # type: ignore[arg-type]
    table.until(lambda: table.phase == "BOARDED", 90.0)
    table.bend = lambda t: t._replace(**{which: wrong})
    table.run(0.5)
    for _ in range(3):
        table.tick(ACKNOWLEDGE)
        for _ in range(100):
            assert table.tick().command.mode is not CommandMode.MOVE  # type: ignore[union-attr]  # a link is there
    assert (table.phase, list(table.state.supervisor.latched)) == ("BOARDED", ["angle-plausibility"])
    assert table.causes() == ["angle-plausibility"]
    table.bend = lambda t: t
    table.tick()
    table.tick(ACKNOWLEDGE)
    table.tick()
    assert (table.phase, table.state.view.angles.lost_angles) == ("FREE", 0)


@pytest.mark.requirement("REQ-RSP-RESET")
def test_clearing_starts_no_motion(table: KinematicTable) -> None:
    table.tick(MotionRequest(ask=Response.TORQUE_OFF))
    table.tick(MotionRequest(recover=True))
    table.until(lambda: table.phase == "FREE", 60.0)
    before = table.angle_deg
    table.run(2.0, ACKNOWLEDGE)
    assert table.angle_deg == before
    table.run(0.5, MotionRequest(2.0))
    assert table.angle_deg > before


def test_a_stop_asked_at_boarding_keeps_no_later_recovery_waiting(table: KinematicTable) -> None:
    table.faults = DriveFault.BRAKE
    table.tick()
    table.until(lambda: table.phase == "BOARDED", 60.0)
    table.faults = 0
    table.tick(MotionRequest(ask=Response.STOP))
    table.until(lambda: table.phase in ("HELD", "BOARDED") and table.rate_dps == 0.0, 5.0)
    table.run(0.2)
    table.tick(ACKNOWLEDGE)
    table.until(lambda: table.phase == "FREE", 1.0)
    table.run(3.0, MotionRequest(3.0))
    table.faults = DriveFault.OVERCURRENT
    table.tick()
    table.faults = 0
    table.until(lambda: table.phase in ("CREEPING", "BOARDED"), 5.0)
