"""What came of a recovery: an angle that lied is done without, a drive that ran away is not tried again and again."""

from typing import Final

import pytest

from safety.attempts import Attempts
from safety.channel import DOUBTED
from safety.signals import DriveFault, Lost, MotionRequest, Response, Telemetry
from safety.view import View
from tests.safety.kinematic_table import ASK_RETURN, ASK_STOP, RECOVER, TABLE, KinematicTable, at, comes_up

pytestmark = pytest.mark.requirement("REQ-REC-ATTEMPTS")
Pair = tuple[float | None, float | None]
Words = tuple[str, str]
NONE_LOST: Final = ("", "")


def view_at(encoder_deg: float | None, inclinometer_deg: float | None, expected_dps: float = 0.0) -> View:
    view = View(TABLE, TABLE, "hold-to-run")
    view.angles.encoder.value_deg, view.angles.inclinometer.value_deg = encoder_deg, inclinometer_deg
    view.angles.expected_dps, view.dt_s = expected_dps, 0.01
    return view


def tried(
    began: Pair, ended: Pair, told_dps: float = 0.0, ticks: int = 20, lost: Words = NONE_LOST
) -> tuple[bool, int]:
    """Whether an attempt went astray, and how many count after it; it was told so much for so long."""
    attempts = Attempts()
    attempts.begin(view_at(*began))
    for _ in range(ticks):
        attempts.watch(view_at(*began, told_dps))
    view = view_at(*ended)
    view.angles.encoder.lost, view.angles.inclinometer.lost = lost
    attempts.weigh(view)
    return attempts.went_astray(view), attempts.count


@pytest.mark.parametrize(
    ("began", "ended", "told_dps", "astray"),
    [
        ((-10.0, -10.5), (-10.31, -10.81), 0.0, True),
        ((-10.0, -10.5), (-9.69, -10.19), 0.0, True),
        ((-10.0, -10.5), (-10.29, -10.81), 0.0, False),  # one of them alone
        ((-10.0, -10.5), (-10.31, -10.79), 0.0, False),
        ((-10.0, -10.5), (-10.31, -10.19), 0.0, False),  # each another way
        ((20.0, 20.0), (18.11, 18.11), -4.0, False),  # 0.8 deg as told, and 0.8 deg while the brake took hold
        ((20.0, 20.0), (18.09, 18.09), -4.0, True),
        ((20.0, 20.0), (20.31, 20.31), -4.0, True),  # the wrong way
        ((20.0, 20.0), (20.11, 20.11), -1.0, True),
        ((0.0, 0.0), (0.1, 0.1), -2.0, False),  # so much a load sags
        ((0.0, 0.0), (0.11, 0.11), -2.0, True),
        ((20.0, 20.0), (20.11, 20.09), -1.0, False),  # by one of them it sagged
        ((20.0, 20.0), (20.11, 20.11), -0.9, False),  # 0.29 deg from where it should be
        ((None, 20.0), (10.0, 10.0), 0.0, False),
        ((20.0, None), (10.0, 10.0), 0.0, False),
        ((20.0, 20.0), (None, 10.0), 0.0, False),
        ((20.0, 20.0), (10.0, None), 0.0, False),
        ((0.0, 0.0), (0.3, 0.3), 0.0, False),  # as far as the tolerance is nothing astray yet
        ((0.0, 0.0), (-0.3, -0.3), 0.0, False),
    ],
)
def test_a_drive_ran_away_where_both_angles_say_so(began: Pair, ended: Pair, told_dps: float, astray: bool) -> None:
    assert tried(began, ended, told_dps)[0] is astray


def test_with_an_angle_lost_nobody_knows_whether_the_drive_ran_away() -> None:
    assert tried((20.0, 20.0), (18.0, 18.0)) == (True, 1)
    for lost in (("jumped", ""), ("", "jumped"), (DOUBTED, "jumped")):
        assert tried((20.0, 20.0), (18.0, 18.0), lost=lost) == (False, 1)
        assert tried((20.0, 20.0), (0.0, 0.0), lost=lost) == (False, 1)


def went_alone(attempts: Attempts, ended_deg: float, lost: Words, told_dps: float = -1.0) -> int:
    """One more attempt from 20 deg of which one angle is left, told so for ten seconds; how many count after it."""
    attempts.begin(view_at(20.0, 20.0))
    for _ in range(1001):
        attempts.watch(view_at(20.0, 20.0, told_dps))
    view = view_at(ended_deg, ended_deg)
    view.angles.encoder.lost, view.angles.inclinometer.lost = lost
    attempts.weigh(view)
    return attempts.count


ONE_LEFT = pytest.mark.parametrize("lost", [("jumped", ""), ("", "jumped")])


@ONE_LEFT
@pytest.mark.parametrize(
    ("told_dps", "ended_deg", "count"),
    [
        (-1.0, 0.0, 0),
        (-1.0, 9.9, 0),
        (-1.0, 10.1, 1),  # not far enough by the angle
        (-0.9, 0.0, 1),  # it was not told to go so far
    ],
)
def test_way_that_the_last_angle_says_was_made_does_not_count(
    told_dps: float, ended_deg: float, count: int, lost: Words
) -> None:
    assert went_alone(Attempts(), ended_deg, lost, told_dps) == count


@ONE_LEFT
def test_the_last_angle_is_believed_once_until_the_rider_was_upright(lost: Words) -> None:
    attempts = Attempts()
    assert [went_alone(attempts, 0.0, lost) for _ in range(3)] == [0, 1, 2]
    attempts.forget()
    assert went_alone(attempts, 0.0, lost) == 0


@ONE_LEFT
def test_way_by_both_angles_gives_the_last_one_no_second_hearing(lost: Words) -> None:
    attempts = Attempts()
    assert went_alone(attempts, 0.0, lost) == 0
    assert went_alone(attempts, 0.0, NONE_LOST) == 0
    assert went_alone(attempts, 0.0, lost) == 1


@ONE_LEFT
def test_a_drive_that_ran_away_is_not_asked_again_because_of_one_angle(lost: Words) -> None:
    attempts = Attempts()
    attempts.ran_away = True
    assert went_alone(attempts, 0.0, lost) == 1


def test_an_encoder_that_is_doubted_alone_is_a_witness_of_the_drive_still() -> None:
    assert tried((20.0, 20.0), (20.7, 20.7), -1.0, lost=(DOUBTED, "")) == (True, 1)


@pytest.mark.parametrize(
    ("ended", "count"),
    [((9.9, 9.9), 0), ((10.0, 10.0), 1), ((10.1, 9.9), 1), ((9.9, 10.1), 1), ((30.1, 30.1), 1)],
)
def test_an_attempt_that_made_way_does_not_count(ended: Pair, count: int) -> None:
    assert tried((20.0, 20.0), ended)[1] == count


def test_what_was_given_up_stays_so_however_much_way_was_made() -> None:
    attempts = Attempts()
    attempts.begin(view_at(20.0, 20.0))
    attempts.give_up()
    attempts.weigh(view_at(0.0, 0.0))
    assert attempts.count == -1
    attempts.may_be_tried_again()
    assert attempts.count == 0
    attempts.count = 2
    attempts.may_be_tried_again()
    assert attempts.count == 2


def test_a_recovery_may_be_blind_until_a_torque_was_cut() -> None:
    attempts = Attempts()
    assert not attempts.cut_by_motion
    attempts.cut_by_motion = True
    attempts.forget()
    assert not attempts.cut_by_motion


def test_one_that_was_told_to_go_just_so_far_may_not_have_made_that_way() -> None:
    """By the one angle that is left."""
    attempts = Attempts()
    attempts.begin(view_at(20.0, 20.0))
    attempts.watch(view_at(20.0, 20.0, -1000.0))  # 10 deg in a tick
    view = view_at(0.0, 0.0)
    view.angles.encoder.lost = "jumped"
    attempts.weigh(view)
    assert attempts.count == 1


def test_each_attempt_is_counted() -> None:
    attempts = Attempts()
    attempts.begin(view_at(20.0, 20.0))
    attempts.begin(view_at(20.0, 20.0))
    assert attempts.count == 2


@pytest.mark.parametrize(("begun", "left"), [(0, 0), (1, 0), (2, 1), (3, 2)])
def test_one_that_a_person_ended_is_not_counted(begun: int, left: int) -> None:
    attempts = Attempts()
    for _ in range(begun):
        attempts.begin(view_at(20.0, 20.0))
    attempts.interrupted()
    assert attempts.count == left


def test_before_the_first_attempt_no_drive_has_run_away() -> None:
    attempts = Attempts()
    attempts.watch(view_at(20.0, 20.0, -4.0))  # a boarded rider who strayed creeps without one
    attempts.count = -1
    attempts.learnt_of_an_angle()
    assert attempts.count == 0
    assert not attempts.went_astray(view_at(5.0, 5.0))


def rising(*steps_deg: float) -> Attempts:
    """Attempts that each turned the rider so far, and were begun where the one before ended."""
    attempts, angle_deg = Attempts(), 20.0
    for step_deg in steps_deg:
        attempts.begin(used_at(angle_deg))
        angle_deg += step_deg
    attempts.begin(used_at(angle_deg))
    return attempts


def used_at(angle_deg: float) -> View:
    view = view_at(angle_deg, angle_deg)
    view.angles.best_deg = angle_deg
    return view


@pytest.mark.parametrize(
    ("steps_deg", "worse"),
    [
        ((1.0, 0.5), False),
        ((1.0, 0.625), True),
        ((1.0, -5.0, 0.5), False),
        ((1.0, -5.0, 0.625), True),
    ],
)
def test_what_attempts_turned_toward_inversion_adds_up(steps_deg: tuple[float, ...], worse: bool) -> None:
    assert rising(*steps_deg).made_it_worse(used_at(20.0 + sum(steps_deg))) is worse


def test_the_one_under_way_made_it_worse_by_two_angles_however_little_it_did_itself() -> None:
    assert rising(1.5).made_it_worse(used_at(21.625))


@pytest.mark.parametrize(("angle_deg", "worse"), [(21.5, False), (21.625, True), (10.0, False)])
@pytest.mark.parametrize("lost", [None, "encoder", "inclinometer"])
def test_with_an_angle_lost_the_one_that_is_left_tells_of_it(angle_deg: float, worse: bool, lost: str | None) -> None:
    view = used_at(angle_deg)
    if lost is not None:
        channel = getattr(view.angles, lost)
        channel.lost, channel.value_deg = "jumped", 20.0 if worse else 90.0
    assert rising().turned_down(view) is worse
    assert rising().made_it_worse(view) is (worse and lost is None), "one that is left may have jumped"


@pytest.mark.parametrize(
    ("steps_deg", "worse"),
    [((1.0, 0.625), True), ((1.375, 0.25), False), ((1.0, 0.5), False), ((2.0, 0.0, 0.25), False)],
)
def test_an_angle_that_is_left_tells_of_it_where_it_went_down_in_two_attempts(
    steps_deg: tuple[float, ...], worse: bool
) -> None:
    attempts, angle_deg = Attempts(), 20.0
    for step_deg in (*steps_deg, None):
        view = used_at(angle_deg)
        view.angles.encoder.lost = "jumped"
        if step_deg is None:
            assert attempts.made_it_worse(view) is worse
            attempts.forget()
            assert not attempts.made_it_worse(view)
            return
        attempts.begin(view)
        angle_deg += step_deg


def test_where_the_one_that_is_left_gives_no_value_nothing_tells_of_it() -> None:
    view = used_at(90.0)
    view.angles.encoder.lost, view.angles.inclinometer.value_deg = "jumped", None
    assert not rising().made_it_worse(view)


@pytest.mark.parametrize(("angle_deg", "turned"), [(22.0, False), (22.5, False), (22.625, True)])
def test_what_one_attempt_turned_toward_inversion_is_told_from_what_all_did(angle_deg: float, turned: bool) -> None:
    assert rising(1.0).turned_down(used_at(angle_deg)) is turned


@pytest.mark.parametrize(
    ("angles_deg", "worse"),
    [((21.625, 21.75), True), ((21.5, 21.75), False), ((21.625, 22.125), True), ((21.625, 22.25), False)],
)
def test_with_both_angles_lost_they_tell_of_it_where_they_agree(angles_deg: Pair, worse: bool) -> None:
    view = view_at(*angles_deg)
    view.angles.angle_deg, view.angles.lost_angles = None, 3
    view.angles.encoder.lost = view.angles.inclinometer.lost = "lost"
    assert rising().made_it_worse(view) is worse


@pytest.mark.parametrize(
    ("angles_deg", "ends"),
    [((21.5, 20.0), False), ((21.625, 20.0), True), ((21.625, 19.75), True), ((21.625, 19.625), False)],
)
@pytest.mark.parametrize("lost", [DOUBTED, "disagrees"])
def test_a_doubted_encoder_ends_a_recovery_in_which_the_other_angle_sees_no_way_made(
    angles_deg: Pair, ends: bool, lost: str
) -> None:
    view = view_at(*angles_deg)
    view.angles.encoder.lost = lost
    assert rising().both_say_turned_down(view) is (ends and lost == DOUBTED)
    view.angles.encoder.value_deg, view.angles.inclinometer.value_deg = None, 30.0
    assert not rising().both_say_turned_down(view)


@pytest.mark.parametrize(("inclinometer_deg", "ends"), [(-0.3, False), (-0.29, True)])
def test_so_much_way_as_is_no_evidence_of_a_drive_that_runs_away_is_no_way_made(
    inclinometer_deg: float, ends: bool
) -> None:
    attempts = Attempts()
    attempts.begin(view_at(0.0, 0.0))
    view = view_at(2.0, inclinometer_deg)
    view.angles.encoder.lost = DOUBTED
    assert attempts.both_say_turned_down(view) is ends


@pytest.mark.parametrize(
    ("angles_deg", "ends"), [((21.5, 21.5), False), ((21.625, 21.625), True), ((None, 30.0), False)]
)
@pytest.mark.parametrize("lost", ["", "lost"])
def test_two_angles_end_a_recovery_that_turns_the_rider_down_and_one_alone_does_not(
    angles_deg: Pair, ends: bool, lost: str
) -> None:
    view = view_at(*angles_deg)
    view.angles.encoder.lost = view.angles.inclinometer.lost = lost
    assert rising().both_say_turned_down(view) is ends


@pytest.mark.requirement("REQ-REC-ATTEMPTS")
def test_a_drive_that_runs_away_beside_an_inclinometer_that_stands_takes_nobody_far() -> None:
    """Session 4714 of seed 7: the encoder was doubted, and then the inclinometer too; 95 deg with nobody to see it."""
    table = at(20.0)
    stood_deg = table.angle_deg
    view = table.state.view
    table.bend = lambda t: t._replace(
        inclinometer_deg=stood_deg, rate_dps=view.command_dps if view.angles.encoder.lost else table.rate_dps
    )  # without its encoder the drive tells its motor's rate, by what it was told
    table.move = lambda rate_dps: 5.6 if rate_dps else 0.0
    table.tick(ASK_RETURN)
    table.until(lambda: table.state.supervisor.exhausted, 60.0)
    table.run(30.0)
    assert table.state.supervisor.exhausted
    assert table.angle_deg - stood_deg < 4.0


def blind() -> KinematicTable:
    """Held, with both angles lost that measure nevertheless, and a drive that turns the wrong way, as none sees."""
    table = at(20.0)
    table.tick(ASK_STOP)
    table.until(lambda: table.phase == "HELD", 3.0)
    table.bend = lambda t: t._replace(
        faults=DriveFault.ENCODER, inclinometer_deg=table.angle_deg + 5.0, rate_dps=table.state.view.command_dps
    )
    table.tick()
    table.move = lambda rate_dps: -rate_dps if rate_dps < 0.0 else 0.0
    assert table.state.view.angles.angle_deg is None
    return table


@pytest.mark.requirement("REQ-REC-ATTEMPTS")
def test_blind_a_recovery_that_turns_the_rider_down_is_ended_by_what_both_lost_angles_say() -> None:
    table = blind()
    held_deg = table.angle_deg
    table.tick(RECOVER)
    table.until(lambda: table.state.supervisor.exhausted, 30.0)
    assert 1.5 < table.angle_deg - held_deg < 3.0
    assert table.state.supervisor.torque_off
    table.run(10.0)
    table.tick(RECOVER)
    table.run(10.0)
    assert table.state.supervisor.exhausted


@pytest.mark.requirement("REQ-REC-ATTEMPTS")
def test_an_angle_that_is_lost_as_the_last_one_is_no_new_chance_where_the_torque_was_cut() -> None:
    """Session 1092 of seed 7: nobody saw where a drive that ran away took the rider, as far as the table goes."""
    table = at(20.0)
    table.faults = DriveFault.ENCODER
    table.tick()
    table.until(lambda: table.phase == "FREE" or table.rate_dps < 0.0, 5.0)
    table.move = lambda rate_dps: 4.0 if rate_dps else 0.0
    table.until(lambda: table.state.supervisor.exhausted, 30.0)
    angle_deg = table.angle_deg
    table.bend = lambda t: t._replace(inclinometer_deg=table.angle_deg + 5.0)
    table.run(20.0)
    assert table.state.view.angles.lost_angles == Lost.ENCODER | Lost.INCLINOMETER
    assert table.state.supervisor.exhausted
    assert table.angle_deg == angle_deg


def test_an_attempt_that_made_way_begins_the_sum_anew() -> None:
    attempts = rising(1.5, 0.0)
    begun = [attempts.begun]
    attempts.weigh(used_at(11.0))
    begun.append(attempts.begun)
    attempts.begin(used_at(11.0))
    assert [*begun, attempts.begun] == [True, False, True]
    assert not attempts.made_it_worse(used_at(12.5))


def test_upright_begins_it_anew_too() -> None:
    attempts = rising(1.5)
    attempts.forget()
    assert not attempts.begun
    assert not attempts.made_it_worse(used_at(90.0))
    attempts.begin(used_at(20.0))
    assert not attempts.made_it_worse(used_at(21.5))


def test_an_angle_that_is_found_lost_is_a_new_chance_but_not_for_a_drive_that_ran_away() -> None:
    attempts = Attempts()
    attempts.count, attempts.ran_away = -1, True
    attempts.learnt_of_an_angle()
    assert attempts.count == -1
    attempts.forget()
    assert (attempts.count, attempts.ran_away) == (0, False)
    assert not attempts.went_astray(view_at(5.0, 5.0))
    attempts.count = -1
    attempts.learnt_of_an_angle()
    assert attempts.count == 0


AWAY_DPS: Final = -4.0


class Runaway:
    """Whenever it is told to move it turns toward upright, and goes on for 0.1 s until the brake takes hold."""

    def __init__(self) -> None:
        self.coasts = 0

    def __call__(self, rate_dps: float) -> float:
        """The rate that comes of what was told."""
        self.coasts = 10 if rate_dps else max(self.coasts - 1, 0)
        return AWAY_DPS if self.coasts else 0.0


def given_up() -> KinematicTable:
    """A drive that runs away toward upright whenever it has torque, seen by both angles."""
    table = at(-20.0)
    table.tick(ASK_STOP)
    table.until(lambda: table.phase == "HELD", 3.0)
    table.move = Runaway()
    table.tick(RECOVER)
    table.until(lambda: table.state.supervisor.exhausted, 20.0)
    return table


@pytest.mark.requirement("REQ-MON-OVERSPEED")
def test_a_drive_that_ran_away_in_a_recovery_is_not_tried_without_the_encoder() -> None:
    table = given_up()
    assert set(table.causes()) == {"overspeed"}
    assert table.state.supervisor.torque_off
    assert not table.state.view.angles.lost_angles


def test_an_angle_that_is_lost_later_begins_no_recovery_with_a_drive_that_ran_away() -> None:
    table = given_up()
    angle_deg = table.angle_deg
    table.bend = lambda t: t._replace(inclinometer_deg=None)
    table.run(10.0)
    assert table.state.view.angles.lost_angles
    assert table.state.supervisor.exhausted
    assert table.angle_deg == angle_deg
    table.bend, table.move = lambda t: t, lambda rate_dps: rate_dps
    table.tick(RECOVER)
    comes_up(table)


def test_a_drive_that_is_turned_round_is_not_tried_again_when_an_angle_is_lost_later() -> None:
    table = at(20.0)
    table.tick(ASK_STOP)
    table.until(lambda: table.phase == "HELD", 3.0)
    table.move = lambda rate_dps: -rate_dps
    table.tick(RECOVER)
    table.until(lambda: table.state.supervisor.exhausted, 30.0)
    angle_deg = table.angle_deg
    assert angle_deg < 23.0
    table.bend = lambda t: t._replace(inclinometer_deg=None)
    table.run(20.0)
    assert table.state.supervisor.exhausted
    assert table.angle_deg == angle_deg


def with_the_encoder_reversed(table: KinematicTable) -> None:
    """From here on it counts the other way."""
    here_deg = table.angle_deg

    def bend(t: Telemetry) -> Telemetry:
        assert t.rate_dps is not None
        return t._replace(encoder_deg=2.0 * here_deg - table.angle_deg, rate_dps=-t.rate_dps)

    table.bend = bend


@pytest.mark.requirement("REQ-ANG-BRAKE")
def test_an_encoder_that_turned_round_before_the_drive_did_is_not_believed_against_the_inclinometer() -> None:
    table = KinematicTable()
    table.until(lambda: table.angle_deg >= -37.0, 60.0, MotionRequest(rate_dps=2.5))
    with_the_encoder_reversed(table)
    table.until(lambda: table.phase == "HELD", 2.0)
    table.rate_dps = 2.5
    table.move = lambda rate_dps: max(rate_dps, table.rate_dps - 0.08)  # the brake takes its time
    assert not table.state.view.angles.lost_angles
    table.until(lambda: table.state.view.angles.lost_angles == Lost.ENCODER, 1.0)
    stopped_deg = table.angle_deg
    table.move = lambda rate_dps: -rate_dps
    table.run(60.0)
    assert table.state.supervisor.exhausted
    assert table.angle_deg < stopped_deg + 3.0


def test_a_drive_that_ran_away_once_after_a_long_way_is_tried_again() -> None:
    table = at(20.0)
    table.faults = 1 << 9
    table.tick()
    table.faults = 0
    table.until(lambda: table.angle_deg < -20.0, 60.0)
    assert table.phase == "CREEPING"
    table.move = lambda _: AWAY_DPS
    table.until(lambda: table.phase == "HELD", 0.5)
    table.move = lambda rate_dps: rate_dps
    comes_up(table)
    assert not table.state.view.angles.lost_angles


def with_a_lying_rate(t: Telemetry) -> Telemetry:
    return t._replace(rate_dps=-9.0 if t.rate_dps else t.rate_dps)


def test_an_encoder_that_stops_recoveries_is_done_without() -> None:
    table = at(-20.0)
    table.tick(ASK_STOP)
    table.until(lambda: table.phase == "HELD", 3.0)
    table.bend = with_a_lying_rate
    table.tick(RECOVER)
    table.until(lambda: table.state.view.angles.encoder.lost != "", 20.0)
    comes_up(table)


@pytest.mark.requirement("REQ-MON-OVERSPEED")
@pytest.mark.parametrize(
    ("rate_dps", "tripped"),
    [(-2.45, []), (-2.55, [Response.STOP, Response.TORQUE_OFF])],
)
def test_head_up_a_drive_that_is_a_little_too_fast_is_stopped_soon(rate_dps: float, tripped: list[Response]) -> None:
    table = at(-10.0)
    asked = MotionRequest(-2.0)
    table.run(1.5, asked)
    table.move = lambda _: rate_dps
    table.run(0.2, asked)
    assert [trip.response for trip in table.trips] == tripped
