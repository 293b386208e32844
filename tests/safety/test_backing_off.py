"""A load on the way to inversion: the table stops and turns back at once, because it may be a person's arm."""

import pytest

from safety.signals import CommandMode, MotionRequest, Response, SafeCommand, Status
from tests.safety.kinematic_table import KinematicTable, at, comes_up

pytestmark = pytest.mark.requirement("REQ-REC-BACK-OFF")

INVERT, UPWARD = MotionRequest(2.0), MotionRequest(-2.0)


def load_on(table: KinematicTable, request: MotionRequest) -> None:
    """Move at a constant rate, and then push harder and harder until the table stops for it."""
    table.run(3.0, request)
    sign = 1.0 if (request.rate_dps or 0.0) > 0.0 else -1.0
    table.bend = lambda t: t._replace(current_a=4.0 * sign)
    table.until(lambda: table.trips != [], 0.2, request)
    table.bend = lambda t: t
    assert table.causes() == ["reverse-on-load"]


def paused_s(table: KinematicTable) -> float:
    """For how long a table that stopped stands before it creeps."""
    table.until(lambda: table.phase == "HELD", 3.0)
    return table.until(lambda: table.phase == "CREEPING", 3.0)


def test_on_the_way_to_inversion_it_turns_back_almost_at_once() -> None:
    table = at(10.0)
    load_on(table, INVERT)
    highest_deg = table.angle_deg
    assert paused_s(table) == pytest.approx(0.33, abs=0.011)  # the brake closes, and then 0.3 s
    table.until(lambda: table.angle_deg < highest_deg - 5.0, 3.0)
    assert table.verdict.response is Response.STOP
    assert table.verdict.command is not None
    assert table.verdict.command.torque_fraction == 0.7
    comes_up(table)


@pytest.mark.parametrize("way", [INVERT, UPWARD])
def test_what_stops_because_of_a_load_pushes_less_and_on_the_brake_as_little_as_a_recovery(way: MotionRequest) -> None:
    table = at(10.0)
    load_on(table, way)
    assert table.phase == "STOPPING"
    told: dict[str, set[float]] = {}
    while table.phase in ("STOPPING", "HELD"):
        command = table.tick().command
        assert command is not None
        told.setdefault(table.phase, set()).add(command.torque_fraction)
    assert told == {"STOPPING": {0.85}, "HELD": {0.7}, "CREEPING": {0.7}}
    comes_up(table)
    assert table.tick().command == SafeCommand(CommandMode.HOLD, None, 8.0, 1.0)


def test_it_stands_on_its_brake_before_it_turns_back_not_against_the_load() -> None:
    """The load holds the table, and the drive goes on pushing with what it has wound up: that is no rest."""
    table = at(10.0)
    load_on(table, INVERT)
    table.bend = lambda t: t._replace(status=t.status & ~Status.BRAKE_CLOSED)
    table.until(lambda: table.phase == "HELD", 3.0)
    table.run(0.4)
    assert table.phase == "HELD"
    table.bend = lambda t: t
    assert table.until(lambda: table.phase == "CREEPING", 1.0) == pytest.approx(0.3, abs=0.011)
    comes_up(table)


def test_a_brake_that_never_says_that_it_closed_keeps_nobody_against_the_load() -> None:
    table = at(10.0)
    load_on(table, INVERT)
    table.bend = lambda t: t._replace(status=t.status & ~Status.BRAKE_CLOSED)
    assert paused_s(table) == pytest.approx(2.73, abs=0.03)  # its torque is cut, and then it pauses as for any cause
    comes_up(table)


def test_on_the_way_upright_it_pauses_first() -> None:
    table = at(20.0)
    load_on(table, UPWARD)
    assert paused_s(table) == pytest.approx(2.0, abs=0.02)
    comes_up(table)


def test_what_stops_the_way_back_is_paused_for() -> None:
    table = at(20.0)
    load_on(table, INVERT)
    table.until(lambda: table.phase == "CREEPING" and table.rate_dps < -1.0, 3.0)
    table.faults = 1 << 9
    table.tick()
    table.faults = 0
    assert paused_s(table) == pytest.approx(2.0, abs=0.02)
    comes_up(table)


def test_a_person_s_stop_meanwhile_is_stronger() -> None:
    table = at(10.0)
    load_on(table, INVERT)
    table.tick(MotionRequest(ask=Response.STOP))
    table.run(5.0)
    assert table.phase == "HELD"


def test_another_stop_on_the_way_to_inversion_pauses() -> None:
    table = at(10.0)
    table.run(1.0, INVERT)
    table.faults = 1 << 9
    table.tick(INVERT)
    table.faults = 0
    assert paused_s(table) == pytest.approx(2.0, abs=0.02)
