"""The supervisor's own numbers: which way upright, when a stop is over, what a trip records, how often it tries."""

import math

import pytest

from safety.returning import ReturnPlan, creep, emergency_return, normal_return
from safety.signals import MotionRequest, Recovery, Response, Trip
from safety.supervisor import Phase, Supervisor
from tests.safety.kinematic_table import TABLE, at

pytestmark = pytest.mark.requirement("REQ-RSP-STRONGEST")


@pytest.mark.parametrize(
    ("response", "plan"),
    [
        (Response.RETURN, normal_return(TABLE)),
        (Response.EMERGENCY_RETURN, emergency_return(TABLE)),
        (Response.STOP, creep(TABLE)),
        (Response.TORQUE_OFF, creep(TABLE)),
    ],
)
def test_the_way_upright_is_that_of_the_response(response: Response, plan: ReturnPlan) -> None:
    supervisor = Supervisor()
    supervisor.response = response
    assert supervisor.plan(TABLE) == plan


def test_it_begins_free_with_nothing_in_force() -> None:
    supervisor = Supervisor()
    assert (supervisor.phase, supervisor.acknowledged, supervisor.torque_off) == (Phase.FREE, False, False)
    assert not supervisor.waits_for_a_person
    assert not supervisor.exhausted


def test_a_trip_records_its_response_both_angles_and_both_times() -> None:
    table = at(-60.0)
    table.bend = lambda t: t._replace(inclinometer_deg=table.angle_deg + 1.0, rejected_in_row=3)
    encoder_deg = table.angle_deg
    table.tick()
    (trip,) = table.trips
    words = "board refused 3 commands in a row, reason: none"
    now_s, recovery = table.now_s, Recovery.AUTOMATIC
    assert trip == Trip("rejected", Response.STOP, recovery, now_s, now_s, words, encoder_deg, encoder_deg + 1.0)
    assert table.state.supervisor.latched == {"rejected": trip}


def test_a_stop_is_over_as_soon_as_the_table_stands() -> None:
    table = at(-60.0)
    table.run(1.0, MotionRequest(2.0))
    table.tick(MotionRequest(ask=Response.STOP))
    assert table.phase == "STOPPING"
    assert table.until(lambda: table.phase == "HELD", 1.0) <= 2.0 / 8.0 + 0.05


def test_a_stop_whose_rate_froze_is_over_after_three_seconds() -> None:
    table = at(-60.0)
    table.bend = lambda t: t._replace(rate_dps=0.3)
    table.tick(MotionRequest(ask=Response.STOP))
    assert table.until(lambda: table.phase != "STOPPING", 4.0) == pytest.approx(3.01, abs=0.011)


def test_a_return_that_takes_longer_than_its_budget_is_stopped() -> None:
    table = at(-60.0)
    table.tick(MotionRequest(ask=Response.RETURN))
    returning = table.state.supervisor.returning
    assert returning is not None
    budget_s, returning.deadline_s = returning.budget_s, table.state.view.now_s + 0.005
    table.tick()
    (trip,) = table.trips
    assert (trip.monitor, trip.response, trip.recovery) == ("progress", Response.STOP, Recovery.AUTOMATIC)
    assert trip.detail == f"the return took longer than its budget of {budget_s:.0f} s"
    assert trip.since_s == pytest.approx(table.now_s - budget_s)
    assert table.phase == "STOPPING"


@pytest.mark.parametrize("ask", [Response.NONE, Response.INHIBIT])
def test_what_is_boarded_and_clear_is_free_again(ask: Response) -> None:
    table = at(-70.0)
    table.tick(MotionRequest(ask=Response.RETURN))
    table.until(lambda: table.phase == "BOARDED", 30.0, MotionRequest(1.0))
    table.run(0.1, MotionRequest(1.0))
    assert table.phase == "BOARDED", "a rate that is asked for all the time starts no motion"
    table.tick(MotionRequest(ask=ask))
    assert table.phase == "FREE"
    assert table.verdict.response is Response.NONE


def test_a_table_that_does_not_move_is_tried_three_times_and_once_more_without_the_encoder() -> None:
    table = at(-60.0)
    table.tick(MotionRequest(math.nan))
    table.move = lambda _: 0.0
    tries, before = 0, table.phase
    while not table.state.supervisor.exhausted:
        table.tick()
        tries += table.phase == "CREEPING" != before
        before = table.phase
    assert tries == 4
    assert table.state.view.angles.encoder.lost.startswith("is doubted")
    table.run(5.0)
    assert table.state.supervisor.exhausted
    assert table.phase == "HELD"
