"""The supervisor's own numbers: which way upright, when a stop is over, what a trip records, how often it tries."""

import math

import pytest

from safety.monitors.base import Monitor
from safety.returning import ReturnPlan, Stage, creep, emergency_return, normal_return
from safety.signals import CommandMode, Lost, MotionRequest, Recovery, Response, Status, Trip
from safety.supervisor import Phase, Supervisor
from safety.view import View
from tests.safety.kinematic_table import RECOVER, TABLE, at
from tests.safety.views import WELL, view_of

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


def test_whoever_asks_for_the_way_up_during_a_stop_is_not_asked_again_after_it() -> None:
    table = at(-60.0)
    table.run(1.0, MotionRequest(2.0))
    table.tick(MotionRequest(ask=Response.STOP))
    table.tick(RECOVER)
    assert table.phase == "STOPPING"
    table.until(lambda: table.phase == "BOARDED", 30.0)


def test_a_stop_whose_rate_froze_is_over_after_three_seconds() -> None:
    table = at(-60.0)
    table.bend = lambda t: t._replace(rate_dps=0.3)
    table.tick(MotionRequest(ask=Response.STOP))
    assert table.until(lambda: table.phase != "STOPPING", 4.0) == pytest.approx(3.01, abs=0.011)


@pytest.mark.requirement("REQ-REC-LATE")
def test_a_return_that_takes_longer_than_its_budget_is_stopped() -> None:
    table = at(-60.0)
    table.tick(MotionRequest(ask=Response.RETURN))
    returning = table.state.supervisor.returning
    assert returning is not None
    budget_s, returning.deadline_s = returning.budget_s, table.state.view.now_s + 0.005
    table.tick()
    (trip,) = table.trips
    assert (trip.monitor, trip.response, trip.recovery) == ("return-late", Response.STOP, Recovery.AUTOMATIC)
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


class Says(Monitor):
    """A monitor that says what a test wants."""

    id, hazard = "following", "H-12"

    def __init__(self, says: Response, *, turns_back: bool = False) -> None:
        self.says = says
        self.turns_back = turns_back  # type: ignore[misc]  # of this one alone

    def check(self, view: View) -> Response:  # noqa: ARG002 - whatever the facts are
        """Say it."""
        return self.says

    def detail(self, view: View) -> str:  # noqa: ARG002
        """Say no more."""
        return "because a test wants it"


class Judged:
    """A supervisor with one monitor, and a rider at 20 degrees."""

    def __init__(self, says: Response, *, turns_back: bool = False, **facts: object) -> None:
        self.monitor, self.supervisor = Says(says, turns_back=turns_back), Supervisor()
        self.supervisor._monitors = ((self.monitor, self.monitor.check),)
        self.view = view_of({"best_deg": 20.0, "inverted": True, **facts})
        self.at(0.0)

    def at(self, now_s: float, **facts: object) -> Phase:
        """The phase after a tick at that time; the monitor speaks in one tick alone."""
        self.view.now_s = now_s
        for name, value in facts.items():
            setattr(self.view, name, value)
        self.supervisor.judge(self.view)
        self.supervisor.advance(self.view)
        self.monitor.says = Response.NONE
        return self.supervisor.phase

    def beside(self, says: Response, *, lacks_power: bool = False) -> Says:
        """Add a second monitor, which speaks in every tick."""
        second = Says(says)
        second.id, second.lacks_power = "energy", lacks_power  # type: ignore[misc]  # of this one alone
        self.supervisor._monitors += ((second, second.check),)
        return second

    def rests(self, now_s: float) -> None:
        """It comes to rest, on its brake."""
        assert self.at(now_s, standing_s=0.01, braked_s=0.01) is Phase.HELD


def test_a_load_on_the_way_to_inversion_is_turned_back_from_as_soon_as_the_brake_holds() -> None:
    judged = Judged(Response.STOP, turns_back=True, command_dps=0.5)
    assert judged.supervisor.phase is Phase.STOPPING
    judged.rests(0.2)
    assert judged.at(0.45, braked_s=0.29) is Phase.HELD
    assert judged.at(0.5, braked_s=0.3) is Phase.CREEPING


@pytest.mark.parametrize(
    ("turns_back", "command_dps"), [(False, 2.0), (True, 0.0), (True, -2.0)], ids=["cause", "standing", "upward"]
)
def test_any_other_stop_pauses(turns_back: bool, command_dps: float) -> None:
    judged = Judged(Response.STOP, turns_back=turns_back, command_dps=command_dps)
    judged.rests(0.2)
    assert judged.at(2.19, braked_s=2.0) is Phase.HELD
    assert judged.at(2.21) is Phase.CREEPING


def test_a_cut_of_the_torque_pauses_whatever_the_load_was() -> None:
    judged = Judged(Response.TORQUE_OFF, turns_back=True, command_dps=2.0)
    judged.rests(0.01)
    assert judged.at(1.99, braked_s=1.99) is Phase.HELD
    assert judged.at(2.01) is Phase.CREEPING


def test_so_many_recoveries_are_tried_as_the_limits_say() -> None:
    judged, now_s, tries = Judged(Response.STOP), 0.0, 0
    while not judged.supervisor.exhausted:
        judged.rests(now_s + 0.1)
        now_s += 2.2
        tries += judged.at(now_s) is Phase.CREEPING
        judged.monitor.says = Response.STOP
        judged.at(now_s + 0.01)
    assert tries == TABLE.recovery_attempts == 3


def test_a_person_s_stop_takes_back_the_attempt_that_it_ends_and_no_other() -> None:
    judged, stop = Judged(Response.STOP), MotionRequest(ask=Response.STOP)
    judged.rests(0.1)
    assert judged.at(2.2) is Phase.CREEPING
    judged.monitor.says = Response.STOP
    judged.rests(2.3)
    assert judged.at(4.5) is Phase.CREEPING
    attempts = judged.supervisor._attempts
    assert attempts.count == 2
    assert judged.at(4.6, request=stop, standing_s=0.0) is Phase.STOPPING
    assert attempts.count == 1
    judged.rests(4.7)
    judged.at(4.8)
    assert attempts.count == 1


def creeps_as_told(way_deg: float) -> Judged:
    """It turned so far in a recovery of one second at -4 deg/s, and then its torque was cut."""
    judged = Judged(Response.STOP)
    judged.view.angles.encoder.value_deg = judged.view.angles.inclinometer.value_deg = 20.0
    judged.rests(0.1)
    assert judged.at(2.2, command_mode=CommandMode.MOVE) is Phase.CREEPING
    judged.view.angles.expected_dps = -4.0
    for tick in range(1, 101):
        judged.at(2.2 + tick / 100.0)
    judged.monitor.says = Response.TORQUE_OFF
    judged.view.angles.encoder.value_deg = judged.view.angles.inclinometer.value_deg = 20.0 + way_deg
    assert judged.at(3.3) is Phase.HELD
    judged.view.angles.expected_dps = 0.0
    return judged


def test_a_drive_that_went_as_told_until_its_torque_was_cut_is_tried_without_the_encoder() -> None:
    judged = creeps_as_told(-4.0)
    assert judged.at(5.4) is Phase.CREEPING
    assert judged.view.angles.encoder.lost.startswith("is doubted")


def test_a_drive_that_went_astray_before_its_torque_was_cut_is_not() -> None:
    judged = creeps_as_told(-7.0)
    assert judged.at(5.4) is Phase.HELD
    assert judged.supervisor.exhausted
    assert not judged.view.angles.encoder.lost


def test_a_press_is_followed_at_once_the_first_time_and_from_rest_after_that() -> None:
    judged = Judged(Response.STOP)
    judged.rests(0.1)
    assert judged.at(0.2, recover=True) is Phase.CREEPING
    judged.monitor.says = Response.STOP
    assert judged.at(1.0, recover=False) is Phase.HELD
    assert judged.at(1.2, recover=True) is Phase.HELD
    assert judged.at(2.9, recover=False) is Phase.HELD
    assert judged.at(3.1) is Phase.CREEPING


def test_a_pause_is_over_when_its_time_is() -> None:
    judged = Judged(Response.STOP)
    judged.rests(0.5)
    assert judged.at(0.5 + TABLE.recovery_pause_s) is Phase.CREEPING


def test_who_is_held_at_upright_is_boarded_as_soon_as_the_table_stands() -> None:
    judged = Judged(Response.TORQUE_OFF)
    assert judged.supervisor.torque_off
    assert judged.at(0.1, upright=True, standing_s=0.0) is Phase.HELD
    assert judged.at(0.2, standing_s=0.01) is Phase.BOARDED
    assert [judged.supervisor.torque_off] == [False]


def creeping(response: Response = Response.STOP) -> Judged:
    """A recovery that began 2.2 s after a stop."""
    judged = Judged(response)
    judged.rests(0.1)
    assert judged.at(2.2, command_mode=CommandMode.MOVE) is Phase.CREEPING
    return judged


def test_a_person_s_stop_ends_a_recovery_and_no_weaker_wish_does() -> None:
    judged = creeping()
    for ask in (Response.RETURN, Response.EMERGENCY_RETURN):
        assert judged.at(2.3, request=MotionRequest(ask=ask)) is Phase.CREEPING
    assert judged.at(2.4, request=MotionRequest(ask=Response.STOP), standing_s=0.0) is Phase.STOPPING


def test_who_is_held_already_is_not_stopped_again() -> None:
    judged = Judged(Response.STOP)
    judged.rests(0.1)
    assert judged.at(0.2, request=MotionRequest(ask=Response.STOP), standing_s=0.0) is Phase.HELD
    judged.monitor.says = Response.STOP
    assert judged.at(0.3) is Phase.HELD


def test_a_return_that_is_asked_for_again_does_not_begin_again() -> None:
    judged = Judged(Response.RETURN, command_mode=CommandMode.MOVE)
    returning = judged.supervisor.returning
    assert judged.at(1.0, request=MotionRequest(ask=Response.RETURN)) is Phase.RETURNING
    assert judged.supervisor.returning is returning
    assert judged.at(1.1, request=MotionRequest(ask=Response.EMERGENCY_RETURN)) is Phase.RETURNING
    assert judged.supervisor.returning is not returning


def test_a_stop_ends_by_itself_after_three_seconds_and_a_return_after_its_budget() -> None:
    judged = Judged(Response.STOP)
    assert [judged.at(now_s) for now_s in (3.0, 3.01)] == [Phase.STOPPING, Phase.HELD]
    judged = Judged(Response.RETURN, command_mode=CommandMode.MOVE)
    assert judged.supervisor.returning is not None
    end_s = judged.supervisor.returning.deadline_s
    assert [judged.at(now_s) for now_s in (end_s, end_s + 0.01)] == [Phase.RETURNING, Phase.STOPPING]


def test_a_recovery_that_takes_longer_than_its_budget_is_stopped_too() -> None:
    judged = creeping()
    assert judged.supervisor.returning is not None
    assert judged.at(judged.supervisor.returning.deadline_s + 0.01, standing_s=0.0) is Phase.STOPPING


def test_a_recovery_whose_torque_has_to_be_cut_is_over() -> None:
    judged = creeping(Response.TORQUE_OFF)
    judged.monitor.says = Response.TORQUE_OFF
    assert judged.at(2.3) is Phase.HELD
    assert judged.supervisor.torque_off


def test_who_is_near_boarding_is_returned_too() -> None:
    assert Judged(Response.RETURN, best_deg=-72.0, inverted=False).supervisor.phase is Phase.RETURNING


def test_the_torque_is_less_until_a_recovery_is_over() -> None:
    judged, little = Judged(Response.STOP, turns_back=True, command_dps=2.0), TABLE.creep_torque_fraction
    told = [judged.supervisor.torque_fraction]
    judged.rests(0.1)
    told.append(judged.supervisor.torque_fraction)
    assert judged.at(2.2, braked_s=2.0, command_mode=CommandMode.MOVE) is Phase.CREEPING
    told.append(judged.supervisor.torque_fraction)
    judged.monitor.says = Response.STOP
    assert judged.at(2.3, standing_s=0.0) is Phase.STOPPING
    told.append(judged.supervisor.torque_fraction)
    judged.rests(2.4)
    told.append(judged.supervisor.torque_fraction)
    assert judged.at(2.5, upright=True, away=False) is Phase.BOARDED
    assert [*told, judged.supervisor.torque_fraction] == [0.85, little, little, little, little, 1.0]


def test_a_return_takes_the_whole_torque_and_so_does_what_holds_its_end() -> None:
    judged = Judged(Response.STOP)
    told = [judged.supervisor.torque_fraction]
    judged.rests(0.1)
    assert [*told, judged.supervisor.torque_fraction] == [1.0, 1.0]


def arrived(response: Response) -> Judged:
    """A rider who was brought upright, with what did it latched."""
    judged = Judged(response, command_mode=CommandMode.MOVE)
    if response >= Response.STOP:
        judged.rests(0.1)
        assert judged.at(2.2) is Phase.CREEPING
    assert judged.supervisor.returning is not None
    judged.supervisor.returning.stage = Stage.ARRIVED
    assert judged.at(20.0, upright=True, away=False, inverted=False) is Phase.BOARDED
    return judged


@pytest.mark.parametrize(
    ("response", "way"), [(Response.RETURN, Phase.RETURNING), (Response.STOP, Phase.CREEPING)], ids=["return", "stop"]
)
def test_who_strays_far_from_boarding_is_brought_back_the_way_that_they_came(response: Response, way: Phase) -> None:
    judged = arrived(response)
    judged.view.angles.best_deg = TABLE.upright_deg + 5.0
    assert judged.at(21.0, upright=False, away=True) is Phase.BOARDED
    judged.view.angles.best_deg = TABLE.upright_deg + 5.125
    assert judged.at(22.0) is way


def test_what_a_person_ordered_is_over_once_the_rider_is_upright() -> None:
    judged = Judged(Response.NONE, request=MotionRequest(ask=Response.STOP))
    assert judged.supervisor.phase is Phase.STOPPING
    judged.rests(0.1)
    assert judged.supervisor.waits_for_a_person
    assert judged.at(10.0, upright=True, away=False) is Phase.BOARDED
    assert judged.at(10.1, request=MotionRequest()) is Phase.FREE
    judged.monitor.says = Response.STOP
    assert judged.at(20.0, upright=False, away=True, standing_s=0.0, braked_s=0.0) is Phase.STOPPING
    judged.rests(20.1)
    assert judged.at(22.2) is Phase.CREEPING


def test_after_a_stop_that_only_a_person_recovers_from_the_rider_is_held() -> None:
    judged = Judged(Response.NONE)
    judged.monitor.says, judged.monitor.recovery = Response.STOP, Recovery.ON_REQUEST  # type: ignore[misc]
    assert judged.at(0.1, standing_s=0.0) is Phase.STOPPING
    judged.rests(0.2)
    assert judged.supervisor.waits_for_a_person
    assert judged.at(10.0, standing_s=9.0) is Phase.HELD


@pytest.mark.parametrize(("standing_s", "phase"), [(0.3, Phase.CREEPING), (0.29, Phase.HELD)])
def test_a_table_without_a_brake_has_stood_for_three_tenths_of_a_second(standing_s: float, phase: Phase) -> None:
    judged = Judged(Response.STOP)
    assert judged.at(0.1, standing_s=0.01) is Phase.HELD
    assert judged.at(2.2, standing_s=standing_s) is phase
    assert judged.at(4.2, standing_s=standing_s) is Phase.CREEPING


def test_a_recovery_goes_on_under_all_that_called_for_a_stop_before_it_began() -> None:
    judged = Judged(Response.STOP)
    judged.beside(Response.STOP)
    for now_s, phase in ((0.1, Phase.HELD), (2.0, Phase.HELD), (2.2, Phase.CREEPING), (2.3, Phase.CREEPING)):
        judged.monitor.says = Response.STOP
        assert judged.at(now_s, standing_s=0.5, braked_s=0.01) is phase


@pytest.mark.requirement("REQ-REC-ATTEMPTS", "REQ-REC-WRONG-WAY")
@pytest.mark.parametrize("response", [Response.STOP, Response.TORQUE_OFF])
@pytest.mark.parametrize(("rise_deg", "turned"), [(1.4, False), (1.6, True)])
def test_a_recovery_that_turns_the_rider_down_while_nobody_tells_it_anything_is_the_last_one(
    rise_deg: float, turned: bool, response: Response
) -> None:
    judged = creeping(response)
    angles = judged.view.angles
    angles.encoder.value_deg = angles.inclinometer.value_deg = 20.0
    judged.supervisor._attempts.begin(judged.view)
    angles.encoder.value_deg = angles.inclinometer.value_deg = 20.0 + rise_deg
    assert judged.at(5.0, command_mode=None) is (Phase.HELD if turned else Phase.CREEPING)
    assert judged.supervisor.exhausted is judged.supervisor.torque_off is turned
    if turned:
        trip = judged.supervisor.latched["recovery-wrong-way"]
        assert (trip.response, trip.recovery) == (Response.TORQUE_OFF, Recovery.AUTOMATIC)
        assert trip.detail == "the recovery turned the table toward inversion"
        assert trip.t_s - trip.since_s == pytest.approx(2.8)


def test_a_return_that_the_board_turns_down_goes_on_when_it_listens_again() -> None:
    judged = Judged(Response.RETURN, command_mode=CommandMode.MOVE)
    angles = judged.view.angles
    angles.encoder.value_deg = angles.inclinometer.value_deg = 20.0
    judged.supervisor._attempts.begin(judged.view)
    angles.encoder.value_deg = angles.inclinometer.value_deg = 25.0
    assert judged.at(1.0, command_mode=None) is Phase.RETURNING
    assert judged.at(1.1, command_mode=CommandMode.MOVE) is Phase.RETURNING


def turn(judged: Judged, angle_deg: float) -> None:
    judged.view.angles.encoder.value_deg = judged.view.angles.inclinometer.value_deg = angle_deg


@pytest.mark.requirement("REQ-REC-ATTEMPTS")
@pytest.mark.parametrize(("rise_deg", "phase"), [(1.4, Phase.CREEPING), (1.6, Phase.HELD)])
def test_a_recovery_that_turned_the_rider_far_down_is_the_last_one(rise_deg: float, phase: Phase) -> None:
    judged = Judged(Response.STOP)
    turn(judged, 20.0)
    judged.rests(0.1)
    assert judged.at(2.2) is Phase.CREEPING
    judged.monitor.says = Response.STOP
    judged.at(2.3)
    turn(judged, 20.0 + rise_deg)
    judged.rests(2.4)
    assert judged.at(4.5) is phase
    assert judged.supervisor.exhausted is (phase is Phase.HELD)
    assert not judged.view.angles.encoder.lost


class Starved:
    """Recoveries that came to nothing for want of power."""

    def __init__(self) -> None:
        self.judged = Judged(Response.STOP)
        self.power = self.judged.beside(Response.INHIBIT, lacks_power=True)
        turn(self.judged, 20.0)
        self.now_s = 0.0
        assert self.tries(6) == 4

    def tries(self, at_most: int) -> int:
        """How often it creeps."""
        number = 0
        for _ in range(at_most):
            self.judged.at(self.now_s + 0.1, standing_s=0.01, braked_s=0.01)
            self.now_s += 2.2
            number += self.judged.at(self.now_s) is Phase.CREEPING
            self.judged.monitor.says = Response.STOP
            self.judged.at(self.now_s + 0.01)
        return number


@pytest.mark.requirement("REQ-REC-AGAIN")
def test_what_came_to_nothing_for_want_of_power_is_tried_again_with_power_and_then_no_more() -> None:
    starved = Starved()
    assert starved.judged.supervisor.exhausted
    assert starved.judged.view.angles.encoder.lost.startswith("is doubted")
    starved.power.says = Response.NONE
    assert starved.tries(8) == 3
    for says in (Response.INHIBIT, Response.NONE):  # it was not for want of power this time
        starved.power.says = says
        assert starved.tries(3) == 0


@pytest.mark.requirement("REQ-REC-AGAIN")
def test_power_that_came_back_before_is_no_reason_to_try_again_what_turned_the_rider_down() -> None:
    starved = Starved()
    judged, starved.power.says = starved.judged, Response.NONE
    assert judged.at(22.1) is Phase.CREEPING
    turn(judged, 22.0)
    assert judged.at(22.2, command_mode=None) is Phase.HELD
    for now_s in (22.3, 25.0):
        assert judged.at(now_s) is Phase.HELD
        assert judged.supervisor.exhausted, "and it is said all the time"


@pytest.mark.parametrize("tried", [0, 2])
def test_an_angle_that_is_lost_is_a_new_chance_once(tried: int) -> None:
    judged, now_s, tries = Judged(Response.STOP), 0.0, 0
    for number in range(8):
        if number == tried:
            judged.view.angles.lost_angles = Lost.INCLINOMETER
            judged.view.angles.inclinometer.lost = "jumped"
        judged.rests(now_s + 0.1)
        now_s += 2.2
        tries += judged.at(now_s) is Phase.CREEPING
        judged.monitor.says = Response.STOP
        judged.at(now_s + 0.01)
    assert tries == tried + TABLE.recovery_attempts


@pytest.mark.requirement("REQ-REC-ATTEMPTS")
@pytest.mark.parametrize(
    ("lost", "mode", "phase"),
    [
        (0, CommandMode.MOVE, Phase.HELD),
        (Lost.INCLINOMETER, CommandMode.MOVE, Phase.CREEPING),
        (Lost.INCLINOMETER, None, Phase.HELD),
    ],
)
def test_one_angle_ends_a_recovery_that_turns_down_only_where_nobody_tells_it_anything(
    lost: int, mode: CommandMode | None, phase: Phase
) -> None:
    judged = creeping()
    angles = judged.view.angles
    angles.lost_angles, angles.inclinometer.lost = lost, "jumped" if lost else ""
    turn(judged, 20.0)
    judged.supervisor._attempts.begin(judged.view)
    turn(judged, 21.6)
    assert judged.at(5.0, command_mode=mode) is phase


@pytest.mark.requirement("REQ-ANG-BRAKE")
def test_from_where_a_stop_was_ordered_the_brake_tells_which_angle_is_wrong() -> None:
    judged = Judged(Response.NONE)
    angles = judged.view.angles
    angles.encoder.value_deg = angles.inclinometer.value_deg = 20.0
    judged.monitor.says = Response.STOP
    judged.at(0.1)
    angles.expected_dps = 3.0
    for tick in range(60):
        status = Status.BRAKE_CLOSED if tick else 0
        angles.update(WELL._replace(encoder_deg=19.7, inclinometer_deg=20.3, status=status), tick / 100.0, 0.01, TABLE)
    assert angles.encoder.lost.startswith("contradicts the brake")


def test_what_a_rider_did_before_a_hold_asks_for_nothing_in_it() -> None:
    judged = Judged(Response.NONE, request=MotionRequest(ask=Response.STOP))
    judged.monitor.asks_recovery = True  # type: ignore[misc]  # of this one alone
    told = []
    for tick, asks in enumerate([True, True, True, True, False, True, True]):
        judged.monitor.says = Response.INHIBIT if asks else Response.NONE
        told.append(judged.at(1.0 + 2.5 * tick, standing_s=1.0, request=MotionRequest()))
    assert told == [Phase.HELD] * 5 + [Phase.CREEPING] * 2


def loses_its_angles(judged: Judged) -> None:
    angles = judged.view.angles
    angles.angle_deg, angles.lost_angles = None, Lost.ENCODER | Lost.INCLINOMETER
    angles.encoder.lost = angles.inclinometer.lost = "lost"


@pytest.mark.requirement("REQ-REC-ATTEMPTS")
@pytest.mark.parametrize(
    ("response", "recovery", "angle_deg", "shakes", "blind"),
    [
        (Response.TORQUE_OFF, Recovery.AUTOMATIC, 20.0, False, Phase.HELD),
        (Response.STOP, Recovery.AUTOMATIC, 20.0, False, Phase.CREEPING),
        (Response.TORQUE_OFF, Recovery.ON_REQUEST, 20.0, False, Phase.CREEPING),  # an emergency stop says nothing of it
        (Response.TORQUE_OFF, Recovery.AUTOMATIC, None, False, Phase.CREEPING),  # no angle saw how the table moved
        (Response.TORQUE_OFF, Recovery.AUTOMATIC, 20.0, True, Phase.CREEPING),  # what was seen may have been noise
    ],
)
def test_nobody_is_moved_blind_by_a_drive_whose_torque_was_cut_for_what_an_angle_saw(
    response: Response, recovery: Recovery, angle_deg: float | None, shakes: bool, blind: Phase
) -> None:
    judged = Judged(Response.NONE, angle_deg=angle_deg)
    judged.view.angles._drive_rate._noise_dps = 9.0 if shakes else 0.0
    assert judged.view.angles.rate_shakes is shakes
    judged.monitor.says, judged.monitor.recovery = response, recovery  # type: ignore[misc]  # of this one alone
    judged.at(0.1)
    loses_its_angles(judged)
    judged.rests(0.2)
    judged.monitor.says, judged.monitor.asks_recovery = Response.INHIBIT, True  # type: ignore[misc]  # a hand switch
    assert judged.at(3.0, standing_s=2.0) is blind
    assert judged.supervisor.exhausted is (blind is Phase.HELD)


@pytest.mark.requirement("REQ-REC-ATTEMPTS")
def test_a_stop_that_follows_does_not_make_a_drive_whose_torque_was_cut_good_again() -> None:
    judged = Judged(Response.TORQUE_OFF)
    second = judged.beside(Response.STOP)
    judged.rests(0.1)
    assert "energy" in judged.supervisor.latched
    loses_its_angles(judged)
    second.says = Response.NONE
    assert judged.at(3.0, standing_s=2.0) is Phase.HELD
    assert judged.supervisor.exhausted


@pytest.mark.requirement("REQ-REC-AGAIN")
def test_power_that_comes_back_is_no_reason_to_try_again_what_turned_down_a_rider_who_had_been_upright() -> None:
    judged = arrived(Response.RETURN)
    power = judged.beside(Response.INHIBIT, lacks_power=True)
    turn(judged, 20.0)
    judged.monitor.says = Response.STOP
    assert judged.at(21.0, upright=False, away=True, standing_s=0.0) is Phase.STOPPING
    judged.rests(21.1)
    assert judged.at(23.2) is Phase.CREEPING
    turn(judged, 22.0)
    assert judged.at(23.3, command_mode=None) is Phase.HELD
    power.says = Response.NONE
    for now_s in (23.4, 26.0):
        judged.at(now_s)
        assert judged.supervisor.exhausted
